#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/enriched_event.h"
#include "logbraid/execution.h"
#include "logbraid/lifecycle.h"
#include "logbraid/metadata.h"
#include "logbraid/metrics.h"
#include "logbraid/owned_event.h"
#include "logbraid/plan.h"
#include "logbraid/registry.h"
#include "logbraid/result.h"

namespace logbraid {

class Enriching;
class EngineState;

struct EngineOptions {
  // What concerns a stream has no meaning here, where each caller gets his events back: order,
  // order_key, hold, memory_limit. Nor has an enricher's on_failure: look at outcome().
  ExecutionOptions execution;
  PlanOptions plan;
  // The hour of local time, for conditions with a time range. Unset: the hour of UTC, since the
  // library does not read TZ.
  LocalHour local_hour;
  // Called while the code of an enricher holds up a shard, and with it all other events there, for
  // 50 ms already; once each time, from a thread that exists for that. It is not called for inline
  // enrichers on a caller's own thread. It must not throw. Unset: nobody looks.
  std::function<void(std::string_view enricher, Duration lasted)> on_stall;
  // Called when an enricher's circuit breaker has become `closed`, `open` or `half_open`, and why
  // (failure_share, probes_passed ...: resilience/circuit_breaker.h): in order, for one enricher
  // one at a time, outside of locks, on a thread that runs calls, which waits for it. What it
  // throws is swallowed. It may be called until the engine's CloseReport is gone. May be empty.
  std::function<void(std::string_view enricher, std::string_view state, std::string_view cause)>
      on_breaker_change;
};

// What an engine left behind when it was closed: calls that did not end, and all they can touch.
//
// Threads:  one at a time.
// Lifetime: may outlive the engine and the registry.
// Errors:   none.
// Blocking: the destructor waits until all that is named has ended, and until the enrichers that
//           had to wait for it are stopped. A program that must not wait for somebody else's
//           blocked call leaves by std::_Exit.
class CloseReport {
 public:
  struct StillRunning {
    std::string enricher;  // empty: inline ones, of which only their thread is known
    Placement placement = Placement::inline_;
    std::uint32_t calls = 0;
    std::optional<LifecycleCode> life = {};  // then it is this, not calls, that runs
  };

  ~CloseReport();
  CloseReport(CloseReport&& other) noexcept;
  CloseReport& operator=(CloseReport&&) = delete;

  // Nothing of an enricher ran any more when close() returned.
  bool complete() const { return still_running_.empty(); }
  // What still ran then; late calls, whose events went on without them, are among it.
  const std::vector<StillRunning>& still_running() const { return still_running_; }
  // Waits until nothing runs any more; false when that took longer.
  bool wait(Duration at_most);

 private:
  friend class Engine;
  CloseReport(std::shared_ptr<EngineState> state, std::vector<StillRunning> still_running);

  std::shared_ptr<EngineState> state_;
  std::vector<StillRunning> still_running_;
};

// Runs events through the plan of some enrichers: the library's front door.
//
//   Registry registry;
//   (void)registry.add("upper", ...);
//   auto engine = Engine::create(registry, {"upper"});
//   auto enriched = (*engine)->enrich(*OwnedEvent::from_json(line));
//
// Where all enrichers of the plan are inline, an event never leaves the caller's thread. Else it
// goes to one of the engine's shards; enrichers that wait run there at the same time.
//
// The registry may change while events flow: an event that begins later takes the new plan, one
// that has begun ends on its own. When the names no longer resolve, the last plan that did stays.
//
// Enrichers with a life cycle (lifecycle.h) are started before create() returns. Those that a new
// plan brings are started first, at most as long as their start_timeout; until then events take the
// plan before it. Those that it lacks are stopped when the last call of older plans has ended.
//
// Threads:  any function from any thread at once, but for close(), from one. Two engines share
//           nothing.
// Lifetime: borrows the registry, which must outlive the engine. Outlives every call made to it,
//           coroutines included.
// Errors:   never throws (but std::bad_alloc); a failed enricher is an outcome of the event. A call
//           is refused, with an Error, after close() and from within an enricher of any engine,
//           where waiting would be a deadlock.
// Blocking: create() for the starts of enrichers. enrich() until each enricher has its outcome, at
//           most the event timeout from its turn on. The destructor lets everything end: it is
//           close() without a limit.
class Engine {
 public:
  // `names` as Registry::resolve() takes them.
  // Errors: those of Registry::resolve(); a thread that cannot be made.
  static Result<std::unique_ptr<Engine>> create(const Registry& registry,
                                                std::vector<std::string> names,
                                                EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Result<EnrichedEvent> enrich(OwnedEvent event);
  // All of them, in the same order; they run at the same time as far as the shards' windows allow.
  Result<std::vector<EnrichedEvent>> enrich(std::vector<OwnedEvent> events);

  // `co_await engine.enrich_async(event)` in any coroutine; begins when it is awaited. The
  // coroutine goes on on the shard that ended the event, or does not stop at all where the plan is
  // inline or the call is refused. On a shard it must not block: enrich() is refused there, another
  // enrich_async() is fine. Whoever wants another thread goes there himself (logbraid/asio.h does).
  // How many are under way at once is for the caller to bound; more than the shards' windows wait.
  Enriching enrich_async(OwnedEvent event);
  // The same for those who have no coroutine. `done` is called once, on the shard or before this
  // returns; it must neither block nor throw.
  using Done = std::function<void(Result<EnrichedEvent>)>;
  void enrich_async(OwnedEvent event, Done done);

  // Takes no more events; lets those begun end, and late calls too, until `within` has passed; then
  // gives up what is open (`cancelled`), tells async calls to stop, and reports what did not. Then
  // enrichers that have a life cycle are stopped, those of which no call runs any more; it waits
  // for that as long as `within` and their stop_timeout allow. Nothing of an enricher runs
  // afterwards but what the report names, and the stop of one that is named; no `done` and no
  // coroutine on a shard.
  CloseReport close(Duration within);

  // What was counted so far, over all plans there were. Also from within an enricher, after
  // close(), and while an enricher hangs: it waits for none. Takes some 100 us; no call is slower
  // for it.
  EngineMetrics metrics() const;

  // The plan for an event that began now.
  std::shared_ptr<const ExecutionPlan> plan() const;
  // How the enrichers of that plan fare that have a life cycle.
  std::vector<HealthReport> health() const;

 private:
  explicit Engine(std::shared_ptr<EngineState> state);
  std::shared_ptr<EngineState> state_;
};

// The awaitable of enrich_async().
//
// Lifetime: lives in the coroutine that awaits it, which must not be destroyed meanwhile.
class [[nodiscard]] Enriching {
 public:
  Enriching(Engine& engine, OwnedEvent event) : engine_(engine), event_(std::move(event)) {}
  Enriching(const Enriching&) = delete;
  Enriching& operator=(const Enriching&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter);
  Result<EnrichedEvent> await_resume() { return *std::move(result_); }

 private:
  Engine& engine_;
  OwnedEvent event_;
  std::optional<Result<EnrichedEvent>> result_;
  // Set by whoever comes first: the end of the event, or the end of await_suspend().
  std::atomic<bool> met_{false};
};

}  // namespace logbraid
