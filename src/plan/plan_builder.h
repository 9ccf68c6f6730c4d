#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "logbraid/plan.h"
#include "plan/caused_arc.h"
#include "plan/field_index.h"
#include "plan/graph.h"

namespace logbraid {

// What resolving has found out, in the order in which the names were asked for.
struct ResolvedGraph {
  std::vector<PlanNode> nodes;  // without level and edges
  std::vector<CausedArc> arcs;  // no ring; several of one pair become one edge
  std::vector<std::vector<plan::Node>> waves;
  std::optional<FieldIndex> fields;  // unset: nobody reads what another one writes
  std::vector<DisabledEnricher> disabled;
  std::vector<std::string> warnings;
  std::uint64_t generation = 0;
};

// Renumbers a resolved graph in plan order and gives it the shape it is run in.
class PlanBuilder {
 public:
  static std::shared_ptr<const ExecutionPlan> build(ResolvedGraph graph);

 private:
  static void add_edges(ExecutionPlan& plan, const ResolvedGraph& graph,
                        const std::vector<std::uint32_t>& place);
  static bool add_ancestor(ExecutionPlan& plan, std::uint64_t* bits, std::uint32_t dependency);
};

}  // namespace logbraid
