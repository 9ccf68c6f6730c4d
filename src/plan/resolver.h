#pragma once

#include <vector>

#include "logbraid/plan.h"
#include "logbraid/result.h"
#include "plan/plan_builder.h"

namespace logbraid {

// The edges between enrichers, in the order in which they were asked for, and their waves.
// Errors: a ring of declared dependencies, which is printed, unless they are cut by priority; more
//         inferred edges than InferredArcs::kMaxArcs.
Result<ResolvedGraph> resolve_graph(std::vector<PlanNode> nodes, const PlanOptions& options);

}  // namespace logbraid
