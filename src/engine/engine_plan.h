#pragma once

#include <memory>
#include <utility>

#include "engine/lifecycle_thread.h"
#include "engine/metrics_board.h"
#include "engine/plan_state.h"
#include "engine/start_graph.h"
#include "logbraid/execution.h"
#include "logbraid/plan.h"

namespace logbraid {

// A plan that an engine runs, and what all that run it share. It goes when the last event that was
// taken through it and the last late call of it are gone.
//
// Threads:  any.
// Lifetime: borrows the options.
struct EnginePlan {
  EnginePlan(std::shared_ptr<const ExecutionPlan> resolved, const ExecutionOptions& execution,
             std::shared_ptr<MetricsBoard> counted_on,
             const PlanState::OnBreakerChange& on_breaker_change)
      : plan(std::move(resolved)),
        options(execution),
        board(std::move(counted_on)),
        first_activity(board->reserve_activities(plan->size())),
        state(*plan, execution, on_breaker_change, first_activity) {
    board->enter(*this);
  }
  ~EnginePlan() { board->leave(*this); }
  EnginePlan(const EnginePlan&) = delete;
  EnginePlan& operator=(const EnginePlan&) = delete;

  // Nothing of it needs a shard now; those with `placement: auto` may move.
  bool all_inline() const {
    for (std::uint32_t node = 0; node < plan->size(); ++node) {
      const Placement placement = (*plan)[node].placement;
      if (placement == Placement::inline_) continue;
      if (placement != Placement::automatic ||
          state.node(node).placement.where() != AutoPlacement::Where::in_line) {
        return false;
      }
    }
    return true;
  }
  // What is told of enrichers in an event; null: nothing.
  const StatusOptions* status() const { return options.status ? &*options.status : nullptr; }

  const std::shared_ptr<const ExecutionPlan> plan;
  const ExecutionOptions& options;
  const std::shared_ptr<MetricsBoard> board;  // may have to outlive its engine with this plan
  const std::uint32_t first_activity;         // of its enrichers, for a watchdog
  mutable PlanState state;
};

// A plan and, where it has enrichers with a life cycle, what keeps them from being stopped.
struct LeasedPlan {
  std::shared_ptr<const EnginePlan> plan;
  std::shared_ptr<const LifecycleThread::Lease> lease;
};

}  // namespace logbraid
