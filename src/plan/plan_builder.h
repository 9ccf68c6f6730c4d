#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "logbraid/plan.h"
#include "plan/graph.h"

namespace logbraid {

// Why one enricher runs after another, strongest first.
enum class Cause : std::uint8_t { required, dependency, reads };

struct CausedArc {
  plan::Node from;
  plan::Node to;
  Cause cause;
  std::uint32_t path = 0;  // reads: which of the paths
};

// What resolving has found out, in the order in which the names were asked for.
struct ResolvedGraph {
  std::vector<PlanNode> nodes;  // without level and edges
  std::vector<CausedArc> arcs;  // no ring; several of one pair become one edge
  std::vector<std::vector<plan::Node>> waves;
  std::vector<std::string> paths;  // what CausedArc::path counts
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
  static void add_ancestors(ExecutionPlan& plan);
};

}  // namespace logbraid
