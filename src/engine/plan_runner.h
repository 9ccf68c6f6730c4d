#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "async/activity.h"
#include "async/loop.h"
#include "async/timers.h"
#include "engine/auto_placement.h"
#include "engine/batch_run.h"
#include "engine/call.h"
#include "engine/event_run.h"
#include "engine/guarded_call.h"
#include "engine/limits.h"
#include "engine/plan_state.h"
#include "engine/pool.h"
#include "engine/start_graph.h"
#include "engine/status_field.h"
#include "engine/thread_time.h"
#include "engine/waiting_line.h"
#include "logbraid/clock.h"
#include "logbraid/frame_pool.h"
#include "logbraid/plan.h"
#include "lookup/lookup_enricher.h"
#include "lookup/lookup_recorder.h"
#include "lookup/shared_on_shard.h"
#include "metrics/recorder.h"
#include "resilience/bulkhead.h"
#include "resilience/retry.h"

namespace logbraid {

// What the shard is told.
class PlanRunnerEvents {
 public:
  // An event of the batch is done, the first after those of `ended` that were seen.
  virtual void event_done(BatchRun&) {}
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
//     batch
//   - of one enricher no more calls are out than its bulkhead allows, late ones counted
//
// Threads:  the shard's, but for metrics(), and for work_in_pool(), which touches its own call
// only. Lifetime: destroy it only when nothing is `in_flight()` and no call is out: see
// calls_out(). Blocking: never.
class PlanRunner {
 public:
  // Where pool calls come back: posts to the shard's loop.
  using Post = std::function<void(Posted&)>;

  struct Parts {
    const ExecutionPlan& plan;
    const ExecutionOptions& options;
    PlanState& state;
    Timers& timers;
    const Clock& clock;
    const LocalHour& local_hour;
    Pool& pool;
    Post post;
    PlanRunnerEvents& events;
    Activity& activity;    // of the thread this runs on
    LoopIo* io = nullptr;  // null: nothing of Asio can run in its calls
    unsigned shard = 0;    // the number of this one
    unsigned shards = 1;   // that share the limits given for the process
    // Cores on which no thread of this process works now. Empty: nobody knows of any.
    std::function<unsigned()> idle_cores = {};
    std::function<Duration()> thread_time = &logbraid::thread_time;
    // No loop turns here: enrichers with `placement: auto` stay inline, and all others are.
    bool in_place = false;
    LookupRecording* recording = nullptr;  // of LookupSurroundings
  };
  explicit PlanRunner(Parts parts);
  ~PlanRunner();
  PlanRunner(const PlanRunner&) = delete;
  PlanRunner& operator=(const PlanRunner&) = delete;

  // Events of an inline plan to admit at a time: what they take, some 2 KiB each, stays in a core's
  // first cache from one enricher to the next. (docs/performance.md)
  static constexpr std::uint32_t kInlineSlice = 16;

  // What a turn may spend on letting events in, and on calls in place, before timers and posts are
  // looked at again. What begins within it is ended: at most a slice, or one call that takes
  // longer.
  static constexpr Duration kTurn = std::chrono::milliseconds(2);

  // False while more calls wait than may be in flight: then a slow service slows the source down
  // instead of losing its enrichment in the queue.
  bool accepts() const;
  // Events that may be admitted before accepts() has to be asked again: no more than an enricher
  // may have calls in flight, so that no line gets longer than twice that.
  std::uint32_t most_at_once() const { return most_at_once_; }
  // Lets the next `count` events of the batch into the window; their clocks start now. Where
  // all_inline() they are done when it returns.
  void admit(BatchRun& run, std::uint32_t count);
  // Does what has become ready since; what runs in place for some kTurn.
  void drain();
  // There is more to do at once, or a result comes sooner than a thread falls asleep and wakes.
  bool has_more() const;
  // Gives up what an event still waits for: `timeout`. Nothing happens where it is done.
  void expire(BatchRun& run, std::uint32_t event);

  // Events admitted that are not done.
  std::uint32_t in_flight() const { return in_flight_; }
  // Calls whose code has begun and not ended, late ones included; not those between two attempts.
  std::uint32_t calls_out() const { return async_out_ + pool_out_; }
  std::uint32_t pool_calls_out() const { return pool_out_; }
  // By node.
  std::uint32_t calls_out(std::uint32_t node) const { return nodes_[node].bulkhead.in_flight(); }
  // Gives up every open call: its outcome is `cancelled`, async ones are told to stop.
  void cancel_all();

  bool all_inline() const { return graph_->all_inline(); }
  // Memory beside the batches: the caches of look-ups, and what calls in the pool and coroutines
  // for many events keep to write into.
  std::size_t bytes() const { return cache_bytes() + arena_bytes_; }
  std::size_t cache_bytes() const;
  // Makes the caches no larger than that together.
  void shrink_caches(std::size_t to_bytes);
  // From any thread, whatever the shard does meanwhile.
  RunMetrics metrics() const;

 private:
  // What the runner keeps of one enricher.
  struct Node {
    Node(const PlanNode& node, Placement at_first, unsigned shard, unsigned shards);

    Placement placement;           // where it runs now
    Bulkhead bulkhead;             // late calls hold their places
    WaitingLine line;              // for a place
    std::vector<EventRun*> ready;  // inline and batched: to be run together
    std::vector<EventRun*> asks;   // look-ups: to be asked together
    Retry retry;
    CostProbe cost;  // where the plan says `auto`
  };

  // Admission. (plan_runner.cc)
  void admit_inline(BatchRun& run, std::uint32_t first, std::uint32_t count);
  void start_admitted(const StartGraph& graph, std::span<EventRun* const> events);
  EventRun& begin(BatchRun& run, std::uint32_t event);
  void end(EventRun& event);
  void watch(EventRun& event);
  void take_placements();
  bool takes_sequence();

  // What is ready, and what has its outcome. (plan_runner.cc)
  void ready(EventRun& event, std::uint32_t node);
  void run_inline(std::uint32_t node, std::span<EventRun* const> events);
  void settled(EventRun& event, std::uint32_t node);
  void give_up(EventRun& event, std::uint32_t last_level, Outcome outcome);
  void start_ready();
  void drain_starting();
  bool drain_ready_together();
  void run_in_slices(std::uint32_t node);
  void forget_given_up();

  void check_cost(std::uint32_t node, Duration took, std::uint32_t calls);

  // Calls. (plan_runner_calls.cc)
  void start(EventRun& event, std::uint32_t node);
  bool has_room(std::uint32_t node) const;
  void wait_in_line(EventRun& event, std::uint32_t node);
  static bool still_waits(const WaitingLine::Place& place, std::uint32_t node);
  void leave_line(std::uint32_t node);
  EventRun& next_in_line(std::uint32_t node);
  void drain_lines();
  BreakerPermit permit_for(std::uint32_t node);
  void ask_breaker(EventRun& event, std::uint32_t node);
  void prepare(Call& call, EventRun& event, std::uint32_t node, BreakerPermit permit,
               bool detached);
  void set_limit(Call& call);
  void run_coroutine(AsyncCall& call, const Slot& slot);
  void drain_ended();
  const AsyncBatchEnricher* batch_enricher(std::uint32_t node) const;
  void start_batches(std::uint32_t node, std::span<EventRun* const> events);
  void start_batch(std::uint32_t node, std::span<EventRun* const> events);
  void run_batch(AsyncBatch& batch);
  void drain_ended_batches();
  void batch_ended(AsyncBatch& batch, const EnrichStatus& status);
  void queue_in_pool(PoolCall& call, const Slot& slot);
  void submit_to_pool();
  void ended(Call& call, const EnrichStatus& status, Patch&& patch, TimePoint at);
  bool tries_again(Call& call, const EnrichStatus& status, TimePoint at);
  void try_again(Call& call);
  bool starts_later(PoolCall& call);
  bool own_limit_passed(const Call& call) const;
  void judge_cut(Call& call);
  void abandon(Call& call) noexcept;
  void stop_code_of(Call& call) noexcept;
  void let_go(Call& call);

  static void on_async_ended(void* call) noexcept;
  static void on_batch_ended(void* batch) noexcept;
  // Look-ups. (plan_runner_lookups.cc)
  void open_lookups(const Parts& parts);
  void will_look_up(EventRun& event, std::uint32_t node);
  void look_up_together();
  void look_up(std::uint32_t node, std::span<EventRun* const> events);
  void settle_answer(EventRun& event, std::uint32_t node, const LookupCall& answer);
  static void on_looked_up(LookupCall& call) noexcept;
  void drain_looked_up();
  // Calls that pool threads and the shard share. (plan_runner_shared.cc)
  bool is_shared(std::uint32_t node) const;
  void offer(PoolCall& call);
  unsigned helpers_for_offered();
  bool run_one_here();

  static void run_code(PoolCall& call) noexcept;
  static void work_in_pool(PoolTask& task) noexcept;
  static void on_pool_returned(Posted& posted) noexcept;
  static void on_call_due(Timer& timer) noexcept;
  static void on_event_due(Timer& timer) noexcept;

  struct Tick : Timer {
    Tick(PlanRunner& owner, Fire on_due) : Timer(on_due), runner(owner) {}
    PlanRunner& runner;
  };
  static void on_merge_due(Timer& timer) noexcept;
  static void on_nudge_due(Timer& timer) noexcept;

  const ExecutionPlan& plan_;
  PlanState& state_;
  const Limits limits_;
  Timers& timers_;
  const Clock& clock_;
  Pool& pool_;
  const Post post_;
  PlanRunnerEvents& events_;
  Activity& activity_;
  LoopIo* const io_;
  const bool in_place_;
  const std::function<unsigned()> idle_cores_;
  const std::function<Duration()> thread_time_;
  const std::uint32_t most_calls_;
  std::uint32_t most_at_once_;
  const double sequential_share_;
  const std::optional<StatusField> status_;
  FramePool frames_;

  // The last is what new events start with; one that an event still uses is kept.
  std::vector<std::unique_ptr<const StartGraph>> graphs_;
  const StartGraph* graph_;
  std::unique_ptr<const StartGraph> sequence_;  // for `sequential_share`
  std::uint32_t placements_ = 0;                // of PlanState when graph_ was made
  double sequence_due_ = 0;

  std::vector<GuardedCall> calls_;  // by node
  std::deque<Node> nodes_;          // they do not move
  Tick merge_;                      // breaker counts
  Tick nudge_;                      // pool threads for calls that turned out long
  std::vector<GroupRecorder> groups_;
  EventRecorder event_times_;
  EventRecorder sequence_times_;
  std::uint64_t begun_ = 0;  // events, for sampling
  std::uint32_t slices_until_timed_ = 0;

  template <class T>
  struct Stock {  // objects that are used again
    std::vector<std::unique_ptr<T>> all;
    std::vector<T*> free;

    template <class... Args>
    T& take(Args&&... args) {
      if (free.empty()) {
        all.push_back(std::make_unique<T>(std::forward<Args>(args)...));
        free.reserve(all.capacity());  // giving back never allocates
        return *all.back();
      }
      T& taken = *free.back();
      free.pop_back();
      return taken;
    }
    void give_back(T& object) { free.push_back(&object); }
  };
  Stock<EventRun> event_runs_;
  Stock<AsyncCall> async_calls_;
  Stock<BatchedCall> batched_calls_;
  Stock<AsyncBatch> async_batches_;
  Stock<PoolCall> pool_calls_;
  Stock<LookedUpCall> looked_up_calls_;

  // Ready and not started.
  std::vector<std::uint32_t> ready_together_;  // nodes whose `ready` is not empty
  std::vector<std::pair<EventRun*, std::uint32_t>> ready_waiting_;
  std::vector<std::pair<EventRun*, std::uint32_t>> starting_;
  std::vector<std::uint32_t> asking_;  // nodes whose `asks` is not empty
  std::vector<LookupCall*> asked_;     // those of one node
  std::vector<std::uint32_t> lines_;   // nodes whose line is not empty
  std::vector<PoolTask*> for_pool_;    // to be submitted together
  unsigned pool_wakes_ = 0;            // threads that long ones need
  Duration short_work_{};              // what short ones take together
  // Shared calls that are queued in the pool, unless a thread of it was quicker; in order.
  struct Offered {
    PoolCall* call;
    std::uint64_t use;
  };
  std::vector<Offered> offered_;
  std::size_t first_offered_ = 0;
  std::uint32_t newly_offered_ = 0;  // since the last submission
  Duration newly_offered_work_{};
  Duration ran_here_{};               // in this drain()
  TimePoint shared_at_{};             // when a shared call ended last
  bool helped_ = false;               // a pool thread was woken for them
  std::vector<EventRun*> from_line_;  // to be started together
  std::vector<AsyncCall*> ended_async_;
  std::vector<AsyncBatch*> ended_batches_;
  std::vector<LookedUpCall*> ended_looked_up_;
  std::vector<EventRun*> done_;
  std::vector<std::uint32_t> barrier_stack_;
  std::vector<Slot> slots_;
  std::vector<EventRun*> admitted_;
  std::vector<EventRun*> admitted_in_sequence_;
  std::vector<EventRun*> running_together_;

  std::uint32_t in_flight_ = 0;
  Tally<std::uint64_t> in_flight_peak_;
  std::uint32_t async_out_ = 0;   // requests: a batch is one
  std::uint32_t pool_out_ = 0;    // queued ones included
  std::uint32_t stuck_out_ = 0;   // those of them that nobody waits for
  std::uint32_t shared_out_ = 0;  // those of them that are shared
  std::size_t arena_bytes_ = 0;   // of calls' own arenas, as they were when they ended last

  // By node; null where it is no look-up. The last: they forget their calls when they go.
  SharedOnShard shared_;
  std::deque<LookupRecorder> lookup_recorders_;
  std::vector<std::unique_ptr<ShardLookup>> lookups_;
  std::vector<ShardLookup*> open_lookups_;  // those that are: what is asked at each turn
};

}  // namespace logbraid
