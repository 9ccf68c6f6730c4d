#include "plan/ring_cutter.h"

#include <algorithm>
#include <utility>

namespace logbraid {
namespace {

using plan::Arc;
using plan::Components;
using plan::Neighbours;
using plan::Node;

constexpr std::size_t kMaxWarnings = 20;

template <class Keep>
std::vector<Arc> arcs_where(const std::vector<CausedArc>& arcs, Keep keep) {
  std::vector<Arc> result;
  for (const CausedArc& arc : arcs) {
    if (keep(arc)) result.push_back({arc.from, arc.to});
  }
  return result;
}

// Everything that runs after a node, among nodes of its component with higher ranks.
class Reach {
 public:
  Reach(std::uint32_t node_count, const std::vector<Arc>& arcs,
        std::span<const std::uint32_t> ranks)
      : dependents_(node_count, arcs, Neighbours::Side::targets),
        ranks_(ranks),
        seen_(node_count, 0),
        before_(node_count, 0) {}

  void from(Node start, std::size_t& steps) {
    ++mark_;
    seen_[start] = mark_;
    queue_.assign(1, start);
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const Node at = queue_[i];
      steps += dependents_[at].size();
      for (const Node next : dependents_[at]) {
        if (seen_[next] == mark_ || ranks_[next] < ranks_[start]) continue;
        seen_[next] = mark_;
        before_[next] = at;
        queue_.push_back(next);
      }
    }
  }
  bool reached(Node node) const { return seen_[node] == mark_; }
  // From `node` back to the start.
  std::vector<Node> way_back(Node node) const {
    std::vector<Node> way{node};
    while (way.back() != queue_.front()) way.push_back(before_[way.back()]);
    return way;
  }

 private:
  Neighbours dependents_;
  std::span<const std::uint32_t> ranks_;
  std::vector<std::uint32_t> seen_;
  std::vector<Node> before_;
  std::vector<Node> queue_;
  std::uint32_t mark_ = 0;
};

}  // namespace

std::string ring_text(const std::vector<Node>& ring, const std::vector<PlanNode>& nodes) {
  constexpr std::size_t kMaxShown = 50;
  std::string text;
  for (std::size_t i = 0; i < ring.size() && i < kMaxShown; ++i) {
    text += nodes[ring[i]].name + " -> ";
  }
  if (ring.size() > kMaxShown) {
    text += "(" + std::to_string(ring.size() - kMaxShown) + " more) -> ";
  }
  return text + nodes[ring.front()].name;
}

CutResult cut_declared_rings(std::vector<CausedArc> arcs, const std::vector<PlanNode>& nodes) {
  const auto count = static_cast<std::uint32_t>(nodes.size());
  const std::vector<Arc> all = arcs_where(arcs, [](const CausedArc&) { return true; });
  const Neighbours dependencies(count, all, Neighbours::Side::sources);
  const Components components =
      plan::strong_components(Neighbours(count, all, Neighbours::Side::targets));
  const auto in_order = [&](Node a, Node b) {
    const int first = nodes[a].metadata.priority, second = nodes[b].metadata.priority;
    return first != second ? first < second : a < b;
  };
  CutResult result;
  std::vector<bool> told(components.sizes.size(), false);
  for (const CausedArc& arc : arcs) {
    const std::uint32_t component = components.of[arc.from];
    if (component != components.of[arc.to] || in_order(arc.from, arc.to)) {
      result.arcs.push_back(arc);
      continue;
    }
    if (told[component]) continue;
    told[component] = true;
    std::vector<bool> members(count, false);
    for (Node n = 0; n < count; ++n) members[n] = components.of[n] == component;
    result.warnings.push_back(
        "dependencies form a ring: " + ring_text(plan::find_ring(dependencies, members), nodes) +
        "; it is cut by priority, then by the order of listing");
  }
  return result;
}

CutResult RingCutter::cut(std::vector<CausedArc> arcs) const {
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  const Components components = plan::strong_components(Neighbours(
      count, arcs_where(arcs, [](const CausedArc&) { return true; }), Neighbours::Side::targets));
  const auto within = [&](const CausedArc& arc) {
    return components.of[arc.from] == components.of[arc.to];
  };
  CutResult result;
  std::vector<CausedArc> against;  // what may have to go
  std::vector<CausedArc> rest;
  for (const CausedArc& arc : arcs) {
    (within(arc) && against_ranks(arc) ? against : rest).push_back(arc);
  }
  // By the one that would go first, then by the other: one search serves all arcs to one node, and
  // warnings come in an order that the listing explains.
  std::sort(against.begin(), against.end(), [&](const CausedArc& a, const CausedArc& b) {
    if (a.to != b.to) return ranks_[a.to] < ranks_[b.to];
    if (a.from != b.from) return ranks_[a.from] < ranks_[b.from];
    return a.path < b.path;
  });
  Reach declared(
      count,
      arcs_where(rest,
                 [&](const CausedArc& arc) { return within(arc) && arc.cause != Cause::reads; }),
      ranks_);
  // Two that read from each other are decided first: neither of the arcs against the ranks may
  // then be part of a longer ring.
  std::vector<bool> mutual(against.size());
  for (std::size_t i = 0; i < against.size(); ++i) {
    mutual[i] = fields_.follows(against[i].from, against[i].to) != FieldIndex::npos;
  }
  std::vector<Arc> ring_arcs = arcs_where(rest, within);
  for (std::size_t i = 0; i < against.size(); ++i) {
    if (!mutual[i]) ring_arcs.push_back({against[i].from, against[i].to});
  }
  Reach inferred(count, ring_arcs, ranks_);

  std::size_t steps = 0, untold = 0;
  bool tangled = false;
  const auto warn = [&](const std::string& text) {
    if (result.warnings.size() < kMaxWarnings) {
      result.warnings.push_back(text);
    } else {
      ++untold;
    }
  };
  for (std::size_t i = 0; i < against.size(); ++i) {
    const CausedArc& arc = against[i];
    const bool first_of_node = i == 0 || against[i - 1].to != arc.to;
    if (first_of_node && steps < kMaxSteps) {
      declared.from(arc.to, steps);
      inferred.from(arc.to, steps);
    }
    if (steps >= kMaxSteps) {
      tangled = true;
      continue;
    }
    if (!mutual[i] && !inferred.reached(arc.from)) {
      rest.push_back(arc);
      continue;
    }
    if (declared.reached(arc.from)) continue;  // what is declared needs no warning
    if (!first_of_node && against[i - 1].from == arc.from) continue;  // another field of the pair
    const std::string& first = nodes_[arc.to].name;
    const std::string& second = nodes_[arc.from].name;
    if (mutual[i]) {
      warn(first + " reads " + fields_.path_text(arc.path) + ", which " + second +
           " writes, and the other way round: " + first +
           " goes first, by priority, then by the order of listing; name the order with "
           "dependencies");
    } else {
      std::vector<Node> ring = inferred.way_back(arc.from);
      std::rotate(ring.begin(), ring.end() - 1, ring.end());
      warn("reads and writes form a ring: " + ring_text(ring, nodes_) + "; " + first +
           " goes first, by priority, then by the order of listing, and does not see " +
           fields_.path_text(arc.path) + " of " + second + "; name the order with dependencies");
    }
  }
  if (untold != 0) {
    result.warnings.push_back("reads and writes form " + std::to_string(untold) +
                              " more rings, cut the same way");
  }
  if (tangled) {
    result.warnings.push_back(
        "reads and writes are tangled: within their rings enrichers see only what those before "
        "them by priority, then by the order of listing, write; name the order with dependencies");
  }
  result.arcs = std::move(rest);
  return result;
}

}  // namespace logbraid
