#include "plan/graph.h"

#include <algorithm>
#include <queue>

namespace logbraid::plan {
namespace {

// A stable distribution of arcs by one of their ends.
std::vector<Arc> distribute(std::uint32_t node_count, std::span<const Arc> arcs, Node Arc::*end,
                            std::vector<std::uint32_t>& first) {
  first.assign(node_count + 1, 0);
  for (const Arc& arc : arcs) ++first[arc.*end + 1];
  for (std::uint32_t n = 0; n < node_count; ++n) first[n + 1] += first[n];
  std::vector<std::uint32_t> at(first.begin(), first.end() - 1);
  std::vector<Arc> sorted(arcs.size());
  for (const Arc& arc : arcs) sorted[at[arc.*end]++] = arc;
  return sorted;
}

}  // namespace

Neighbours::Neighbours(std::uint32_t node_count, std::span<const Arc> arcs, Side side) {
  const auto mine = side == Side::targets ? &Arc::from : &Arc::to;
  const auto other = side == Side::targets ? &Arc::to : &Arc::from;
  const auto by_other = distribute(node_count, arcs, other, first_);
  const auto sorted = distribute(node_count, by_other, mine, first_);
  nodes_.reserve(sorted.size());
  for (const Arc& arc : sorted) nodes_.push_back(arc.*other);
}

std::vector<std::vector<Node>> waves(const Neighbours& dependents,
                                     std::span<const int> priorities) {
  std::vector<std::uint32_t> open(dependents.size(), 0);
  for (Node n = 0; n < dependents.size(); ++n) {
    for (const Node dependent : dependents[n]) ++open[dependent];
  }
  std::vector<Node> ready;
  for (Node n = 0; n < dependents.size(); ++n) {
    if (open[n] == 0) ready.push_back(n);
  }
  std::vector<std::vector<Node>> result;
  while (!ready.empty()) {
    std::stable_sort(ready.begin(), ready.end(),
                     [&](Node a, Node b) { return priorities[a] < priorities[b]; });
    std::vector<Node> released;
    for (const Node n : ready) {
      for (const Node dependent : dependents[n]) {
        if (--open[dependent] == 0) released.push_back(dependent);
      }
    }
    result.push_back(std::move(ready));
    ready = std::move(released);
  }
  return result;
}

std::vector<Node> find_ring(const Neighbours& dependencies, const std::vector<bool>& left_over) {
  // Each node left over depends on another one left over: whoever walks on comes back somewhere.
  Node at = 0;
  while (!left_over[at]) ++at;
  std::vector<std::int64_t> step(left_over.size(), -1);
  std::vector<Node> walk;
  while (step[at] < 0) {
    step[at] = static_cast<std::int64_t>(walk.size());
    walk.push_back(at);
    for (const Node dependency : dependencies[at]) {
      if (!left_over[dependency]) continue;
      at = dependency;
      break;
    }
  }
  std::vector<Node> ring(walk.begin() + step[at], walk.end());
  std::rotate(ring.begin(), std::min_element(ring.begin(), ring.end()), ring.end());
  return ring;
}

// Tarjan's algorithm with a stack of its own.
Components strong_components(const Neighbours& dependents) {
  constexpr std::uint32_t kUnseen = UINT32_MAX;
  const std::uint32_t count = dependents.size();
  Components result;
  result.of.assign(count, kUnseen);
  std::vector<std::uint32_t> seen(count, kUnseen), low(count, 0);
  std::vector<Node> open;
  struct Visit {
    Node node;
    std::uint32_t next;  // which of its dependents
  };
  std::vector<Visit> visits;
  std::uint32_t clock = 0;
  const auto enter = [&](Node node) {
    seen[node] = low[node] = clock++;
    open.push_back(node);
    visits.push_back({node, 0});
  };
  for (Node root = 0; root < count; ++root) {
    if (seen[root] != kUnseen) continue;
    enter(root);
    while (!visits.empty()) {
      Visit& visit = visits.back();
      const Node node = visit.node;
      if (visit.next < dependents[node].size()) {
        const Node to = dependents[node][visit.next++];
        if (seen[to] == kUnseen) {
          enter(to);
        } else if (result.of[to] == kUnseen) {
          low[node] = std::min(low[node], seen[to]);
        }
        continue;
      }
      visits.pop_back();
      if (!visits.empty()) low[visits.back().node] = std::min(low[visits.back().node], low[node]);
      if (low[node] != seen[node]) continue;
      const auto component = static_cast<std::uint32_t>(result.sizes.size());
      result.sizes.push_back(0);
      for (Node member = count; member != node;) {
        member = open.back();
        open.pop_back();
        result.of[member] = component;
        ++result.sizes.back();
      }
    }
  }
  return result;
}

// From the back: of those that nobody left has to follow, the last by (priority, listing) goes
// last. From the front one would pick early what frees nothing, and put off what has to wait.
std::vector<std::uint32_t> ranks(const Neighbours& dependencies, const Neighbours& dependents,
                                 std::span<const int> priorities) {
  const std::uint32_t count = dependents.size();
  const auto goes_first = [&](Node a, Node b) {
    return priorities[a] != priorities[b] ? priorities[a] < priorities[b] : a < b;
  };
  std::priority_queue<Node, std::vector<Node>, decltype(goes_first)> last(goes_first);
  std::vector<std::uint32_t> open(count);
  for (Node n = 0; n < count; ++n) {
    open[n] = static_cast<std::uint32_t>(dependents[n].size());
    if (open[n] == 0) last.push(n);
  }
  std::vector<std::uint32_t> rank(count);
  for (std::uint32_t place = count; !last.empty();) {
    const Node node = last.top();
    last.pop();
    rank[node] = --place;
    for (const Node dependency : dependencies[node]) {
      if (--open[dependency] == 0) last.push(dependency);
    }
  }
  return rank;
}

}  // namespace logbraid::plan
