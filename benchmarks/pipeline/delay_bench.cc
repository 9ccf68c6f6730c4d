// Independent enrichers that wait 5 ms each: what running them at the same time gains, against the
// same pipeline in sequence and against a hand-made pool and loop without events, patches, order
// and outcomes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/baseline/bare_loop.h"
#include "benchmarks/baseline/bare_pool.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "enrichers/builtin.h"
#include "logbraid/registry.h"
#include "tests/support/memory_endpoints.h"

namespace logbraid::bench {
namespace {

constexpr auto kDelay = std::chrono::milliseconds(5);

// `calls`: of one enricher at a time.
std::shared_ptr<const ExecutionPlan> delays(unsigned count, bool blocking, std::uint32_t calls) {
  Registry registry;
  require(registry.add_kind(delay_enricher()).has_value(), "kind");
  std::vector<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    EnricherMetadata metadata;
    metadata.name = std::string(1, static_cast<char>('a' + i));
    if (!blocking) metadata.bulkhead.max_in_flight = calls;
    names.push_back(metadata.name);
    const Setting settings = Setting::map({{"duration", "5ms"},
                                           {"blocking", blocking},
                                           {"fields", Setting::map({{metadata.name, 1}})}});
    require(registry.add_instance(metadata, "delay", settings, {}).has_value(), "delay");
  }
  return *registry.resolve(names);
}

std::string numbered(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  return text;
}

MeasuredRun run(std::shared_ptr<const ExecutionPlan> plan, Mode mode, std::uint32_t window,
                const std::string& input, std::string& output) {
  const auto nodes = plan->size();
  PipelineParts parts;
  parts.source = std::make_unique<test::MemorySource>(input);
  parts.plan = std::move(plan);
  parts.options.mode = mode;
  parts.options.shards = 1;
  parts.options.in_flight = window;
  parts.options.max_calls = 3 * window;
  parts.options.max_parallel_threads = 8;
  output.clear();
  output.reserve(input.size() * 4);
  parts.sink = std::make_unique<test::MemorySink>(output);
  MeasuredRun ran = measured_run(std::move(parts));
  for (std::uint32_t node = 0; node < nodes; ++node) {
    require(ran.outcomes(node, Outcome::ok) == ran.report.counts.read, "a call was not ok");
  }
  return ran;
}

void report(benchmark::State& state, const char* name, const std::vector<double>& values) {
  state.counters[name] = median(values);
  state.counters["least"] = *std::min_element(values.begin(), values.end());
  state.counters["most"] = *std::max_element(values.begin(), values.end());
}

void one_event_at_a_time(benchmark::State& state, bool blocking, unsigned enrichers) {
  const auto plan = delays(enrichers, blocking, 1);
  const std::string input = numbered(full_or_smoke<std::size_t>(60, 5));
  for (auto _ : state) {
    std::vector<double> ratios;
    std::string expected;
    std::string output;
    MeasuredRun parallel;
    for (int round = 0; round < full_or_smoke(3, 1); ++round) {
      const MeasuredRun sequential = run(plan, Mode::sequential, 1, input, expected);
      parallel = run(plan, Mode::parallel, 1, input, output);
      require(output == expected, "parallel and sequential differ");
      ratios.push_back(sequential.seconds / parallel.seconds);
    }
    report(state, "speedup", ratios);
    const EventMetrics& events = parallel.report.metrics.events;
    state.counters["over_critical_path"] = std::chrono::duration<double>(events.wall) /
                                           std::chrono::duration<double>(events.critical_path);
    report_use(state, parallel);
  }
}
void blocking_one_event_at_a_time(benchmark::State& state) {
  one_event_at_a_time(state, true, static_cast<unsigned>(state.range(0)));
}
BENCHMARK(blocking_one_event_at_a_time)
    ->ArgName("enrichers")
    ->Arg(3)
    ->Arg(8)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
void async_one_event_at_a_time(benchmark::State& state) { one_event_at_a_time(state, false, 3); }
BENCHMARK(async_one_event_at_a_time)->Iterations(1)->Unit(benchmark::kMillisecond);

// What is to be had: as many threads as functions, and nothing else.
void a_bare_pool_one_event_at_a_time(benchmark::State& state) {
  const auto calls = static_cast<unsigned>(state.range(0));
  const int events = full_or_smoke(60, 5);
  BarePool pool(calls);
  const std::function<void(std::size_t)> call = [](std::size_t) {
    std::this_thread::sleep_for(kDelay);
  };
  for (auto _ : state) {
    const Compared compared = compare(
        full_or_smoke(3, 1), &wall_seconds,
        [&] {
          for (unsigned i = 0; i < static_cast<unsigned>(events) * calls; ++i) call(0);
        },
        [&] {
          for (int i = 0; i < events; ++i) pool.run(calls, call);
        });
    state.counters["speedup"] = compared.ratio;
    state.counters["least"] = compared.least;
    state.counters["most"] = compared.most;
  }
}
BENCHMARK(a_bare_pool_one_event_at_a_time)
    ->ArgName("calls")
    ->Arg(3)
    ->Arg(8)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// A window of w events of 5 ms allows w / 5 ms. Each call has its deadline and its breaker.
void three_async_in_a_window(benchmark::State& state) {
  const auto window = static_cast<std::uint32_t>(state.range(0));
  const auto plan = delays(3, false, window);
  const std::size_t events = full_or_smoke<std::size_t>(600'000, 20'000);
  const std::string input = numbered(events);
  for (auto _ : state) {
    std::vector<double> rates;
    std::vector<double> cpu;
    std::vector<double> bare_rates;
    std::vector<double> bare_cpu;
    std::string output;
    MeasuredRun parallel;
    for (int round = 0; round < full_or_smoke(3, 1); ++round) {
      const BareLoopResult bare = run_bare_loop(events, window);
      require(bare.waits == 3 * events, "a wait of the bare loop is missing");
      bare_rates.push_back(static_cast<double>(events) / bare.seconds);
      bare_cpu.push_back(bare.cpu_seconds / static_cast<double>(events) * 1e6);
      parallel = run(plan, Mode::parallel, window, input, output);
      rates.push_back(static_cast<double>(events) / parallel.seconds);
      cpu.push_back(parallel.cpu_seconds / static_cast<double>(events) * 1e6);
    }
    std::string expected;
    const std::size_t fewer = events / 10;
    const MeasuredRun sequential = run(plan, Mode::sequential, window, numbered(fewer), expected);
    require(output.starts_with(expected), "parallel and sequential differ");
    report(state, "events/s", rates);
    state.counters["of_the_window"] = median(rates) * 0.005 / window;
    state.counters["speedup"] = sequential.seconds / static_cast<double>(fewer) * median(rates);
    state.counters["cpu_us/event"] = median(cpu);
    const EventMetrics& measured = parallel.report.metrics.events;
    state.counters["over_critical_path"] = std::chrono::duration<double>(measured.wall) /
                                           std::chrono::duration<double>(measured.critical_path);
    state.counters["bare_events/s"] = median(bare_rates);
    state.counters["bare_cpu_us/event"] = median(bare_cpu);
    report_use(state, parallel);
  }
}
BENCHMARK(three_async_in_a_window)
    ->ArgName("window")
    ->Arg(1000)
    ->Arg(4000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
