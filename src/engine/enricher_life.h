#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "async/loop.h"
#include "async/timers.h"
#include "core/lifecycle_parts.h"
#include "engine/enricher_health.h"
#include "engine/lifecycle_state.h"
#include "engine/pool.h"
#include "logbraid/async_context.h"
#include "logbraid/frame_pool.h"
#include "logbraid/plan.h"

namespace logbraid {

// One enricher's life: runs the code that LifecycleState orders, coroutines on the loop, functions
// on pool threads, and catches what it throws.
//
// Threads:  the loop's, but for work_in_pool(), which touches `stop_source_` and `result_` only,
//           and health(), from any.
// Lifetime: holds the enricher. Destroyed when no function of it runs in the pool: see
//           LifecycleState::running(). A coroutine that has not ended is destroyed with it.
// Blocking: never.
class EnricherLife final : private Timer, private PoolTask, private Posted {
 public:
  struct Parts {
    Timers& timers;
    FramePool& frames;
    LoopIo* io;  // null: nothing of Asio can run in its coroutines
    Pool& pool;
    std::function<void(Posted&)> post;           // back to the loop
    std::function<void(EnricherLife&)> changed;  // after each step
  };
  EnricherLife(const Parts& parts, const PlanNode& node);
  ~EnricherLife();
  EnricherLife(const EnricherLife&) = delete;
  EnricherLife& operator=(const EnricherLife&) = delete;

  void open() { obey(state_.open(parts_.timers.now())); }
  void close() { obey(state_.close(parts_.timers.now())); }

  const LifecycleState& state() const { return state_; }
  HealthReport report() const;
  const std::shared_ptr<EnricherHealth>& health() const { return health_; }

 private:
  void obey(const LifecycleState::Orders& orders);
  void begin(LifecycleCode code);
  bool runs_on_loop(LifecycleCode code) const;
  Task<Result<void>> call_on_loop(LifecycleCode code);
  Result<void> call_in_pool(LifecycleCode code);
  void tell_to_stop();

  static void on_due(Timer& timer) noexcept;
  static void on_coroutine_ended(void* life) noexcept;
  static void work_in_pool(PoolTask& task) noexcept;
  static void on_returned(Posted& posted) noexcept;

  const Parts& parts_;
  const EnricherPtr enricher_;
  const LifecycleParts code_of_;
  const std::string name_;
  LifecycleState state_;
  const std::shared_ptr<EnricherHealth> health_ = std::make_shared<EnricherHealth>();

  // Of the code that runs. From submit() to the post back `result_` is the pool thread's.
  LifecycleCode code_ = LifecycleCode::start;
  std::optional<AsyncContext> context_;
  std::optional<Task<Result<void>>> task_;
  std::stop_source stop_source_;
  Result<void> result_;
};

}  // namespace logbraid
