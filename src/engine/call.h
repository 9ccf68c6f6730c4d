#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "async/loop.h"
#include "engine/event_run.h"
#include "engine/pool.h"
#include "logbraid/arena.h"
#include "logbraid/async_context.h"
#include "logbraid/enricher.h"
#include "logbraid/event_view.h"
#include "logbraid/patch.h"
#include "logbraid/task.h"
#include "logbraid/timer.h"
#include "lookup/lookup_enricher.h"
#include "resilience/bulkhead.h"
#include "resilience/circuit_breaker.h"

namespace logbraid {

// One call that has started and not ended, of the pool or of the loop. Its event lets go of it when
// a deadline passes; it holds its batch until it has ended.
struct Call : Timer {
  enum class Kind : std::uint8_t { async, batched, pooled, looked_up };

  Call(PlanRunner& owner, Kind what, Fire on_due) : Timer(on_due), runner(owner), kind(what) {}

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
  const Kind kind;
  EventRun* event = nullptr;  // null: nobody waits for the result (any more)
  Call* previous_call = nullptr;
  Call* next_call = nullptr;
  BatchRun* batch_run = nullptr;
  std::uint32_t node = 0;
  std::uint32_t attempts = 0;  // made already
  bool backing_off = false;    // between two attempts: no code of the enricher runs
  bool stuck = false;          // its thread was replaced
  TimePoint started;           // of the first attempt
  EnrichStatus failure;        // of the last attempt, while backing off
  TimePoint failed_at;
  BreakerPermit permit;   // of a call for one event
  Bulkhead::Place place;  // the same
  EventView view;
  Patch patch;
};

// A coroutine for one event.
struct AsyncCall : Call {
  AsyncCall(PlanRunner& owner, Fire on_due) : Call(owner, Kind::async, on_due) {}
  std::optional<AsyncContext> context;
  std::optional<Task<EnrichStatus>> task;
};

struct AsyncBatch;

// One event's part in a coroutine for many.
struct BatchedCall : Call {
  BatchedCall(PlanRunner& owner, Fire on_due) : Call(owner, Kind::batched, on_due) {}
  AsyncBatch* batch = nullptr;
};

// A coroutine for many events, which may be of several batches: what it writes stands in an arena
// of its own.
struct AsyncBatch {
  explicit AsyncBatch(PlanRunner& owner) : runner(owner) {}
  PlanRunner& runner;
  std::uint32_t node = 0;
  std::uint32_t wanted = 0;  // parts whose events still wait
  bool probes = false;       // no event ever waited
  TimePoint started;
  BreakerPermit permit;
  Bulkhead::Place place;
  Arena arena;
  std::size_t counted_bytes = 0;  // of the arena, in the runner's sum
  std::vector<BatchedCall*> parts;
  std::vector<BatchCall> calls;
  std::optional<AsyncContext> context;
  std::optional<Task<EnrichStatus>> task;
};

// One event that waits for the look-up layer, which keeps the time: breaker, limits and requests
// are below its cache. What it gives is written where the event's patch is, for it gives nothing
// when it was told to forget the call.
struct LookedUpCall : Call, LookupCall {
  LookedUpCall(PlanRunner& owner, Fire on_due, LookupCall::Ended when_ended)
      : Call(owner, Kind::looked_up, on_due), LookupCall(when_ended) {}
};

// Invariant: from submit() to the post back only the pool thread touches `arena`, `patch`, `status`
//            and the times; the pool's lock and the loop's inbox hand them over. `event` is the
//            shard's alone.
struct PoolCall : Call, PoolTask, Posted {
  PoolCall(PlanRunner& owner, Fire on_due, PoolTask::Run work, Posted::Run returned)
      : Call(owner, Kind::pooled, on_due), PoolTask(work), Posted(returned) {}

  Arena arena;
  std::size_t counted_bytes = 0;  // of the arena, in the runner's sum
  std::stop_source stop;
  std::stop_token stop_token;
  EnrichStatus status;
  std::atomic<Duration::rep> begun_at{0};  // since the clock's epoch; 0: still queued
  TimePoint begun;
  TimePoint finished;
  bool asked = false;     // how long its thread computes
  Duration computed{};    // the answer
  bool shared = false;    // the shard may take it back and run it itself
  std::uint64_t use = 0;  // raised when it has ended: who remembers an older one means another call
};

}  // namespace logbraid
