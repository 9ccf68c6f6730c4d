// What it costs that the engine counts and times what an inline enricher does: GuardedCall::run()
// over a slice of events, with all it records (outcomes, one call in 64 timed, the breaker's
// counts, what the watchdog sees), against the same calls in a plain loop that notes each outcome
// in its event's row and catches what is thrown. The goal is under 10 ns a call for the difference.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "async/activity.h"
#include "benchmarks/support/rounds.h"
#include "engine/batch_run.h"
#include "engine/guarded_call.h"
#include "engine/plan_runner.h"
#include "engine/plan_state.h"
#include "logbraid/registry.h"

namespace logbraid::bench {
namespace {

constexpr std::uint32_t kSlice = PlanRunner::kInlineSlice;
constexpr int kSlices = 20'000;
constexpr int kRounds = 31;
constexpr double kCalls = double{kSlice} * kSlices;

// Nothing but the call itself: whatever it did would be the same on both sides.
class Nothing final : public SyncEnricher {
 public:
  EnrichStatus enrich(const EventView&, Patch& patch) override {
    benchmark::DoNotOptimize(&patch);
    return {};
  }
};

struct Work {
  Work() {
    auto made = std::make_shared<Nothing>();
    enricher = made.get();
    EnricherMetadata metadata;
    metadata.name = "nothing";
    metadata.placement = Placement::inline_;
    EnricherInstance instance;
    instance.enricher = std::move(made);
    require(registry.add(metadata, instance).has_value(), "the enricher is refused");
    plan = *registry.resolve(std::vector<std::string>{"nothing"});
    state = std::make_unique<PlanState>(*plan, ExecutionOptions());
    guarded = std::make_unique<GuardedCall>(*plan, 0, hour, *state);
    auto batch = std::make_unique<Batch>();
    for (std::uint32_t i = 0; i < kSlice; ++i) batch->records().push_back({Event(), {}, {}});
    run = std::make_unique<BatchRun>(std::move(batch), 1);
    for (std::uint32_t i = 0; i < kSlice; ++i) slots.push_back(run->slot(i));
  }

  void with_recording() {
    for (int i = 0; i < kSlices; ++i) {
      guarded->run(slots, run->batch().arena(), clock, now, activity);
    }
  }
  void by_hand() {
    Arena& arena = run->batch().arena();
    for (int i = 0; i < kSlices; ++i) {
      for (const Slot& slot : slots) {
        const EventView seen = guarded->view(slot, arena);
        const EnrichStatus status =
            GuardedCall::protect(arena, [&] { return enricher->enrich(seen, slot.patches[0]); });
        slot.outcomes[0] = status.result == CallResult::ok ? Outcome::ok : Outcome::no_match;
      }
    }
  }

  Registry registry;
  SyncEnricher* enricher = nullptr;
  std::shared_ptr<const ExecutionPlan> plan;
  std::unique_ptr<PlanState> state;
  const LocalHour hour = [] { return 12; };
  std::unique_ptr<GuardedCall> guarded;
  std::unique_ptr<BatchRun> run;
  std::vector<Slot> slots;
  const SteadyClock clock;
  const TimePoint now = clock.now();
  Activity activity;
};

void an_inline_call_that_is_recorded_against_one_that_is_not(benchmark::State& state) {
  Work work;
  work.with_recording();
  const EnricherMetrics counted = work.guarded->metrics().read();
  require(counted.calls() == std::uint64_t{kSlice} * kSlices, "not every call was counted");
  require(counted.timed_calls == counted.calls() / 64, "not one call in 64 was timed");
  for (auto _ : state) {
    const Compared compared = compare(
        kRounds, &thread_seconds, [&] { work.with_recording(); }, [&] { work.by_hand(); });
    state.counters["ns/call"] = compared.first / kCalls * 1e9;
    state.counters["baseline_ns/call"] = compared.second / kCalls * 1e9;
    state.counters["recording_ns/call"] = (compared.first - compared.second) / kCalls * 1e9;
    state.counters["ratio"] = compared.ratio;
    state.counters["least"] = compared.least;
    state.counters["most"] = compared.most;
  }
}
BENCHMARK(an_inline_call_that_is_recorded_against_one_that_is_not)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// Reading is what may be dear: somebody asks once in a while.
void reading_what_was_recorded(benchmark::State& state) {
  Work work;
  work.with_recording();
  for (auto _ : state) benchmark::DoNotOptimize(work.guarded->metrics().read().timed_calls);
}
BENCHMARK(reading_what_was_recorded)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace logbraid::bench
