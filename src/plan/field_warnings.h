#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "logbraid/plan.h"
#include "plan/caused_arc.h"
#include "plan/field_index.h"
#include "plan/inferred_arcs.h"

namespace logbraid {

// Those that rewrite one field and whose order nobody declared.
std::vector<std::string> chain_warnings(const FieldIndex& fields, const InferredArcs& inferred,
                                        std::span<const std::uint32_t> ranks,
                                        const std::vector<CausedArc>& declared,
                                        const std::vector<PlanNode>& nodes);

// Those that write one field, or a field and a part of it, with no order between them.
// `place`: of each node of `fields` in the plan.
std::vector<std::string> writer_warnings(const FieldIndex& fields, const ExecutionPlan& plan,
                                         std::span<const std::uint32_t> place);

}  // namespace logbraid
