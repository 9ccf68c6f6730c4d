#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "logbraid/plan.h"
#include "logbraid/result.h"
#include "plan/plan_builder.h"

namespace logbraid {

// What is resolved: the enabled enrichers in the order in which they were asked for.
struct ResolveInput {
  std::vector<PlanNode> nodes;             // name, kind, metadata, enricher, placement
  std::vector<std::string> unregistered;   // names they depend on that nobody registered, sorted
  std::vector<DisabledEnricher> disabled;  // left out before
  std::uint64_t generation = 0;
};

// Edges, rings, waves.
// Errors: a ring of declared dependencies, which is printed; with `strict` a dependency that is not
//         registered.
Result<ResolvedGraph> resolve_graph(ResolveInput input, const PlanOptions& options);

}  // namespace logbraid
