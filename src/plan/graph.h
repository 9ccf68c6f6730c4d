// Directed graphs over small integers: what resolving dependencies needs of them. Nothing here
// recurses: a chain of 10,000 is as good as a star.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace logbraid::plan {

// A node is its place in the list of enabled names.
using Node = std::uint32_t;

struct Arc {
  Node from;
  Node to;
};

// For each node its neighbours, ascending; all in one array.
class Neighbours {
 public:
  enum class Side { targets, sources };
  // `arcs` may come in any order.
  Neighbours(std::uint32_t node_count, std::span<const Arc> arcs, Side side);

  std::span<const Node> operator[](Node node) const {
    return {nodes_.data() + first_[node], nodes_.data() + first_[node + 1]};
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(first_.size() - 1); }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<Node> nodes_;
};

// Kahn's algorithm in waves. Each wave is in order of priority, lower first; equal ones as they
// became ready. Nodes that stand in a ring or behind one are in no wave.
std::vector<std::vector<Node>> waves(const Neighbours& dependents, std::span<const int> priorities);

// A ring among the nodes that waves() left over, each depending on the next (the last on the
// first), the earliest listed one first. `left_over[n]` is true for those nodes; there is one at
// least.
std::vector<Node> find_ring(const Neighbours& dependencies, const std::vector<bool>& left_over);

// The strong component of each node: two nodes of one number lie on a common ring.
struct Components {
  std::vector<std::uint32_t> of;     // by node
  std::vector<std::uint32_t> sizes;  // by component
  bool in_ring(Node node) const { return sizes[of[node]] > 1; }
};
Components strong_components(const Neighbours& dependents);

// A place for each node so that dependencies stand first and, as far as they let, lower priority
// does, then what was listed earlier: the first by (priority, listing) stands as early as it can,
// then the second, and so on. The graph must have no ring.
std::vector<std::uint32_t> ranks(const Neighbours& dependencies, const Neighbours& dependents,
                                 std::span<const int> priorities);

}  // namespace logbraid::plan
