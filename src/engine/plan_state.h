#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/auto_placement.h"
#include "engine/enricher_health.h"
#include "engine/limits.h"
#include "logbraid/execution.h"
#include "logbraid/metrics.h"
#include "logbraid/plan.h"
#include "resilience/circuit_breaker.h"

namespace logbraid {

// What all shards that run one plan share: an entry an enricher. Everything else is the shard's
// own.
//
// Threads:  any.
// Lifetime: outlives the shards and their late calls.
class PlanState {
 public:
  using OnBreakerChange = std::function<void(std::string_view enricher, const BreakerChange&)>;

  struct Node {
    Node(const PlanNode& node, std::uint32_t number, const BreakerOptions& options,
         Duration timeout, CircuitBreaker::Callback on_change)
        : activity(number),
          breaker(options, timeout, std::hash<std::string>{}(node.name), std::move(on_change)) {}

    const std::uint32_t activity;  // what a watchdog sees while its code runs
    CircuitBreaker breaker;
    // Null: it has no life cycle. Set before a shard takes the plan.
    std::shared_ptr<const EnricherHealth> health;
    AutoPlacement placement;               // where the plan says `auto`
    std::atomic<std::uint32_t> stuck{0};   // pool threads that hang in it
    std::atomic<std::uint32_t> stalls{0};  // times it held up a loop
  };

  // `first_activity`: of the plan's first enricher; the others count from there.
  PlanState(const ExecutionPlan& plan, const ExecutionOptions& options,
            const OnBreakerChange& on_change = {}, std::uint32_t first_activity = 0) {
    const Limits limits = limits_of(plan, options);
    for (std::uint32_t i = 0; i < plan.size(); ++i) {
      CircuitBreaker::Callback callback;
      if (on_change) {
        callback = [name = std::string_view(plan[i].name), on_change](const BreakerChange& change) {
          on_change(name, change);
        };
      }
      BreakerOptions breaker = plan[i].metadata.breaker;
      if (!options.breakers) breaker.mode = BreakerMode::disabled;
      nodes_.emplace_back(plan[i], first_activity + i, breaker, limits.enricher[i],
                          std::move(callback));
    }
  }

  // Of an enricher whose place in the plan is `placement`.
  EnricherState state_of(std::uint32_t index, Placement placement) const {
    const Node& shared = nodes_[index];
    EnricherState state;
    state.runs = placement;
    if (placement == Placement::automatic) {
      const bool in_line = shared.placement.where() == AutoPlacement::Where::in_line;
      state.runs = in_line ? Placement::inline_ : Placement::pool;
      state.moved = shared.placement.reason();
      state.moved_at_mean = shared.placement.moved_at_mean();
    }
    state.stalls = shared.stalls.load(std::memory_order_relaxed);
    const BreakerStats breaker = shared.breaker.stats();
    state.breaker_opened = breaker.opened;
    state.breaker_state = to_string(breaker.state);
    return state;
  }

  Node& node(std::uint32_t index) { return nodes_[index]; }
  const Node& node(std::uint32_t index) const { return nodes_[index]; }

  // Raised when an enricher with `placement: auto` moves.
  std::uint32_t placements() const { return placements_.load(std::memory_order_relaxed); }
  void placement_changed() { placements_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::deque<Node> nodes_;  // they do not move
  std::atomic<std::uint32_t> placements_{0};
};

}  // namespace logbraid
