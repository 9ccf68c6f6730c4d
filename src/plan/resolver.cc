#include "plan/resolver.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "plan/graph.h"

namespace logbraid {
namespace {

using plan::Arc;
using plan::Neighbours;
using plan::Node;

std::vector<Arc> plain(const std::vector<CausedArc>& arcs) {
  std::vector<Arc> result;
  result.reserve(arcs.size());
  for (const CausedArc& arc : arcs) result.push_back({arc.from, arc.to});
  return result;
}

// `dependencies` and `requires` between enabled enrichers, one arc a pair.
std::vector<CausedArc> declared_arcs(const std::vector<PlanNode>& nodes) {
  std::unordered_map<std::string_view, Node> by_name;
  for (Node n = 0; n < nodes.size(); ++n) by_name.emplace(nodes[n].name, n);
  std::vector<CausedArc> arcs;
  for (Node n = 0; n < nodes.size(); ++n) {
    const EnricherMetadata& metadata = nodes[n].metadata;
    const auto first = static_cast<std::ptrdiff_t>(arcs.size());
    const auto add = [&](const std::vector<std::string>& names, Cause cause) {
      for (const std::string& name : names) {
        if (const auto found = by_name.find(name); found != by_name.end()) {
          arcs.push_back({found->second, n, cause});
        }
      }
    };
    add(metadata.required, Cause::required);
    add(metadata.dependencies, Cause::dependency);
    // A name listed twice, or in both lists, is one edge: the stronger one, which stands first.
    std::stable_sort(arcs.begin() + first, arcs.end(),
                     [](const CausedArc& a, const CausedArc& b) { return a.from < b.from; });
    arcs.erase(std::unique(arcs.begin() + first, arcs.end(),
                           [](const CausedArc& a, const CausedArc& b) { return a.from == b.from; }),
               arcs.end());
  }
  return arcs;
}

}  // namespace

Result<ResolvedGraph> resolve_graph(ResolveInput input, const PlanOptions&) {
  ResolvedGraph graph;
  graph.arcs = declared_arcs(input.nodes);
  const std::vector<Arc> arcs = plain(graph.arcs);
  const auto count = static_cast<std::uint32_t>(input.nodes.size());
  std::vector<int> priorities;
  for (const PlanNode& node : input.nodes) priorities.push_back(node.metadata.priority);
  graph.waves = plan::waves(Neighbours(count, arcs, Neighbours::Side::targets), priorities);

  std::vector<bool> left_over(count, true);
  std::size_t placed = 0;
  for (const auto& wave : graph.waves) {
    placed += wave.size();
    for (const Node n : wave) left_over[n] = false;
  }
  if (placed != count) {
    const auto ring =
        plan::find_ring(Neighbours(count, arcs, Neighbours::Side::sources), left_over);
    std::string text = "dependencies form a ring: ";
    for (const Node n : ring) text += input.nodes[n].name + " -> ";
    return Error(text + input.nodes[ring.front()].name);
  }
  graph.nodes = std::move(input.nodes);
  graph.disabled = std::move(input.disabled);
  graph.generation = input.generation;
  return graph;
}

}  // namespace logbraid
