// Three independent enrichers that wait 5 ms each: what running them at the same time gains.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>

#include "benchmarks/support/rounds.h"
#include "engine/pipeline.h"
#include "enrichers/builtin.h"
#include "format/json_reader.h"
#include "logbraid/registry.h"
#include "tests/support/memory_endpoints.h"

namespace logbraid::bench {
namespace {

std::shared_ptr<const ExecutionPlan> three_delays(bool blocking) {
  Registry registry;
  require(registry.add_kind(delay_enricher()).has_value(), "kind");
  std::vector<std::string> names;
  for (const char* name : {"a", "b", "c"}) {
    EnricherMetadata metadata;
    metadata.name = name;
    const Setting settings = Setting::map(
        {{"duration", "5ms"}, {"blocking", blocking}, {"fields", Setting::map({{name, 1}})}});
    require(registry.add_instance(metadata, "delay", settings, {}).has_value(), "delay");
    names.emplace_back(name);
  }
  return *registry.resolve(names);
}

std::string numbered(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  return text;
}

struct Ran {
  std::string output;
  double seconds = 0;
  double cpu_seconds = 0;
};

double process_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Ran run(std::shared_ptr<const ExecutionPlan> plan, Mode mode, std::uint32_t window,
        const std::string& input) {
  Ran ran;
  PipelineParts parts;
  parts.source = std::make_unique<test::MemorySource>(input);
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = std::move(plan);
  parts.options.mode = mode;
  parts.options.shards = 1;
  parts.options.in_flight = window;
  parts.sink = std::make_unique<test::MemorySink>(ran.output);
  parts.local_hour = [] { return 12; };
  auto pipeline = Pipeline::create(std::move(parts));
  const double cpu = process_seconds();
  const double start = wall_seconds();
  const RunReport report = (*pipeline)->run();
  ran.seconds = wall_seconds() - start;
  ran.cpu_seconds = process_seconds() - cpu;
  for (const EnricherMetrics& enricher : report.metrics.enrichers) {
    require(enricher.outcomes[static_cast<std::size_t>(Outcome::ok)] == report.counts.read,
            "a call was not ok");
  }
  return ran;
}

void one_event_at_a_time(benchmark::State& state, bool blocking) {
  const auto plan = three_delays(blocking);
  const std::string input = numbered(100);
  for (auto _ : state) {
    std::vector<double> ratios;
    Ran sequential;
    Ran parallel;
    for (int round = 0; round < 3; ++round) {
      sequential = run(plan, Mode::sequential, 1, input);
      parallel = run(plan, Mode::parallel, 1, input);
      require(sequential.output == parallel.output, "parallel and sequential differ");
      ratios.push_back(sequential.seconds / parallel.seconds);
    }
    state.counters["speedup"] = median(ratios);
    state.counters["least"] = *std::min_element(ratios.begin(), ratios.end());
    state.counters["most"] = *std::max_element(ratios.begin(), ratios.end());
    state.counters["ms/event"] = parallel.seconds * 10;
    state.counters["sequential_ms/event"] = sequential.seconds * 10;
  }
}
void three_blocking_5ms_one_event_at_a_time(benchmark::State& state) {
  one_event_at_a_time(state, true);
}
BENCHMARK(three_blocking_5ms_one_event_at_a_time)->Iterations(1)->Unit(benchmark::kMillisecond);
void three_async_5ms_one_event_at_a_time(benchmark::State& state) {
  one_event_at_a_time(state, false);
}
BENCHMARK(three_async_5ms_one_event_at_a_time)->Iterations(1)->Unit(benchmark::kMillisecond);

// A window of w events of 5 ms allows w / 5 ms.
void three_async_5ms_window(benchmark::State& state) {
  const auto window = static_cast<std::uint32_t>(state.range(0));
  const auto plan = three_delays(false);
  constexpr int kEvents = 600'000;
  const std::string input = numbered(kEvents);
  for (auto _ : state) {
    std::vector<double> rates;
    Ran parallel;
    for (int round = 0; round < 3; ++round) {
      parallel = run(plan, Mode::parallel, window, input);
      rates.push_back(kEvents / parallel.seconds);
    }
    const Ran sequential = run(plan, Mode::sequential, window, numbered(kEvents / 4));
    require(parallel.output.starts_with(sequential.output), "parallel and sequential differ");
    state.counters["events/s"] = median(rates);
    state.counters["least"] = *std::min_element(rates.begin(), rates.end());
    state.counters["of_the_window"] = median(rates) * 0.005 / window;
    state.counters["speedup"] = sequential.seconds * 4 * median(rates) / kEvents;
    state.counters["cpu_us/event"] = parallel.cpu_seconds / kEvents * 1e6;
  }
}
BENCHMARK(three_async_5ms_window)
    ->Arg(1000)
    ->Arg(4000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
