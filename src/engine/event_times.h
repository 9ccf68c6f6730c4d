#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/metrics.h"
#include "logbraid/plan.h"

namespace logbraid {

// How long the calls of one sampled event took, and what that says about its groups and its
// critical path.
//
// Threads: the shard's.
class EventTimes {
 public:
  void begin(const ExecutionPlan& plan) {
    levels_.assign(plan.groups().size(), {});
    calls_.assign(plan.size(), Duration::zero());
  }

  // A call in the pool or on the loop, from its start to its end.
  void add_waiting(const PlanNode& node, std::uint32_t index, TimePoint start, TimePoint end) {
    Level& level = levels_[node.level];
    calls_[index] = end - start;
    level.waiting_sum += end - start;
    level.first_start = std::min(level.first_start, start);
    level.last_end = std::max(level.last_end, end);
  }
  // One event's share of a run over several.
  void add_inline(const PlanNode& node, std::uint32_t index, Duration share) {
    calls_[index] = share;
    levels_[node.level].inline_sum += share;
  }

  GroupMetrics group(std::size_t level) const {
    const Level& times = levels_[level];
    const Duration span =
        times.last_end > times.first_start ? times.last_end - times.first_start : Duration::zero();
    return {1, std::max(span, times.inline_sum), times.waiting_sum + times.inline_sum};
  }

  // The longest way through the graph, by the times that its calls took: what an engine that costs
  // nothing and never lets a call wait would have needed.
  Duration critical_path(const ExecutionPlan& plan) {
    Duration longest{};
    for (std::uint32_t n = 0; n < plan.size(); ++n) {  // plan order: predecessors come first
      Duration before{};
      for (const std::uint32_t from : plan[n].dependencies) before = std::max(before, calls_[from]);
      calls_[n] += before;  // from here on: until when, not how long
      longest = std::max(longest, calls_[n]);
    }
    return longest;
  }

 private:
  struct Level {
    TimePoint first_start = TimePoint::max();
    TimePoint last_end{};
    Duration waiting_sum{};
    Duration inline_sum{};
  };
  std::vector<Level> levels_;
  std::vector<Duration> calls_;  // by node
};

}  // namespace logbraid
