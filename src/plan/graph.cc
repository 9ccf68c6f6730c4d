#include "plan/graph.h"

#include <algorithm>

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

}  // namespace logbraid::plan
