#include "plan/resolver.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "plan/field_warnings.h"
#include "plan/inferred_arcs.h"
#include "plan/ring_cutter.h"

namespace logbraid {
namespace {

using plan::Arc;
using plan::Neighbours;
using plan::Node;

constexpr std::size_t kMaxNamed = 20;

std::vector<Arc> plain(const std::vector<CausedArc>& arcs) {
  std::vector<Arc> result;
  result.reserve(arcs.size());
  for (const CausedArc& arc : arcs) result.push_back({arc.from, arc.to});
  return result;
}

// `dependencies` and `requires` between the nodes, one arc a pair.
std::vector<CausedArc> declared_arcs(const std::vector<PlanNode>& nodes) {
  if (std::all_of(nodes.begin(), nodes.end(), [](const PlanNode& node) {
        return node.metadata.dependencies.empty() && node.metadata.required.empty();
      })) {
    return {};
  }
  std::unordered_map<std::string_view, Node> by_name(nodes.size());
  for (Node n = 0; n < nodes.size(); ++n) by_name.emplace(nodes[n].name, n);
  std::vector<CausedArc> arcs;
  for (Node n = 0; n < nodes.size(); ++n) {
    const auto first = static_cast<std::ptrdiff_t>(arcs.size());
    const auto add = [&](const std::vector<std::string>& names, Cause cause) {
      for (const std::string& name : names) {
        if (const auto found = by_name.find(name); found != by_name.end()) {
          arcs.push_back({found->second, n, cause});
        }
      }
    };
    add(nodes[n].metadata.required, Cause::required);
    add(nodes[n].metadata.dependencies, Cause::dependency);
    // A name listed twice, or in both lists, is one arc: the stronger one, which stands first.
    std::stable_sort(arcs.begin() + first, arcs.end(),
                     [](const CausedArc& a, const CausedArc& b) { return a.from < b.from; });
    arcs.erase(std::unique(arcs.begin() + first, arcs.end(),
                           [](const CausedArc& a, const CausedArc& b) { return a.from == b.from; }),
               arcs.end());
  }
  return arcs;
}

// The nodes in no wave: those of rings, and those behind them.
std::vector<bool> left_over(std::size_t count, const std::vector<std::vector<Node>>& waves) {
  std::vector<bool> result(count, true);
  for (const auto& wave : waves) {
    for (const Node n : wave) result[n] = false;
  }
  return result;
}

Error ring_error(const std::vector<PlanNode>& nodes, const Neighbours& dependencies,
                 const std::vector<bool>& left) {
  const std::vector<Node> ring = plan::find_ring(dependencies, left);
  std::string text =
      "dependencies form a ring, each depends on the next: " + ring_text(ring, nodes) +
      "; remove one of them or set cycles: by_priority";
  std::size_t others = 0;
  std::string behind;
  std::vector<bool> in_ring(nodes.size());
  for (const Node n : ring) in_ring[n] = true;
  for (Node n = 0; n < nodes.size(); ++n) {
    if (!left[n] || in_ring[n]) continue;
    if (++others <= kMaxNamed) behind += (behind.empty() ? "" : ", ") + nodes[n].name;
  }
  if (others > kMaxNamed) behind += " and " + std::to_string(others - kMaxNamed) + " more";
  if (others != 0) text += " (in other rings or behind one: " + behind + ")";
  return Error(text);
}

bool any_reads(const std::vector<PlanNode>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), [](const PlanNode& node) {
    return !node.metadata.reads.empty() || !node.metadata.writes.empty() || node.metadata.when;
  });
}

// Adds the arcs that reads and writes imply and takes out what contradicts.
Result<void> add_inferred(ResolvedGraph& graph, std::span<const std::uint32_t> ranks) {
  graph.fields.emplace(graph.nodes);
  const InferredArcs inferred(*graph.fields, ranks);
  auto chained = inferred.chained();
  if (!chained) return chained.error();
  if (chained->empty()) return {};
  for (std::string& text :
       chain_warnings(*graph.fields, inferred, ranks, graph.arcs, graph.nodes)) {
    graph.warnings.push_back(std::move(text));
  }
  graph.arcs.insert(graph.arcs.end(), chained->begin(), chained->end());

  const auto count = static_cast<std::uint32_t>(graph.nodes.size());
  const auto components =
      plan::strong_components(Neighbours(count, plain(graph.arcs), Neighbours::Side::targets));
  std::vector<bool> in_ring(count);
  bool any = false;
  for (Node n = 0; n < count; ++n) {
    in_ring[n] = components.in_ring(n);
    any = any || in_ring[n];
  }
  if (!any) return {};
  // Cutting takes arcs away on which pairs without a ring of their own may lean.
  auto pairs = inferred.pairs_of(in_ring);
  if (!pairs) return pairs.error();
  for (CausedArc& arc : *pairs) {
    arc.spare = true;
    graph.arcs.push_back(arc);
  }
  CutResult cut = RingCutter(*graph.fields, graph.nodes, ranks).cut(std::move(graph.arcs));
  graph.arcs = std::move(cut.arcs);
  for (std::string& text : cut.warnings) graph.warnings.push_back(std::move(text));
  return {};
}

// Each after the one before it, in the order of the waves: everybody's ancestors are all that ran
// before.
void put_in_sequence(ResolvedGraph& graph) {
  std::vector<Node> order;
  for (const auto& wave : graph.waves) order.insert(order.end(), wave.begin(), wave.end());
  graph.waves.clear();
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i != 0) graph.arcs.push_back({order[i - 1], order[i], Cause::compat});
    graph.waves.push_back({order[i]});
  }
}

}  // namespace

Result<ResolvedGraph> resolve_graph(std::vector<PlanNode> nodes, const PlanOptions& options) {
  ResolvedGraph graph;
  graph.nodes = std::move(nodes);
  const auto count = static_cast<std::uint32_t>(graph.nodes.size());
  std::vector<int> priorities;
  priorities.reserve(count);
  for (const PlanNode& node : graph.nodes) priorities.push_back(node.metadata.priority);

  graph.arcs = declared_arcs(graph.nodes);
  Neighbours dependents(count, plain(graph.arcs), Neighbours::Side::targets);
  graph.waves = plan::waves(dependents, priorities);
  const std::vector<bool> left = left_over(count, graph.waves);
  const bool has_ring = std::find(left.begin(), left.end(), true) != left.end();
  if (has_ring && !options.cycles_by_priority && options.compat == Compat::none) {
    return ring_error(graph.nodes, Neighbours(count, plain(graph.arcs), Neighbours::Side::sources),
                      left);
  }
  if (has_ring) {
    CutResult cut = cut_declared_rings(std::move(graph.arcs), graph.nodes);
    graph.arcs = std::move(cut.arcs);
    graph.warnings = std::move(cut.warnings);
  }
  const bool reads = options.compat == Compat::none && any_reads(graph.nodes);
  if (options.compat == Compat::fapilog) {
    if (has_ring) {
      dependents = Neighbours(count, plain(graph.arcs), Neighbours::Side::targets);
      graph.waves = plan::waves(dependents, priorities);
    }
    put_in_sequence(graph);
    return graph;
  }
  if (!has_ring && !reads) return graph;

  if (reads) {
    const std::vector<Arc> arcs = plain(graph.arcs);
    const auto ranks = plan::ranks(Neighbours(count, arcs, Neighbours::Side::sources),
                                   Neighbours(count, arcs, Neighbours::Side::targets), priorities);
    if (auto added = add_inferred(graph, ranks); !added) return added.error();
  }
  dependents = Neighbours(count, plain(graph.arcs), Neighbours::Side::targets);
  graph.waves = plan::waves(dependents, priorities);
  return graph;
}

}  // namespace logbraid
