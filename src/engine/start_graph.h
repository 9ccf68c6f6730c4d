#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "logbraid/execution.h"
#include "logbraid/plan.h"

namespace logbraid {

// Where each node of a plan runs at first, by node: an enricher with `placement: auto` in the pool.
std::vector<Placement> first_placements(const ExecutionPlan& plan);

// When each node of a plan may start, for one mode and schedule: the plan's own edges (ready), a
// barrier after each group (levels), or a chain in plan order (sequential). Only the time of a
// start depends on it; what an enricher sees comes from the plan.
//
// A barrier is a node of its own, numbered behind the plan's nodes, so that n nodes waiting for m
// others cost n + m edges.
//
// The inline nodes that wait for no other kind of node are the prefix: they run over a whole batch
// without any counting.
class StartGraph {
 public:
  // `placements`: by node, where each runs now.
  StartGraph(const ExecutionPlan& plan, std::span<const Placement> placements, Mode mode,
             Schedule schedule);

  Mode mode() const { return mode_; }
  Schedule schedule() const { return schedule_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(pending_.size()); }
  std::uint32_t plan_size() const { return plan_size_; }
  std::span<const std::uint32_t> successors(std::uint32_t node) const {
    return {successors_.data() + first_[node], first_[node + 1] - first_[node]};
  }
  // By node: how many predecessors it waits for after the prefix has run.
  std::span<const std::uint32_t> pending() const { return pending_; }

  // Ready from the beginning and not inline: started first, so that they wait while the prefix
  // runs.
  std::span<const std::uint32_t> at_once() const { return at_once_; }
  std::span<const std::uint32_t> prefix() const { return prefix_; }
  // Ready when the prefix has run.
  std::span<const std::uint32_t> after_prefix() const { return after_prefix_; }
  bool all_inline() const { return prefix_.size() == plan_size_; }

 private:
  using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  Edges edges_of(const ExecutionPlan& plan);
  void find_prefix(std::span<const Placement> placements);

  Mode mode_;
  Schedule schedule_;
  std::uint32_t plan_size_;
  std::uint32_t size_;
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> successors_;
  std::vector<std::uint32_t> pending_;
  std::vector<std::uint32_t> at_once_;
  std::vector<std::uint32_t> prefix_;
  std::vector<std::uint32_t> after_prefix_;
};

}  // namespace logbraid
