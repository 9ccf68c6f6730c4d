#include "engine/plan_runner.h"

#include <algorithm>
#include <atomic>

#include "core/assert.h"

namespace logbraid {

// One event in the window.
struct PlanRunner::EventRun : Timer {
  explicit EventRun(PlanRunner& owner) : Timer(&on_event_due), runner(owner) {}

  PlanRunner& runner;
  BatchRun* run = nullptr;  // null: not in use
  std::uint32_t index = 0;  // in its batch
  Slot slot;
  std::uint32_t open = 0;   // nodes without an outcome
  std::uint32_t level = 0;  // the group whose end the timer waits for
  bool sampled = false;
  Call* calls = nullptr;  // started and not ended, in no order
  TimePoint admitted;
  std::vector<std::uint32_t> pending;  // by node of the start graph
  std::vector<GroupTimes> groups;      // by level, where sampled
};

// One started call. Its event lets go of it when a deadline passes.
struct PlanRunner::Call : Timer {
  explicit Call(PlanRunner& owner) : Timer(&on_call_due), runner(owner) {}

  void link(EventRun& to) {
    event = &to;
    previous_call = nullptr;
    next_call = to.calls;
    if (to.calls != nullptr) to.calls->previous_call = this;
    to.calls = this;
  }
  void unlink() {
    (previous_call != nullptr ? previous_call->next_call : event->calls) = next_call;
    if (next_call != nullptr) next_call->previous_call = previous_call;
    event = nullptr;
  }

  PlanRunner& runner;
  EventRun* event = nullptr;  // null: nobody waits for the result any more
  Call* previous_call = nullptr;
  Call* next_call = nullptr;
  BatchRun* batch_run = nullptr;
  std::uint32_t node = 0;
  bool pooled = false;
  TimePoint started;
  EventView view;
  Patch patch;
};

struct PlanRunner::AsyncCall : Call {
  using Call::Call;
  std::optional<AsyncContext> context;
  std::optional<Task<EnrichStatus>> task;
};

// Invariant: from submit() to the post back only the pool thread touches `arena`, `patch`, `status`
//            and the times; the pool's lock and the loop's inbox hand them over. `event` is the
//            shard's alone.
struct PlanRunner::PoolCall : Call, PoolTask, Posted {
  explicit PoolCall(PlanRunner& owner)
      : Call(owner), PoolTask(&PoolCall::work), Posted(&on_pool_returned) {
    pooled = true;
  }

  static void work(PoolTask& task) noexcept {
    auto& call = static_cast<PoolCall&>(task);
    call.begun = call.runner.clock_.now();
    // Relaxed: the shard only wants to know since when; everything else waits for the post.
    call.begun_at.store(call.begun.time_since_epoch().count(), std::memory_order_relaxed);
    call.status = GuardedCall::protect(call.arena, [&] { return call.make(); });
    call.finished = call.runner.clock_.now();
    call.runner.post_(call);
  }
  EnrichStatus make() {
    const EnricherPtr& enricher = runner.plan_.nodes()[node].enricher;
    if (const auto* sync = std::get_if<std::shared_ptr<SyncEnricher>>(&enricher)) {
      return (*sync)->enrich(view, patch);
    }
    BatchCall only{view, &patch, {}};
    std::get<std::shared_ptr<BatchEnricher>>(enricher)->enrich({&only, 1});
    return only.status;
  }

  Arena arena;
  EnrichStatus status;
  std::atomic<Duration::rep> begun_at{0};  // since the clock's epoch; 0: still queued
  TimePoint begun;
  TimePoint finished;
};

namespace {

// Sampled for the times of groups: the first events, then one in so many.
constexpr std::uint64_t kSampledFirst = 100;
constexpr std::uint64_t kSampledShare = 16;
constexpr std::uint32_t kTimedSlices = 8;

template <class T, class Owner>
T& take(std::vector<T*>& free, std::vector<std::unique_ptr<T>>& all, Owner& owner) {
  if (free.empty()) {
    all.push_back(std::make_unique<T>(owner));
    free.reserve(all.capacity());  // giving back never allocates
    free.push_back(all.back().get());
  }
  T& taken = *free.back();
  free.pop_back();
  return taken;
}

}  // namespace

PlanRunner::PlanRunner(const ExecutionPlan& plan, const ExecutionOptions& options, Timers& timers,
                       const Clock& clock, const LocalHour& local_hour, Pool& pool, Post post,
                       PlanRunnerEvents& events)
    : plan_(plan),
      limits_(limits_of(plan, options)),
      graph_(plan, options.mode, options.schedule),
      timers_(timers),
      clock_(clock),
      pool_(pool),
      post_(std::move(post)),
      events_(events),
      groups_(plan.groups().size()),
      ready_inline_(plan.nodes().size()) {
  calls_.reserve(plan.nodes().size());
  for (std::uint32_t i = 0; i < plan.nodes().size(); ++i) calls_.emplace_back(plan, i, local_hour);
}

PlanRunner::~PlanRunner() {
  for (const auto& event : event_runs_) timers_.remove(*event);
  for (const auto& call : async_calls_) timers_.remove(*call);
  for (const auto& call : pool_calls_) timers_.remove(*call);
}

void PlanRunner::admit(BatchRun& run, std::uint32_t count) {
  const std::uint32_t first = run.admitted;
  LOGBRAID_ASSERT(count <= run.events() - first, "an event is admitted once");
  run.admitted += count;
  if (graph_.all_inline()) {
    admit_inline(run, first, count);
    return;
  }
  admitted_.clear();
  for (std::uint32_t i = 0; i < count; ++i) admitted_.push_back(&begin(run, first + i));
  // Admission may be called from drain()'s caller only, so the list is ours while calls start.
  for (EventRun* const event : admitted_) {
    for (const std::uint32_t node : graph_.at_once()) start(*event, node);
  }
  for (const std::uint32_t node : graph_.prefix()) run_inline(node, admitted_);
  const auto prefix = static_cast<std::uint32_t>(graph_.prefix().size());
  for (EventRun* const event : admitted_) {
    // What waits for the prefix was counted without it. Without one, settled() has seen the last.
    event->open -= prefix;
    if (prefix != 0 && event->open == 0) done_.push_back(event);
    for (const std::uint32_t node : graph_.after_prefix()) ready_waiting_.emplace_back(event, node);
  }
}

// A plan of inline enrichers only: node by node over the slice, nothing to count or to wait for.
// One slice in so many is timed.
void PlanRunner::admit_inline(BatchRun& run, std::uint32_t first, std::uint32_t count) {
  slots_.clear();
  for (std::uint32_t i = 0; i < count; ++i) slots_.push_back(run.slot(first + i));
  Arena& arena = run.batch().arena();
  if (slices_until_timed_ != 0) {
    --slices_until_timed_;
    for (const std::uint32_t node : graph_.prefix()) calls_[node].run(slots_, arena, clock_);
  } else {
    slices_until_timed_ = kTimedSlices - 1;
    const TimePoint start = clock_.now();
    TimePoint before = start;
    for (const std::uint32_t node : graph_.prefix()) {
      calls_[node].run(slots_, arena, clock_);
      const TimePoint after = clock_.now();
      groups_[plan_.nodes()[node].level].merge({0, after - before, after - before});
      before = after;
    }
    for (GroupMetrics& group : groups_) group.events += count;
    event_times_.merge({count, before - start, before - start});
  }
  for (std::uint32_t i = 0; run.lists_inline && i < count; ++i) run.ended.push_back(first + i);
  run.open -= count;
  if (run.open == 0) events_.batch_done(run);
}

PlanRunner::EventRun& PlanRunner::begin(BatchRun& run, std::uint32_t index) {
  EventRun& event = take(free_event_runs_, event_runs_, *this);
  event.run = &run;
  event.index = index;
  event.slot = run.slot(index);
  event.open = graph_.plan_size();
  event.calls = nullptr;
  event.admitted = timers_.now();
  event.pending.assign(graph_.pending().begin(), graph_.pending().end());
  event.sampled = sampled_from_ < kSampledFirst || sampled_from_ % kSampledShare == 0;
  ++sampled_from_;
  if (event.sampled) event.groups.assign(groups_.size(), GroupTimes());
  event.level = 0;
  watch(event);
  ++in_flight_;
  return event;
}

// Waits for the end of the next group, taking those that end together as one.
void PlanRunner::watch(EventRun& event) {
  const auto& ends = limits_.group_end;
  const Duration begin = event.level == 0 ? Duration::zero() : ends[event.level - 1];
  while (event.level + 1 < ends.size() && ends[event.level + 1] == ends[event.level]) ++event.level;
  timers_.set(event, ends[event.level] - begin);
}

void PlanRunner::on_event_due(Timer& timer) noexcept {
  auto& event = static_cast<EventRun&>(timer);
  PlanRunner& runner = event.runner;
  runner.give_up(event, event.level, Outcome::timeout);
  ++event.level;
  if (event.open != 0) runner.watch(event);
}

void PlanRunner::on_call_due(Timer& timer) noexcept {
  auto& call = static_cast<Call&>(timer);
  EventRun& event = *call.event;
  PlanRunner& runner = call.runner;
  if (call.pooled && runner.starts_later(static_cast<PoolCall&>(call))) return;
  const std::uint32_t node = call.node;
  runner.calls_[node].settle(event.slot, Outcome::timeout);
  runner.record_group(event, node, call.started, runner.timers_.now(), true);
  runner.abandon(call);
  runner.settled(event, node);
}

// The enricher's limit runs from the start of its call. When it rings and the call was still in the
// queue then, it is set again.
bool PlanRunner::starts_later(PoolCall& call) {
  const Duration limit = limits_.enricher[call.node];
  const Duration::rep begun = call.begun_at.load(std::memory_order_relaxed);
  if (begun == 0) {
    timers_.set(call, limit);
    return true;
  }
  const TimePoint due = TimePoint(Duration(begun)) + limit;
  if (due <= timers_.now()) return false;
  timers_.set_at(call, due);
  return true;
}

// Every node up to a level that has no outcome gets this one, started or not.
void PlanRunner::give_up(EventRun& event, std::uint32_t last_level, Outcome outcome) {
  for (Call* call = event.calls; call != nullptr;) {
    Call* const next = call->next_call;
    if (plan_.nodes()[call->node].level <= last_level) {
      record_group(event, call->node, call->started, timers_.now(), true);
      calls_[call->node].settle(event.slot, outcome);
      const std::uint32_t node = call->node;
      abandon(*call);
      settled(event, node);
    }
    call = next;
  }
  for (std::uint32_t node = 0; node < plan_.nodes().size(); ++node) {
    if (event.slot.outcomes[node] != kOpen || plan_.nodes()[node].level > last_level) continue;
    calls_[node].settle(event.slot, outcome);
    settled(event, node);
  }
}

// The event does not wait for this call any more. The call holds its batch until it ends.
void PlanRunner::abandon(Call& call) noexcept {
  timers_.remove(call);
  call.unlink();
  if (call.pooled) {
    auto& pooled = static_cast<PoolCall&>(call);
    if (!pool_.cancel(pooled)) return;  // it runs: its result will be late
    let_go(call);
    free_pool_calls_.push_back(&pooled);
    return;
  }
  static_cast<AsyncCall&>(call).context->request_stop();
}

void PlanRunner::let_go(const Call& call) {
  --(call.pooled ? pool_out_ : async_out_);
  BatchRun& run = *call.batch_run;
  if (--run.held == 0 && run.written) events_.batch_released(run);
}

void PlanRunner::start(EventRun& event, std::uint32_t node) {
  if (event.slot.outcomes[node] != kOpen) return;  // given up while it was ready
  GuardedCall& call = calls_[node];
  if (const auto refused = call.refusal(event.slot, event.run->batch().arena())) {
    call.settle(event.slot, *refused);
    settled(event, node);
  } else if (plan_.nodes()[node].placement == Placement::async) {
    start_async(event, node);
  } else {
    start_pool(event, node);
  }
}

void PlanRunner::start_async(EventRun& event, std::uint32_t node) {
  AsyncCall& call = take(free_async_calls_, async_calls_, *this);
  ended_async_.reserve(async_calls_.capacity());  // on_async_ended() must not allocate
  Arena& arena = event.run->batch().arena();
  call.link(event);
  call.batch_run = event.run;
  call.node = node;
  call.started = timers_.now();
  call.view = calls_[node].view(event.slot, arena);
  call.patch = Patch(&arena);
  call.context.emplace(timers_, frames_);
  ++event.run->held;
  ++async_out_;
  const Duration limit = limits_.enricher[node];
  if (limit < limits_.group_end[plan_.nodes()[node].level]) timers_.set(call, limit);

  auto& enricher = *std::get<std::shared_ptr<AsyncEnricher>>(plan_.nodes()[node].enricher);
  const EnrichStatus made = GuardedCall::protect(arena, [&]() -> EnrichStatus {
    call.task.emplace(enricher.enrich(call.view, call.patch, *call.context));
    return {};
  });
  if (made.result == CallResult::error) {  // threw before it was a coroutine
    ended(call, made, Patch(&arena), timers_.now());
    free_async_calls_.push_back(&call);
    return;
  }
  call.task->start(&on_async_ended, &call);
}

void PlanRunner::on_async_ended(void* context) noexcept {
  auto* const call = static_cast<AsyncCall*>(context);
  call->runner.timers_.remove(*call);  // it ended in time, whatever else is due in this turn
  call->runner.ended_async_.push_back(call);
}

void PlanRunner::drain_ended() {
  for (std::size_t i = 0; i < ended_async_.size(); ++i) {
    AsyncCall& call = *ended_async_[i];
    const EnrichStatus status = GuardedCall::protect(call.batch_run->batch().arena(),
                                                     [&] { return call.task->take_result(); });
    call.task.reset();
    ended(call, status, std::move(call.patch), timers_.now());
    free_async_calls_.push_back(&call);
  }
  ended_async_.clear();
}

void PlanRunner::start_pool(EventRun& event, std::uint32_t node) {
  PoolCall& call = take(free_pool_calls_, pool_calls_, *this);
  call.arena.reset();
  call.link(event);
  call.batch_run = event.run;
  call.node = node;
  call.started = timers_.now();
  call.begun_at.store(0, std::memory_order_relaxed);
  call.view = calls_[node].view(event.slot, call.arena);
  call.patch = Patch(&call.arena);
  ++event.run->held;
  ++pool_out_;
  if (!pool_.submit(call)) {
    ended(call, EnrichStatus::error("no pool thread could be made"), Patch(&call.arena),
          timers_.now());
    free_pool_calls_.push_back(&call);
    return;
  }
  // The enricher's own limit runs from the start of the call, not from here: on_call_due() looks.
  const Duration limit = limits_.enricher[node];
  if (limit < limits_.group_end[plan_.nodes()[node].level]) timers_.set(call, limit);
}

void PlanRunner::on_pool_returned(Posted& posted) noexcept {
  auto& call = static_cast<PoolCall&>(posted);
  PlanRunner& runner = call.runner;
  Patch patch = call.patch.moved_to(call.batch_run->batch().arena());
  runner.calls_[call.node].metrics().waited += call.begun - call.started;
  EnrichStatus status = call.status;
  if (status.result == CallResult::error) {
    status.reason = call.batch_run->batch().arena().copy(status.reason);
  }
  call.started = call.begun;
  runner.ended(call, status, std::move(patch), call.finished);
  runner.free_pool_calls_.push_back(&call);
}

void PlanRunner::ended(Call& call, const EnrichStatus& status, Patch&& patch, TimePoint at) {
  GuardedCall& guarded = calls_[call.node];
  timers_.remove(call);
  if (call.event == nullptr) {
    ++guarded.metrics().late;
  } else {
    EventRun& event = *call.event;
    call.unlink();
    event.slot.patches[call.node] = patch;
    guarded.record(at - call.started);
    guarded.settle(event.slot, status);
    record_group(event, call.node, call.started, at, true);
    settled(event, call.node);
  }
  let_go(call);
}

// The node has its outcome: those that waited for it alone are ready.
void PlanRunner::settled(EventRun& event, std::uint32_t node) {
  if (--event.open == 0) done_.push_back(&event);
  barrier_stack_.push_back(node);
  while (!barrier_stack_.empty()) {
    const std::uint32_t ended_node = barrier_stack_.back();
    barrier_stack_.pop_back();
    for (const std::uint32_t next : graph_.successors(ended_node)) {
      if (--event.pending[next] != 0) continue;
      if (next >= graph_.plan_size()) {
        barrier_stack_.push_back(next);
      } else if (event.slot.outcomes[next] == kOpen) {
        if (plan_.nodes()[next].placement == Placement::inline_) {
          if (ready_inline_[next].empty()) ready_inline_nodes_.push_back(next);
          ready_inline_[next].push_back(&event);
        } else {
          ready_waiting_.emplace_back(&event, next);
        }
      }
    }
  }
}

void PlanRunner::run_inline(std::uint32_t node, std::span<EventRun* const> events) {
  const TimePoint start = clock_.now();
  // Each batch has its own arena: one run a stretch of events of one batch.
  for (std::size_t i = 0; i < events.size();) {
    BatchRun* const run = events[i]->run;
    slots_.clear();
    for (; i < events.size() && events[i]->run == run; ++i) slots_.push_back(events[i]->slot);
    calls_[node].run(slots_, run->batch().arena(), clock_);
  }
  const TimePoint end = clock_.now();
  timers_.refresh(end);
  const Duration share = (end - start) / static_cast<std::int64_t>(events.size());
  for (EventRun* const event : events) {
    record_group(*event, node, start, start + share, false);
  }
}

void PlanRunner::drain() {
  for (;;) {
    drain_ended();
    if (!ready_waiting_.empty()) {
      starting_.swap(ready_waiting_);
      for (const auto& [event, node] : starting_) start(*event, node);
      starting_.clear();
      continue;
    }
    if (!ready_inline_nodes_.empty()) {
      const auto first = std::min_element(ready_inline_nodes_.begin(), ready_inline_nodes_.end());
      const std::uint32_t node = *first;
      *first = ready_inline_nodes_.back();
      ready_inline_nodes_.pop_back();
      running_inline_.clear();
      running_inline_.swap(ready_inline_[node]);
      std::erase_if(running_inline_,
                    [&](EventRun* event) { return event->slot.outcomes[node] != kOpen; });
      if (running_inline_.empty()) continue;
      run_inline(node, running_inline_);
      for (EventRun* const event : running_inline_) settled(*event, node);
      continue;
    }
    break;
  }
  // Nothing ready points at an event any more: those that are done can be used again.
  for (std::size_t i = 0; i < done_.size(); ++i) end(*done_[i]);
  done_.clear();
}

void PlanRunner::end(EventRun& event) {
  timers_.remove(event);
  if (event.sampled) {
    GroupMetrics whole{1, timers_.now() - event.admitted, {}};
    for (std::size_t level = 0; level < groups_.size(); ++level) {
      const GroupTimes& times = event.groups[level];
      const Duration sum = times.waiting_sum + times.inline_sum;
      const Duration span = times.last_end > times.first_start ? times.last_end - times.first_start
                                                               : Duration::zero();
      groups_[level].merge({1, std::max(span, times.inline_sum), sum});
      whole.sum += sum;
    }
    event_times_.merge(whole);
  }
  BatchRun& run = *event.run;
  event.run = nullptr;
  free_event_runs_.push_back(&event);
  --in_flight_;
  run.ended.push_back(event.index);
  if (--run.open == 0) events_.batch_done(run);
}

void PlanRunner::expire(BatchRun& run, std::uint32_t event) {
  for (std::size_t i = 0; i < event_runs_.size(); ++i) {
    EventRun& each = *event_runs_[i];
    if (each.run != &run || each.index != event || each.open == 0) continue;
    give_up(each, static_cast<std::uint32_t>(groups_.size()), Outcome::timeout);
  }
}

void PlanRunner::record_group(EventRun& event, std::uint32_t node, TimePoint start, TimePoint end,
                              bool waits) {
  if (!event.sampled) return;
  GroupTimes& times = event.groups[plan_.nodes()[node].level];
  if (!waits) {
    times.inline_sum += end - start;
    return;
  }
  times.waiting_sum += end - start;
  times.first_start = std::min(times.first_start, start);
  times.last_end = std::max(times.last_end, end);
}

void PlanRunner::cancel_all() {
  for (std::size_t i = 0; i < event_runs_.size(); ++i) {
    EventRun& event = *event_runs_[i];
    if (event.run != nullptr && event.open != 0) {
      give_up(event, static_cast<std::uint32_t>(groups_.size()), Outcome::cancelled);
    }
  }
  drain();
}

RunMetrics PlanRunner::metrics() const {
  RunMetrics metrics;
  for (const GuardedCall& call : calls_) metrics.enrichers.push_back(call.metrics());
  metrics.groups = groups_;
  metrics.events = event_times_;
  return metrics;
}

}  // namespace logbraid
