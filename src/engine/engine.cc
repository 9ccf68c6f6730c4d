#include "logbraid/engine.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "async/thread_role.h"
#include "core/assert.h"
#include "engine/engine_state.h"

namespace logbraid {
namespace {

// Events that go to a shard together: enough to share the hop, few enough for all shards to get
// some.
constexpr std::size_t kChunk = 256;

Error refused_inside() {
  return Error(
      "an engine is not called from within an enricher or, to wait, from a coroutine that goes on "
      "on a shard: it would wait for itself");
}
Error refused_closed() { return Error("the engine is closed"); }

// One call, from the gate to its end.
class Pass {
 public:
  explicit Pass(Gate& gate) : gate_(gate.enter() ? &gate : nullptr) {}
  ~Pass() {
    if (gate_ != nullptr) gate_->leave();
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;
  explicit operator bool() const { return gate_ != nullptr; }
  // Somebody else leaves.
  void hand_over() { gate_ = nullptr; }

 private:
  Gate* gate_;
};

// A lane for as long as a call needs it.
class Lane {
 public:
  explicit Lane(EngineState& state) : state_(state), lane_(state.take_lane()) {}
  ~Lane() { state_.give_back(std::move(lane_)); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  InlineLane* operator->() { return lane_.get(); }
  const std::shared_ptr<const LifecycleThread::Lease>& lease() const { return lane_->lease(); }

 private:
  EngineState& state_;
  std::unique_ptr<InlineLane> lane_;
};

// Waits for a number of runs.
class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count) {}
  void one() {
    // Told under the lock: who waits may destroy this as soon as he sees it.
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) none_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t left_;
};

std::shared_ptr<EnrichRun> run_of(std::shared_ptr<const EnginePlan> plan, OwnedEvent event) {
  return std::make_shared<EnrichRun>(std::move(plan), std::move(event).take_batch());
}

std::shared_ptr<EnrichRun> run_of(const std::shared_ptr<const EnginePlan>& plan,
                                  std::vector<OwnedEvent> events) {
  auto batch = std::make_unique<Batch>();
  for (const OwnedEvent& each : events) batch->records().push_back({each.event(), {}, {}});
  return std::make_shared<EnrichRun>(plan, std::move(batch), std::move(events));
}

// The events in chunks, taken out of `events`.
std::vector<std::shared_ptr<EnrichRun>> chunks_of(const std::shared_ptr<const EnginePlan>& plan,
                                                  std::vector<OwnedEvent> events) {
  std::vector<std::shared_ptr<EnrichRun>> runs;
  for (auto at = events.begin(); at != events.end();) {
    const auto stop = at + std::min<std::ptrdiff_t>(kChunk, events.end() - at);
    runs.push_back(run_of(
        plan, std::vector<OwnedEvent>(std::make_move_iterator(at), std::make_move_iterator(stop))));
    at = stop;
  }
  return runs;
}

// On the caller's thread where that is enough, else on the shards; until all are done.
void run_and_wait(EngineState& state, InlineLane& lane,
                  std::vector<std::shared_ptr<EnrichRun>>& runs) {
  if (lane.plan()->all_inline()) {
    for (const auto& run : runs) lane.run(*run);
    return;
  }
  Countdown left(runs.size());
  for (const auto& run : runs) {
    run->done = [&left](const std::shared_ptr<EnrichRun>&) { left.one(); };
    state.submit(lane, run);
  }
  left.wait();
}

}  // namespace

CloseReport::CloseReport(std::shared_ptr<EngineState> state,
                         std::vector<StillRunning> still_running)
    : state_(std::move(state)), still_running_(std::move(still_running)) {}
CloseReport::CloseReport(CloseReport&& other) noexcept = default;
CloseReport::~CloseReport() {
  if (state_ != nullptr) state_->wait_until_quiet(TimePoint::max());
}
bool CloseReport::wait(Duration at_most) {
  return state_->wait_until_quiet(state_->after(at_most));
}

Engine::Engine(std::shared_ptr<EngineState> state) : state_(std::move(state)) {}
Engine::~Engine() {
  if (!state_->gate().closed()) const CloseReport report = close(Duration::max());
}

Result<std::unique_ptr<Engine>> Engine::create(const Registry& registry,
                                               std::vector<std::string> names,
                                               EngineOptions options) {
  try {
    auto state = std::make_shared<EngineState>(registry, std::move(names), std::move(options));
    if (const Result<void> opened = state->open(); !opened) return opened.error();
    return std::unique_ptr<Engine>(new Engine(std::move(state)));
  } catch (const std::system_error& failed) {
    return Error(std::string("cannot start the engine's threads: ") + failed.what());
  }
}

std::shared_ptr<const ExecutionPlan> Engine::plan() const { return Lane(*state_)->plan()->plan; }

EngineMetrics Engine::metrics() const { return state_->metrics(); }

Result<EnrichedEvent> Engine::enrich(OwnedEvent event) {
  if (thread_role() != ThreadRole::caller) return refused_inside();
  const Pass pass(state_->gate());
  if (!pass) return refused_closed();
  Lane lane(*state_);
  auto run = run_of(lane->plan(), std::move(event));
  if (lane->plan()->all_inline()) {
    lane->run(*run);
    return EnrichedEvent(std::move(run), 0);
  }
  std::vector<std::shared_ptr<EnrichRun>> runs{run};
  run_and_wait(*state_, *lane.operator->(), runs);
  return EnrichedEvent(std::move(run), 0);
}

Result<std::vector<EnrichedEvent>> Engine::enrich(std::vector<OwnedEvent> events) {
  if (thread_role() != ThreadRole::caller) return refused_inside();
  const Pass pass(state_->gate());
  if (!pass) return refused_closed();
  Lane lane(*state_);
  std::vector<EnrichedEvent> enriched;
  enriched.reserve(events.size());
  auto runs = chunks_of(lane->plan(), std::move(events));
  run_and_wait(*state_, *lane.operator->(), runs);
  for (const auto& run : runs) {
    for (std::uint32_t i = 0; i < run->events(); ++i) enriched.emplace_back(run, i);
  }
  return enriched;
}

void Engine::enrich_async(OwnedEvent event, Done done) {
  if (thread_role() == ThreadRole::enricher) return done(refused_inside());
  std::shared_ptr<EnrichRun> run;
  {
    Pass pass(state_->gate());
    if (pass) {
      Lane lane(*state_);
      run = run_of(lane->plan(), std::move(event));
      if (!lane->plan()->all_inline()) {
        // Left last, so that close() knows that `done` and what it holds are gone.
        run->done = [gate = &state_->gate(),
                     done = std::move(done)](std::shared_ptr<EnrichRun> ended) mutable {
          std::exchange(done, nullptr)(EnrichedEvent(std::move(ended), 0));
          gate->leave();
        };
        pass.hand_over();
        return state_->submit(*lane.operator->(), std::move(run));
      }
      lane->run(*run);
    }
  }
  if (run == nullptr) return done(refused_closed());
  done(EnrichedEvent(std::move(run), 0));
}

Enriching Engine::enrich_async(OwnedEvent event) { return Enriching(*this, std::move(event)); }

bool Enriching::await_suspend(std::coroutine_handle<> waiter) {
  engine_.enrich_async(std::move(event_), [this, waiter](Result<EnrichedEvent> result) {
    result_.emplace(std::move(result));
    // Acquire and release: the result is handed over with it, in either order.
    if (met_.exchange(true, std::memory_order_acq_rel)) waiter.resume();
  });
  // When the event has ended already the coroutine goes on here. Otherwise nothing of this object
  // may be touched any more: it may be gone.
  return !met_.exchange(true, std::memory_order_acq_rel);
}

std::vector<HealthReport> Engine::health() const {
  const Lane lane(*state_);
  return lane.lease() == nullptr ? std::vector<HealthReport>() : lane.lease()->reports();
}

CloseReport Engine::close(Duration within) {
  LOGBRAID_ASSERT(thread_role() == ThreadRole::caller,
                  "an engine is not closed by its own enrichers and coroutines: it waits for them");
  auto left = state_->close(within);
  return CloseReport(state_, std::move(left));
}

}  // namespace logbraid
