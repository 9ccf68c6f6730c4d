// Services that get slow or die while events come as fast as they are taken: nothing is lost by
// waiting for a slow one, and a dead one costs its own fields and nothing else.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/numbered_events.h"
#include "benchmarks/support/rounds.h"
#include "benchmarks/support/stand_ins.h"

namespace logbraid::bench {
namespace {

using std::chrono::milliseconds;

constexpr double kSlot = 0.1;  // seconds for which a throughput is counted

// Events written in each slot, a second.
std::vector<double> rates(const Passage& passage, double seconds) {
  std::vector<double> slots(static_cast<std::size_t>(seconds / kSlot), 0);
  for (const double at : passage.written) {
    const double slot = at / kSlot;
    if (slot < static_cast<double>(slots.size())) slots[static_cast<std::size_t>(slot)] += 1;
  }
  for (double& slot : slots) slot /= kSlot;
  return slots;
}
// For the plots: the throughput of each half second.
std::string text_of(const std::vector<double>& slots) {
  constexpr std::size_t kTogether = 5;
  std::string text;
  for (std::size_t i = 0; i + kTogether <= slots.size(); i += kTogether) {
    const auto first = slots.begin() + static_cast<long>(i);
    const double sum = std::accumulate(first, first + kTogether, 0.0);
    text += std::to_string(static_cast<long>(sum / kTogether)) + " ";
  }
  return text;
}
// For what comes in steps longer than a slot.
double mean_between(const std::vector<double>& slots, double from, double to) {
  const auto first = slots.begin() + static_cast<long>(from / kSlot);
  const auto last = slots.begin() + static_cast<long>(to / kSlot);
  return std::accumulate(first, last, 0.0) / static_cast<double>(last - first);
}
double median_between(const std::vector<double>& slots, double from, double to) {
  return median({slots.begin() + static_cast<long>(from / kSlot),
                 slots.begin() + static_cast<long>(to / kSlot)});
}

// Comes to an end after so many seconds.
class EndingSource final : public Source {
 public:
  EndingSource(Passage& passage, double seconds)
      : source_(passage, at_once), passage_(passage), seconds_(seconds) {}
  Result<std::size_t> read(std::span<char> into) override {
    if (begun_ && wall_seconds() - passage_.start >= seconds_) return std::size_t{0};
    begun_ = true;
    return source_.read(into.subspan(0, std::min<std::size_t>(into.size(), 2048)));
  }
  void interrupt() noexcept override {}
  std::string description() const override { return "ending"; }

 private:
  NumberedSource source_;
  const Passage& passage_;
  const double seconds_;
  bool begun_ = false;
};

void a_service_that_slows_down(benchmark::State& state) {
  const double fast = full_or_smoke(3.0, 0.5);
  const double slow = full_or_smoke(8.0, 1.5);
  for (auto _ : state) {
    Passage passage(1'000'000);
    // 5 ms at first, then 200.
    const Script script = [&](std::uint64_t) {
      const bool is_fast = wall_seconds() - passage.start < fast;
      return Act{is_fast ? milliseconds(5) : milliseconds(200), Act::How::answer};
    };
    Part service{"service", waiting("service", script), Placement::async};
    service.more.bulkhead.max_in_flight = 64;
    PipelineParts parts;
    parts.source = std::make_unique<EndingSource>(passage, fast + slow);
    parts.sink = std::make_unique<NumberedSink>(passage);
    parts.plan = plan_of({service});
    parts.options.shards = 1;
    parts.options.in_flight = 4096;
    const MeasuredRun run = measured_run(std::move(parts));
    const std::vector<double> slots = rates(passage, fast + slow);
    state.SetLabel(text_of(slots));
    state.counters["lost"] =
        static_cast<double>(run.report.counts.read - run.outcomes(0, Outcome::ok));
    state.counters["events/s_at_5ms"] = mean_between(slots, fast / 3, fast);
    state.counters["events/s_at_200ms"] = mean_between(slots, fast + slow / 2, fast + slow);
    report_use(state, run);
  }
}
BENCHMARK(a_service_that_slows_down)->Iterations(1)->Unit(benchmark::kMillisecond);

// Two services of 5 ms; one hangs to its timeout for a minute, then answers again.
void a_service_that_is_dead_for_a_minute(benchmark::State& state) {
  const double dies = full_or_smoke(4.0, 1.0);
  const double dead = full_or_smoke(60.0, 3.0);
  const double after = full_or_smoke(6.0, 1.0);
  for (auto _ : state) {
    Passage passage(6'000'000);
    const Script mortal = [&](std::uint64_t) {
      const double at = wall_seconds() - passage.start;
      const bool is_dead = at >= dies && at < dies + dead;
      return Act{milliseconds(5), is_dead ? Act::How::hang : Act::How::answer};
    };
    const Script well = [](std::uint64_t) { return Act{milliseconds(5), Act::How::answer}; };
    Part first{"mortal", waiting("mortal", mortal), Placement::async};
    first.more.timeout = milliseconds(100);
    PipelineParts parts;
    parts.source = std::make_unique<EndingSource>(passage, dies + dead + after);
    parts.sink = std::make_unique<NumberedSink>(passage);
    parts.plan = plan_of({first, {"well", waiting("well", well), Placement::async}});
    parts.options.shards = 1;
    parts.options.in_flight = 200;
    const MeasuredRun run = measured_run(std::move(parts));
    const std::vector<double> slots = rates(passage, dies + dead + after);
    const double usual = median_between(slots, dies / 2, dies);
    // From the first slot on after which half a second in a row is as usual.
    constexpr int kInARow = 5;
    double back = dead;
    const auto first_dead = static_cast<std::size_t>(dies / kSlot);
    int fine = 0;
    for (std::size_t i = first_dead; i < slots.size() && fine < kInARow; ++i) {
      fine = slots[i] >= 0.95 * usual ? fine + 1 : 0;
      if (fine == kInARow) back = static_cast<double>(i + 1 - kInARow - first_dead) * kSlot;
    }
    require(run.outcomes(1, Outcome::ok) == run.report.counts.read, "the other was harmed");
    state.SetLabel(text_of(slots));
    state.counters["back_after_s"] = back;
    state.counters["events/s_before"] = usual;
    state.counters["events/s_while_dead"] = median_between(slots, dies + dead / 2, dies + dead);
    state.counters["events/s_afterwards"] =
        median_between(slots, dies + dead + after / 2, dies + dead + after);
    state.counters["timeouts"] = static_cast<double>(run.outcomes(0, Outcome::timeout));
    state.counters["breaker_open"] = static_cast<double>(run.outcomes(0, Outcome::breaker_open));
    report_use(state, run);
  }
}
BENCHMARK(a_service_that_is_dead_for_a_minute)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
