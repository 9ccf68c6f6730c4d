// The calls of a PlanRunner: from "its dependencies are done" to "it has ended", for everything
// that does not run in place.

#include <algorithm>
#include <utility>

#include "engine/call_one.h"
#include "engine/plan_runner.h"
#include "engine/planted_faults.h"

namespace logbraid {
namespace {

// Short calls share a woken pool thread up to this much work. (architecture.md: a hop costs 18 us)
constexpr Duration kWorkPerWake = std::chrono::microseconds(200);
// When calls that were taken for short still wait after this, they get threads of their own.
constexpr Duration kNudge = std::chrono::milliseconds(1);

}  // namespace

void PlanRunner::start(EventRun& event, std::uint32_t node) {
  if (!is_open(event.slot.outcomes[node])) return;  // given up while it was ready
  GuardedCall& call = calls_[node];
  if (const auto refused = call.refusal(event.slot, event.run->batch().arena())) {
    call.settle(event.slot, *refused);
    settled(event, node);
  } else if (nodes_[node].placement == Placement::inline_) {  // moved there meanwhile
    ready(event, node);
  } else if (lookups_[node] != nullptr) {
    will_look_up(event, node);
  } else if (!has_room(node) || !nodes_[node].line.empty()) {
    wait_in_line(event, node);
  } else {
    ask_breaker(event, node);
  }
}

bool PlanRunner::has_room(std::uint32_t node) const {
  if (nodes_[node].bulkhead.full()) return false;
  return nodes_[node].placement != Placement::async || async_out_ < most_calls_;
}

void PlanRunner::wait_in_line(EventRun& event, std::uint32_t node) {
  if (plan_[node].metadata.bulkhead.when_full == WhenFull::reject) {
    calls_[node].settle(event.slot, Outcome::rejected);
    settled(event, node);
    return;
  }
  event.slot.outcomes[node] = kWaiting;
  if (nodes_[node].line.empty() && std::find(lines_.begin(), lines_.end(), node) == lines_.end()) {
    lines_.push_back(node);
  }
  nodes_[node].line.push({&event, event.use, timers_.now()});
}

bool PlanRunner::still_waits(const WaitingLine::Place& place, std::uint32_t node) {
  return place.event->use == place.use && place.event->slot.outcomes[node] == kWaiting;
}

void PlanRunner::leave_line(std::uint32_t node) {
  nodes_[node].line.forget_one(
      [node](const WaitingLine::Place& place) { return still_waits(place, node); });
}

EventRun& PlanRunner::next_in_line(std::uint32_t node) {
  const auto place = nodes_[node].line.pop(
      [node](const WaitingLine::Place& waiting) { return still_waits(waiting, node); });
  place.event->slot.outcomes[node] = kOpen;
  calls_[node].metrics().waited.add(timers_.now() - place.since);
  return *place.event;
}

// Starts those for which there is room now; all are let go where the enricher has turned unhealthy
// or its breaker has opened.
void PlanRunner::drain_lines() {
  for (std::size_t i = 0; i < lines_.size();) {
    const std::uint32_t node = lines_[i];
    WaitingLine& line = nodes_[node].line;
    const AsyncBatchEnricher* const together = batch_enricher(node);
    GuardedCall& call = calls_[node];
    const bool unhealthy = call.unhealthy();
    while (!line.empty() && (unhealthy || !call.breaker().closed())) {
      EventRun& event = next_in_line(node);
      call.settle(event.slot, unhealthy ? Outcome::unhealthy : Outcome::breaker_open);
      settled(event, node);
    }
    while (!line.empty() && has_room(node)) {
      if (together == nullptr) {
        ask_breaker(next_in_line(node), node);
        continue;
      }
      from_line_.clear();
      const std::size_t most = std::max<std::size_t>(together->max_batch(), 1);
      while (!line.empty() && from_line_.size() < most) from_line_.push_back(&next_in_line(node));
      start_batch(node, from_line_);
    }
    if (line.empty()) {
      lines_[i] = lines_.back();
      lines_.pop_back();
    } else {
      ++i;
    }
  }
  submit_to_pool();
}

const AsyncBatchEnricher* PlanRunner::batch_enricher(std::uint32_t node) const {
  const auto* const batch = std::get_if<std::shared_ptr<AsyncBatchEnricher>>(&plan_[node].enricher);
  return batch == nullptr ? nullptr : batch->get();
}

// The breaker's word for a call; refused: the event goes on without it.
BreakerPermit PlanRunner::permit_for(std::uint32_t node) {
  // As many pool threads hang as are replaced, one of them in this enricher: no more for it.
  if (state_.node(node).stuck.load(std::memory_order_relaxed) != 0 && pool_.exhausted()) return {};
  return calls_[node].breaker().try_acquire(timers_.now());
}

void PlanRunner::ask_breaker(EventRun& event, std::uint32_t node) {
  BreakerPermit permit = permit_for(node);
  const bool probes = permit.admission() == Admission::probe;
  if (permit.admission() != Admission::refused) {
    nodes_[node].retry.count_call();
    if (nodes_[node].placement == Placement::async) {
      AsyncCall& call = async_calls_.take(*this, &on_call_due);
      prepare(call, event, node, std::move(permit), probes);
      ++async_out_;
      run_coroutine(call, event.slot);
    } else {
      PoolCall& call = pool_calls_.take(*this, &on_call_due, &work_in_pool, &on_pool_returned);
      prepare(call, event, node, std::move(permit), probes);
      ++pool_out_;
      queue_in_pool(call, event.slot);
    }
    if (!probes) return;
  }
  // A probe never holds its event.
  calls_[node].settle(event.slot, Outcome::breaker_open);
  settled(event, node);
}

void PlanRunner::prepare(Call& call, EventRun& event, std::uint32_t node, BreakerPermit permit,
                         bool detached) {
  call.batch_run = event.run;
  call.node = node;
  call.attempts = 0;
  call.backing_off = false;
  call.stuck = false;
  call.started = timers_.now();
  call.permit = std::move(permit);
  if (detached) {
    call.event = nullptr;
  } else {
    call.link(event);
  }
  if constexpr (!kPlantedUseAfterFree) ++event.run->held;
  if (call.kind != Call::Kind::batched) call.place = nodes_[node].bulkhead.try_enter();
}

// An enricher's limit counts from the start of its first attempt; where the group ends earlier
// anyway, the event's own timer is enough.
void PlanRunner::set_limit(Call& call) {
  const Duration limit = limits_.enricher[call.node];
  const bool cut_by_group =
      call.event != nullptr && limit >= limits_.group_end[plan_[call.node].level];
  if (cut_by_group) return;
  if (call.attempts <= 1) {
    timers_.set(call, limit);
  } else {
    timers_.set_at(call, call.started + limit);
  }
}

// --- on the loop

void PlanRunner::run_coroutine(AsyncCall& call, const Slot& slot) {
  ended_async_.reserve(async_calls_.all.capacity());  // on_async_ended() must not allocate
  Arena& arena = call.batch_run->batch().arena();
  call.view = calls_[call.node].view(slot, arena);
  call.patch = Patch(&arena);
  call.context.emplace(timers_, frames_, io_, &activity_, state_.node(call.node).activity);
  ++call.attempts;
  set_limit(call);
  auto& enricher = *std::get<std::shared_ptr<AsyncEnricher>>(plan_[call.node].enricher);
  const AsyncContext::Running running(*call.context);
  const EnrichStatus made = GuardedCall::protect(arena, [&]() -> EnrichStatus {
    call.task.emplace(enricher.enrich(call.view, call.patch, *call.context));
    return {};
  });
  if (made.result == CallResult::error) {  // threw before it was a coroutine
    ended(call, made, Patch(&arena), timers_.now());
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
  }
  ended_async_.clear();
}

// --- on the loop, many events at once

void PlanRunner::start_batches(std::uint32_t node, std::span<EventRun* const> events) {
  const std::size_t most = std::max<std::size_t>(batch_enricher(node)->max_batch(), 1);
  std::vector<EventRun*>& taken = from_line_;
  taken.clear();
  for (EventRun* const event : events) {
    GuardedCall& call = calls_[node];
    if (const auto refused = call.refusal(event->slot, event->run->batch().arena())) {
      call.settle(event->slot, *refused);
      settled(*event, node);
    } else if (!has_room(node) || !nodes_[node].line.empty()) {
      wait_in_line(*event, node);
    } else {
      taken.push_back(event);
      if (taken.size() < most) continue;
      start_batch(node, taken);
      taken.clear();
    }
  }
  if (!taken.empty()) start_batch(node, taken);
}

void PlanRunner::start_batch(std::uint32_t node, std::span<EventRun* const> events) {
  BreakerPermit permit = permit_for(node);
  const bool goes_on = permit.admission() != Admission::allowed;
  if (permit.admission() != Admission::refused) {
    AsyncBatch& batch = async_batches_.take(*this);
    batch.node = node;
    batch.probes = goes_on;
    batch.wanted = goes_on ? 0 : static_cast<std::uint32_t>(events.size());
    batch.started = timers_.now();
    batch.permit = std::move(permit);
    batch.arena.reset();
    batch.parts.clear();
    batch.calls.clear();
    for (EventRun* const event : events) {
      BatchedCall& part = batched_calls_.take(*this, &on_call_due);
      prepare(part, *event, node, BreakerPermit(), goes_on);
      part.batch = &batch;
      part.attempts = 1;
      part.view = calls_[node].view(event->slot, batch.arena);
      part.patch = Patch(&batch.arena);
      set_limit(part);
      batch.parts.push_back(&part);
    }
    for (BatchedCall* const part : batch.parts) {
      batch.calls.push_back({part->view, &part->patch, {}});
    }
    batch.place = nodes_[node].bulkhead.try_enter();
    ++async_out_;
    run_batch(batch);
  }
  if (!goes_on) return;
  for (EventRun* const event : events) {
    calls_[node].settle(event->slot, Outcome::breaker_open);
    settled(*event, node);
  }
}

void PlanRunner::run_batch(AsyncBatch& batch) {
  ended_batches_.reserve(async_batches_.all.capacity());  // on_batch_ended() must not allocate
  batch.context.emplace(timers_, frames_, io_, &activity_, state_.node(batch.node).activity);
  auto& enricher = *std::get<std::shared_ptr<AsyncBatchEnricher>>(plan_[batch.node].enricher);
  const AsyncContext::Running running(*batch.context);
  const EnrichStatus made = GuardedCall::protect(batch.arena, [&]() -> EnrichStatus {
    batch.task.emplace(enricher.enrich(batch.calls, *batch.context));
    return {};
  });
  if (made.result == CallResult::error) {
    batch_ended(batch, made);
    return;
  }
  batch.task->start(&on_batch_ended, &batch);
}

void PlanRunner::on_batch_ended(void* context) noexcept {
  auto* const batch = static_cast<AsyncBatch*>(context);
  PlanRunner& runner = batch->runner;
  for (BatchedCall* const part : batch->parts) runner.timers_.remove(*part);
  runner.ended_batches_.push_back(batch);
}

void PlanRunner::drain_ended_batches() {
  for (std::size_t i = 0; i < ended_batches_.size(); ++i) {
    AsyncBatch& batch = *ended_batches_[i];
    const EnrichStatus status =
        GuardedCall::protect(batch.arena, [&] { return batch.task->take_result(); });
    batch.task.reset();
    batch_ended(batch, status);
  }
  ended_batches_.clear();
}

void PlanRunner::batch_ended(AsyncBatch& batch, const EnrichStatus& status) {
  GuardedCall& guarded = calls_[batch.node];
  const TimePoint now = timers_.now();
  bool any_fine = false;
  for (std::size_t i = 0; i < batch.parts.size(); ++i) {
    BatchedCall& part = *batch.parts[i];
    const EnrichStatus& own = batch.calls[i].status;
    const bool lost = status.result == CallResult::error && own.result == CallResult::ok;
    EnrichStatus result = lost ? status : own;
    any_fine = any_fine || !guarded.is_failure(result, part.patch);
    Arena& arena = part.batch_run->batch().arena();
    if (result.result == CallResult::error) result.reason = arena.copy(result.reason);
    ended(part, result, part.event == nullptr ? Patch(&arena) : part.patch.moved_to(arena), now);
  }
  // A request that failed counts once, however many events were in it.
  if (batch.permit.admission() != Admission::refused) {
    if (any_fine) {
      guarded.breaker().success(std::move(batch.permit), now - batch.started, now);
    } else {
      guarded.breaker().failure(std::move(batch.permit), now - batch.started, now);
    }
  }
  batch.place = {};
  --async_out_;
  arena_bytes_ +=
      batch.arena.capacity() - std::exchange(batch.counted_bytes, batch.arena.capacity());
  async_batches_.give_back(batch);
}

// --- in the pool

void PlanRunner::queue_in_pool(PoolCall& call, const Slot& slot) {
  if (call.stop.stop_requested()) call.stop = std::stop_source();
  call.stop_token = call.stop.get_token();
  call.arena.reset();
  call.view = calls_[call.node].view(slot, call.arena, &call.stop_token);
  call.patch = Patch(&call.arena);
  call.begun_at.store(0, std::memory_order_relaxed);
  ++call.attempts;
  Node& node = nodes_[call.node];
  const bool automatic = plan_[call.node].placement == Placement::automatic;
  call.asked = automatic && node.cost.asks();
  call.shared = call.brief = automatic && is_shared(call.node);
  if (call.shared) {
    offer(call);
  } else if (automatic && node.cost.mean() < kWorkPerWake) {
    short_work_ += std::max<Duration>(node.cost.mean(), CostProbe::kCheap);
  } else {
    ++pool_wakes_;
  }
  for_pool_.push_back(&call);
}

void PlanRunner::submit_to_pool() {
  if (for_pool_.empty()) return;
  const auto together =
      static_cast<unsigned>((short_work_ + kWorkPerWake - Duration(1)) / kWorkPerWake);
  const unsigned wakes = pool_wakes_ + together;
  const std::size_t not_offered = for_pool_.size() - newly_offered_;
  short_work_ = {};
  pool_wakes_ = 0;
  if (pool_.submit(for_pool_, wakes + helpers_for_offered())) {
    if (wakes < not_offered && !nudge_.waiting()) timers_.set(nudge_, kNudge);
    // The limit runs from the start of the call, not from here: on_call_due() looks.
    for (PoolTask* const task : for_pool_) set_limit(static_cast<PoolCall&>(*task));
    for_pool_.clear();
    return;
  }
  // No thread could be made, and there is none.
  for (PoolTask* const task : for_pool_) {
    auto& call = static_cast<PoolCall&>(*task);
    call.permit = BreakerPermit();
    if (call.event != nullptr) {
      EventRun& event = *call.event;
      call.unlink();
      calls_[call.node].settle(event.slot, Outcome::rejected);
      settled(event, call.node);
    }
    let_go(call);
  }
  for_pool_.clear();
}

void PlanRunner::on_nudge_due(Timer& timer) noexcept {
  static_cast<Tick&>(timer).runner.pool_.nudge();
}

void PlanRunner::work_in_pool(PoolTask& task) noexcept {
  auto& call = static_cast<PoolCall&>(task);
  run_code(call);
  if constexpr (kPlantedRace) ++call.runner.begun_;  // the shard's own
  call.runner.post_(call);
}

void PlanRunner::run_code(PoolCall& call) noexcept {
  PlanRunner& runner = call.runner;
  const Duration before = call.asked ? runner.thread_time_() : Duration();
  call.begun = runner.clock_.now();
  // Relaxed: the shard only wants to know since when; everything else waits for the post.
  call.begun_at.store(call.begun.time_since_epoch().count(), std::memory_order_relaxed);
  call.status = call_one(runner.plan_[call.node].enricher, call.view, call.patch, call.arena);
  call.finished = runner.clock_.now();
  if (call.asked) call.computed = runner.thread_time_() - before;
}

void PlanRunner::on_pool_returned(Posted& posted) noexcept {
  auto& call = static_cast<PoolCall&>(posted);
  PlanRunner& runner = call.runner;
  if (call.shared) runner.shared_at_ = call.finished;
  Node& node = runner.nodes_[call.node];
  const Duration took = call.finished - call.begun;
  // One that may be called again stays in the pool: in place there is no pause between attempts.
  const PlanNode& plan_node = runner.plan_[call.node];
  if (call.asked) node.cost.answer(call.computed, took);
  if (plan_node.placement == Placement::automatic && plan_node.metadata.retry.retries == 0 &&
      node.cost.cheap_after(took) &&
      runner.state_.node(call.node).placement.move_inline(node.cost.mean())) {
    runner.state_.placement_changed();
  }
  Arena& arena = call.batch_run->batch().arena();
  EnrichStatus status = call.status;
  if (status.result == CallResult::error) status.reason = arena.copy(status.reason);
  if (call.attempts == 1) {
    runner.calls_[call.node].metrics().waited.add(call.begun - call.started);
    call.started = call.begun;
  }
  runner.ended(call, status, call.event == nullptr ? Patch(&arena) : call.patch.moved_to(arena),
               call.finished);
}

// --- how a call ends

namespace {

bool is_part_of_probe(const Call& call) {
  return call.kind == Call::Kind::batched && static_cast<const BatchedCall&>(call).batch->probes;
}

}  // namespace

// The code of a call has returned: in time, or too late. The call is used again, unless it is tried
// again.
void PlanRunner::ended(Call& call, const EnrichStatus& status, Patch&& patch, TimePoint at) {
  GuardedCall& guarded = calls_[call.node];
  timers_.remove(call);
  if (call.permit.admission() != Admission::refused) {
    if (guarded.is_failure(status, patch)) {
      guarded.breaker().failure(std::move(call.permit), at - call.started, timers_.now());
    } else {
      guarded.breaker().success(std::move(call.permit), at - call.started, timers_.now());
    }
  } else if (call.event == nullptr && !is_part_of_probe(call)) {
    guarded.metrics().late.add(1);
  }
  if (call.event != nullptr) {
    if (tries_again(call, status, at)) return;
    EventRun& event = *call.event;
    call.unlink();
    event.slot.patches[call.node] = patch;
    guarded.record(at - call.started);
    if (event.slot.times != nullptr) event.slot.times[call.node] = at - call.started;
    if (event.sampled) event.times.add_waiting(plan_[call.node], call.node, call.started, at);
    guarded.settle(event.slot, status);
    settled(event, call.node);
  }
  let_go(call);
}

bool PlanRunner::tries_again(Call& call, const EnrichStatus& status, TimePoint at) {
  if (status.result != CallResult::error || status.blames_event ||
      call.kind == Call::Kind::batched) {
    return false;
  }
  const TimePoint end = std::min(call.started + limits_.enricher[call.node], call.event->due);
  if (!calls_[call.node].breaker().closed()) return false;
  const auto pause = nodes_[call.node].retry.next(call.attempts - 1, timers_.now(), end);
  if (!pause) return false;
  call.failure = status;
  call.failed_at = at;
  call.backing_off = true;
  if (call.kind == Call::Kind::pooled) --pool_out_;
  timers_.set_at(call, timers_.now() + *pause);
  return true;
}

void PlanRunner::try_again(Call& call) {
  call.backing_off = false;
  if (call.kind == Call::Kind::pooled) ++pool_out_;
  if (!calls_[call.node].unhealthy()) call.permit = permit_for(call.node);
  if (call.permit.admission() != Admission::allowed) {  // unhealthy, or its breaker has opened
    call.permit = BreakerPermit();
    EventRun& event = *call.event;
    call.unlink();
    calls_[call.node].record(call.failed_at - call.started);
    calls_[call.node].settle(event.slot, call.failure);
    settled(event, call.node);
    let_go(call);
    return;
  }
  calls_[call.node].metrics().retries.add(1);
  if (call.kind == Call::Kind::async) {
    run_coroutine(static_cast<AsyncCall&>(call), call.event->slot);
  } else {
    queue_in_pool(static_cast<PoolCall&>(call), call.event->slot);
    submit_to_pool();
  }
}

void PlanRunner::on_call_due(Timer& timer) noexcept {
  auto& call = static_cast<Call&>(timer);
  PlanRunner& runner = call.runner;
  if (call.backing_off) {
    runner.try_again(call);
    return;
  }
  const bool is_probe = call.event == nullptr;  // its event has long gone on
  // A probe that has found no thread for so long: no event's deadline would ever take it back.
  if (is_probe && call.kind == Call::Kind::pooled &&
      runner.pool_.cancel(static_cast<PoolCall&>(call))) {
    call.permit = BreakerPermit();
    runner.let_go(call);
    return;
  }
  if (call.kind == Call::Kind::pooled && runner.starts_later(static_cast<PoolCall&>(call))) return;
  if (is_probe) {
    runner.judge_cut(call);
    runner.stop_code_of(call);
    return;
  }
  EventRun& event = *call.event;
  const std::uint32_t node = call.node;
  if (event.sampled) {
    event.times.add_waiting(runner.plan_[node], node, call.started, runner.timers_.now());
  }
  runner.calls_[node].settle(event.slot, Outcome::timeout);
  runner.abandon(call);
  runner.settled(event, node);
}

// The enricher's limit runs from the start of its call. When it rings and the call was still in the
// queue then, it is set again.
bool PlanRunner::starts_later(PoolCall& call) {
  if (call.attempts > 1) return false;  // counted from the first
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

bool PlanRunner::own_limit_passed(const Call& call) const {
  TimePoint started = call.started;
  if (call.kind == Call::Kind::pooled && call.attempts == 1) {
    const auto begun = static_cast<const PoolCall&>(call).begun_at.load(std::memory_order_relaxed);
    if (begun == 0) return false;
    started = TimePoint(Duration(begun));
  }
  return timers_.now() - started >= limits_.enricher[call.node];
}

// A call that is cut short speaks against its enricher only if its own limit has passed.
void PlanRunner::judge_cut(Call& call) {
  BreakerPermit& permit = call.kind == Call::Kind::batched
                              ? static_cast<BatchedCall&>(call).batch->permit
                              : call.permit;
  if (permit.admission() == Admission::refused) return;
  if (own_limit_passed(call)) {
    calls_[call.node].breaker().failure(std::move(permit), limits_.enricher[call.node],
                                        timers_.now());
  } else if (call.kind != Call::Kind::batched) {  // the others in the batch may still be judged
    permit = BreakerPermit();
  }
}

// The event does not wait for this call any more. The call holds its batch until it ends.
void PlanRunner::abandon(Call& call) noexcept {
  timers_.remove(call);
  judge_cut(call);
  call.unlink();
  if (call.kind == Call::Kind::looked_up) {
    auto& looked_up = static_cast<LookedUpCall&>(call);
    if (looked_up.flight == nullptr) return;  // answered just now: drain_looked_up() lets it go
    lookups_[call.node]->forget(looked_up);
    let_go(call);
    return;
  }
  const bool no_code_runs = call.backing_off || (call.kind == Call::Kind::pooled &&
                                                 pool_.cancel(static_cast<PoolCall&>(call)));
  if (no_code_runs) {
    let_go(call);
  } else {
    stop_code_of(call);
  }
}

void PlanRunner::stop_code_of(Call& call) noexcept {
  switch (call.kind) {
    case Call::Kind::async:
      static_cast<AsyncCall&>(call).context->request_stop();
      break;
    case Call::Kind::batched: {
      AsyncBatch& batch = *static_cast<BatchedCall&>(call).batch;
      if (batch.wanted == 0 || --batch.wanted == 0) batch.context->request_stop();
      break;
    }
    case Call::Kind::looked_up:
      break;
    case Call::Kind::pooled: {
      auto& pooled = static_cast<PoolCall&>(call);
      call.stuck = true;
      ++stuck_out_;
      state_.node(call.node).stuck.fetch_add(1, std::memory_order_relaxed);
      pool_.give_up(pooled);
      pooled.stop.request_stop();
      break;
    }
  }
}

// The call has ended, or never begun: nothing of it can touch its batch any more.
void PlanRunner::let_go(Call& call) {
  BatchRun& run = *call.batch_run;
  call.place = {};
  if (call.stuck) {
    state_.node(call.node).stuck.fetch_sub(1, std::memory_order_relaxed);
    --stuck_out_;
  }
  switch (call.kind) {
    case Call::Kind::async:
      --async_out_;
      async_calls_.give_back(static_cast<AsyncCall&>(call));
      break;
    case Call::Kind::batched:
      batched_calls_.give_back(static_cast<BatchedCall&>(call));
      break;
    case Call::Kind::looked_up:
      looked_up_calls_.give_back(static_cast<LookedUpCall&>(call));
      break;
    case Call::Kind::pooled: {
      auto& pooled = static_cast<PoolCall&>(call);
      if (!call.backing_off) --pool_out_;
      if (std::exchange(pooled.shared, false)) --shared_out_;
      ++pooled.use;
      arena_bytes_ +=
          pooled.arena.capacity() - std::exchange(pooled.counted_bytes, pooled.arena.capacity());
      pool_calls_.give_back(pooled);
      break;
    }
  }
  if (--run.held == 0 && run.written) events_.batch_released(run);
}

}  // namespace logbraid
