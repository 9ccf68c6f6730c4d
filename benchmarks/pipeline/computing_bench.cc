// Enrichers of 100 us that compute and never wait (`placement: auto`), one event at a time: back to
// back, where a second core can help, and after 2 ms of rest, where waking it costs more than it
// gives. Sequential is the same pipeline in that mode. The bare pool is what such work loses where
// everybody always wakes threads.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/baseline/bare_pool.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/numbered_events.h"
#include "benchmarks/support/rounds.h"
#include "benchmarks/support/stand_ins.h"

namespace logbraid::bench {
namespace {

constexpr Duration kCall = std::chrono::microseconds(100);
constexpr double kRest = 0.002;
// Events until the engine knows what the enrichers are.
constexpr std::size_t kMeasured = 600;

std::shared_ptr<const ExecutionPlan> computing_plan(std::size_t enrichers) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < enrichers; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    parts.push_back({name, computing(name, kCall), Placement::automatic});
  }
  return plan_of(parts);
}

struct Times {
  double event = 0;  // seconds an event
  MeasuredRun run;
};

Times timed(const std::shared_ptr<const ExecutionPlan>& plan, Mode mode, std::size_t events,
            bool rests) {
  Passage passage(kMeasured + events);
  PipelineParts parts;
  parts.source = std::make_unique<NumberedSource>(
      passage, rests ? [one = one_at_a_time(passage, kRest)](
                           std::size_t event) { return event < kMeasured ? 0 : one(event); }
                     : std::function<double(std::size_t)>(at_once));
  parts.sink = std::make_unique<NumberedSink>(passage);
  parts.plan = plan;
  parts.options.mode = mode;
  parts.options.shards = 1;
  parts.options.in_flight = 1;
  Times times;
  times.run = measured_run(std::move(parts));
  for (std::uint32_t node = 0; node < plan->size(); ++node) {
    require(times.run.outcomes(node, Outcome::ok) == kMeasured + events, "a call was not ok");
  }
  if (rests) {
    std::vector<double> latencies;
    for (std::size_t i = kMeasured; i < passage.written.size(); ++i) {
      latencies.push_back(passage.latency(i));
    }
    times.event = median(latencies);
  } else {
    times.event =
        (passage.written.back() - passage.written[kMeasured - 1]) / static_cast<double>(events);
  }
  return times;
}

void report(benchmark::State& state, const std::vector<double>& ratios, double seconds) {
  state.counters["speedup"] = median(ratios);
  state.counters["least"] = *std::min_element(ratios.begin(), ratios.end());
  state.counters["most"] = *std::max_element(ratios.begin(), ratios.end());
  state.counters["us/event"] = seconds * 1e6;
}

void computing_against_sequential(benchmark::State& state) {
  const auto enrichers = static_cast<std::size_t>(state.range(0));
  const bool rests = state.range(1) != 0;
  const auto plan = computing_plan(enrichers);
  const std::size_t events = full_or_smoke<std::size_t>(rests ? 400 : 4000, 50);
  for (auto _ : state) {
    std::vector<double> ratios;
    Times parallel;
    for (int round = 0; round < full_or_smoke(5, 1); ++round) {
      const Times sequential = timed(plan, Mode::sequential, events, rests);
      parallel = timed(plan, Mode::parallel, events, rests);
      ratios.push_back(sequential.event / parallel.event);
    }
    report(state, ratios, parallel.event);
    report_use(state, parallel.run);
  }
}
BENCHMARK(computing_against_sequential)
    ->ArgNames({"enrichers", "rests"})
    ->ArgsProduct({{3, 4}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void a_bare_pool_against_sequential(benchmark::State& state) {
  const auto calls = static_cast<std::size_t>(state.range(0));
  const bool rests = state.range(1) != 0;
  const int events = full_or_smoke(400, 20);
  BarePool pool(2);
  const std::function<void(std::size_t)> call = [](std::size_t) { compute_for(kCall); };
  const auto time = [&](auto&& event) {
    double sum = 0;
    for (int i = 0; i < events; ++i) {
      if (rests) std::this_thread::sleep_for(std::chrono::duration<double>(kRest));
      const double start = wall_seconds();
      event();
      sum += wall_seconds() - start;
    }
    return sum / events;
  };
  for (auto _ : state) {
    std::vector<double> ratios;
    double seconds = 0;
    for (int round = 0; round < full_or_smoke(5, 1); ++round) {
      const double sequential = time([&] {
        for (std::size_t i = 0; i < calls; ++i) call(i);
      });
      seconds = time([&] { pool.run(calls, call); });
      ratios.push_back(sequential / seconds);
    }
    report(state, ratios, seconds);
  }
}
BENCHMARK(a_bare_pool_against_sequential)
    ->ArgNames({"calls", "rests"})
    ->ArgsProduct({{3, 4}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
