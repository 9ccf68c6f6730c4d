#include "engine/start_graph.h"

#include <algorithm>
#include <utility>

namespace logbraid {

std::vector<Placement> first_placements(const ExecutionPlan& plan) {
  std::vector<Placement> placements;
  for (const PlanNode& node : plan.nodes()) {
    placements.push_back(node.placement == Placement::automatic ? Placement::pool : node.placement);
  }
  return placements;
}

StartGraph::StartGraph(const ExecutionPlan& plan, std::span<const Placement> placements, Mode mode,
                       Schedule schedule)
    : mode_(mode), schedule_(schedule), plan_size_(plan.size()), size_(plan_size_) {
  Edges edges = edges_of(plan);
  std::sort(edges.begin(), edges.end());
  first_.assign(size_ + 1, 0);
  pending_.assign(size_, 0);
  for (const auto& [from, to] : edges) {
    ++first_[from + 1];
    ++pending_[to];
    successors_.push_back(to);
  }
  for (std::uint32_t i = 0; i < size_; ++i) first_[i + 1] += first_[i];
  find_prefix(placements);
}

StartGraph::Edges StartGraph::edges_of(const ExecutionPlan& plan) {
  Edges edges;
  if (mode_ == Mode::sequential) {
    for (std::uint32_t i = 1; i < plan_size_; ++i) edges.emplace_back(i - 1, i);
  } else if (schedule_ == Schedule::levels) {
    const auto& groups = plan.groups();
    for (std::size_t level = 0; level + 1 < groups.size(); ++level) {
      const std::uint32_t barrier = size_++;
      for (const std::uint32_t node : groups[level]) edges.emplace_back(node, barrier);
      for (const std::uint32_t node : groups[level + 1]) edges.emplace_back(barrier, node);
    }
  } else {
    for (std::uint32_t i = 0; i < plan_size_; ++i) {
      for (const std::uint32_t from : plan.nodes()[i].dependencies) edges.emplace_back(from, i);
    }
  }
  return edges;
}

void StartGraph::find_prefix(std::span<const Placement> placements) {
  const auto waits = [&](std::uint32_t node) {
    return node < plan_size_ && placements[node] != Placement::inline_;
  };
  // Kahn over the nodes that only inline nodes and barriers stand before.
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (pending_[i] != 0) continue;
    if (waits(i)) {
      at_once_.push_back(i);
    } else {
      open.push_back(i);
    }
  }
  while (!open.empty()) {
    const std::uint32_t node = open.back();
    open.pop_back();
    if (node < plan_size_) prefix_.push_back(node);
    for (const std::uint32_t next : successors(node)) {
      if (--pending_[next] != 0) continue;
      if (waits(next)) {
        after_prefix_.push_back(next);
      } else {
        open.push_back(next);
      }
    }
  }
  std::sort(prefix_.begin(), prefix_.end());
  std::sort(after_prefix_.begin(), after_prefix_.end());
}

}  // namespace logbraid
