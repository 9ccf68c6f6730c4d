// How well a limit on requests in flight fits a service that changes, in simulated time: what is
// built against additive increase with multiplicative decrease, and against a gradient of averages.
// answers_percent: of what the service could do; times_work: mean latency in times of the work.
#include <benchmark/benchmark.h>

#include <string>

#include "benchmarks/baseline/limit_policies.h"
#include "benchmarks/support/rounds.h"
#include "lookup/adaptive_limit.h"
#include "tests/support/simulated_service.h"

namespace logbraid {
namespace {

constexpr std::uint32_t kFirst = 8;
constexpr std::uint32_t kMost = 256;

AdaptiveLimit adaptive() {
  AdaptiveLimitOptions options;
  options.first = kFirst;
  options.most = kMost;
  return AdaptiveLimit(options);
}

// Argument 0: the part of the work that varies, in percent.
template <class Limit>
void eventful_day(benchmark::State& state, const Limit& limit) {
  for (auto _ : state) {
    test::SimulatedService<Limit> service(limit, static_cast<double>(state.range(0)) / 100, 1);
    int number = 0;
    for (const test::ServicePhase& phase : test::kEventfulDay) {
      const test::PhaseResult result = service.run(phase, test::kPhaseLength);
      bench::require(result.answers <= 1.1, "a service does no more than it can");
      bench::require(result.limit >= 1 && result.limit <= kMost, "the limit keeps its bounds");
      const std::string name = std::to_string(++number) + " " + phase.name + ": ";
      state.counters[name + "answers_percent"] = 100 * result.answers;
      state.counters[name + "times_work"] = result.latency;
      state.counters[name + "overloaded_percent"] = 100 * result.overloaded;
      state.counters[name + "limit"] = result.limit;
    }
  }
}

void ask_and_tell(benchmark::State& state) {
  AdaptiveLimit limit = adaptive();
  TimePoint now{std::chrono::hours(1)};
  for (auto _ : state) {
    limit.answered(now += std::chrono::microseconds(600), std::chrono::milliseconds(10),
                   limit.limit());
  }
  bench::require(limit.limit() >= kFirst / 2, "nothing takes anything off");
}

#define LOGBRAID_DAY(name, limit)              \
  BENCHMARK_CAPTURE(eventful_day, name, limit) \
      ->ArgName("varies")                      \
      ->Arg(30)                                \
      ->Arg(100)                               \
      ->Iterations(1)                          \
      ->Unit(benchmark::kMillisecond)

LOGBRAID_DAY(adaptive, adaptive());
LOGBRAID_DAY(additive, bench::AdditiveLimit(kFirst, kMost));
LOGBRAID_DAY(gradient, bench::GradientLimit(kFirst, kMost));
BENCHMARK(ask_and_tell);

}  // namespace
}  // namespace logbraid
