#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/timers.h"
#include "engine/batch_run.h"
#include "engine/guarded_call.h"
#include "engine/limits.h"
#include "engine/pool.h"
#include "engine/start_graph.h"
#include "logbraid/async_context.h"
#include "logbraid/clock.h"
#include "logbraid/frame_pool.h"
#include "logbraid/plan.h"
#include "logbraid/task.h"
#include "metrics/run_metrics.h"

namespace logbraid {

// What the shard is told.
class PlanRunnerEvents {
 public:
  // Every event of the batch has all its outcomes. Called once; `held` may still be over 0.
  virtual void batch_done(BatchRun& run) = 0;
  // The last started call that could touch the batch has ended, after batch_done().
  virtual void batch_released(BatchRun& run) = 0;

 protected:
  ~PlanRunnerEvents() = default;
};

// Takes events through a plan on one shard: starts what is ready, keeps the deadlines, gathers the
// outcomes.
//
// Invariants (docs/decisions/running_a_plan.md has them with their reasons):
//   - each (event, node) gets exactly one outcome, and none after batch_done()
//   - a node starts only when every node it depends on has its outcome
//   - a patch is in its row only when its call has ended in time; until then it is the call's own
//   - a started pool or async call holds its batch; a deadline lets go of the event, not of the
//   batch
//
// Threads:  the shard's, but for Pooled::run(), which touches its own call only.
// Lifetime: destroy it only when nothing is `in_flight()` and no call is out: see calls_out().
// Blocking: never.
class PlanRunner {
 public:
  // Where pool calls come back: posts to the shard's loop.
  using Post = std::function<void(Posted&)>;

  PlanRunner(const ExecutionPlan& plan, const ExecutionOptions& options, Timers& timers,
             const Clock& clock, const LocalHour& local_hour, Pool& pool, Post post,
             PlanRunnerEvents& events);
  ~PlanRunner();
  PlanRunner(const PlanRunner&) = delete;
  PlanRunner& operator=(const PlanRunner&) = delete;

  // Events of an inline plan to admit at a time: what they take, some 2 KiB each, stays in a core's
  // first cache from one enricher to the next. (docs/performance.md)
  static constexpr std::uint32_t kInlineSlice = 16;

  // False while more calls wait than may be in flight: then a slow service slows the source down
  // instead of losing its enrichment in the queue.
  bool accepts() const { return true; }
  // Lets the next `count` events of the batch into the window; their clocks start now. Where
  // all_inline() they are done when it returns.
  void admit(BatchRun& run, std::uint32_t count);
  // Does what has become ready since; true while there may be more to do at once.
  void drain();

  // Gives up what an event still waits for: `timeout`. Nothing happens where it is done.
  void expire(BatchRun& run, std::uint32_t event);

  // Events admitted that are not done.
  std::uint32_t in_flight() const { return in_flight_; }
  // Started calls that have not ended, late ones included.
  std::uint32_t calls_out() const { return async_out_ + pool_out_; }
  std::uint32_t pool_calls_out() const { return pool_out_; }
  // Gives up every open call: its outcome is `cancelled`, async ones are told to stop.
  void cancel_all();

  RunMetrics metrics() const;
  bool all_inline() const { return graph_.all_inline(); }

 private:
  struct EventRun;
  struct Call;
  struct AsyncCall;
  struct PoolCall;
  struct GroupTimes {
    TimePoint first_start = TimePoint::max();
    TimePoint last_end{};
    Duration waiting_sum{};  // calls in the pool or async
    Duration inline_sum{};
  };

  void admit_inline(BatchRun& run, std::uint32_t first, std::uint32_t count);
  EventRun& begin(BatchRun& run, std::uint32_t event);
  void end(EventRun& event);
  void run_inline(std::uint32_t node, std::span<EventRun* const> events);
  void start(EventRun& event, std::uint32_t node);
  void start_async(EventRun& event, std::uint32_t node);
  void start_pool(EventRun& event, std::uint32_t node);
  void ended(Call& call, const EnrichStatus& status, Patch&& patch, TimePoint at);
  void abandon(Call& call) noexcept;
  bool starts_later(PoolCall& call);
  void let_go(const Call& call);
  void settled(EventRun& event, std::uint32_t node);
  void give_up(EventRun& event, std::uint32_t last_level, Outcome outcome);
  void watch(EventRun& event);
  void record_group(EventRun& event, std::uint32_t node, TimePoint start, TimePoint end,
                    bool waits);
  void drain_ended();

  static void on_async_ended(void* call) noexcept;
  static void on_pool_returned(Posted& posted) noexcept;
  static void on_call_due(Timer& timer) noexcept;
  static void on_event_due(Timer& timer) noexcept;

  const ExecutionPlan& plan_;
  const Limits limits_;
  const StartGraph graph_;
  Timers& timers_;
  const Clock& clock_;
  Pool& pool_;
  const Post post_;
  PlanRunnerEvents& events_;
  FramePool frames_;

  std::vector<GuardedCall> calls_;  // by node
  std::vector<GroupMetrics> groups_;
  GroupMetrics event_times_;
  std::uint64_t sampled_from_ = 0;  // events begun, for sampling
  std::uint32_t slices_until_timed_ = 0;

  std::vector<std::unique_ptr<EventRun>> event_runs_;  // all ever made
  std::vector<EventRun*> free_event_runs_;
  std::vector<std::unique_ptr<AsyncCall>> async_calls_;
  std::vector<AsyncCall*> free_async_calls_;
  std::vector<std::unique_ptr<PoolCall>> pool_calls_;
  std::vector<PoolCall*> free_pool_calls_;

  // Ready and not started. Inline ones wait by node, so that they run as a batch.
  std::vector<std::vector<EventRun*>> ready_inline_;
  std::vector<std::uint32_t> ready_inline_nodes_;  // those that are not empty
  std::vector<std::pair<EventRun*, std::uint32_t>> ready_waiting_;
  std::vector<std::pair<EventRun*, std::uint32_t>> starting_;
  std::vector<AsyncCall*> ended_async_;
  std::vector<EventRun*> done_;
  std::vector<std::uint32_t> barrier_stack_;
  std::vector<Slot> slots_;
  std::vector<EventRun*> admitted_;
  std::vector<EventRun*> running_inline_;

  std::uint32_t in_flight_ = 0;
  std::uint32_t async_out_ = 0;
  std::uint32_t pool_out_ = 0;
};

}  // namespace logbraid
