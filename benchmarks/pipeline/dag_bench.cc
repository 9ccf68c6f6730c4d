// Random graphs of async enrichers, 2 to 20 of 1 to 10 ms, 1 to 6 deep, one event at a time: how
// long an event takes beside the longest way through its graph by the measured times of its calls,
// with `schedule: ready` and with `levels`. And a slow enricher beside a chain: when the chain's
// end has its result.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/numbered_events.h"
#include "benchmarks/support/rounds.h"
#include "benchmarks/support/stand_ins.h"

namespace logbraid::bench {
namespace {

using std::chrono::milliseconds;

Script takes(Duration time) {
  return [time](std::uint64_t) { return Act{time, Act::How::answer}; };
}

// Each node but those of the first layer depends on one of the layer before, and perhaps on others.
std::shared_ptr<const ExecutionPlan> random_plan(std::mt19937& random) {
  const auto between = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  const int nodes = between(2, 20);
  const int depth = between(1, std::min(6, nodes));
  std::vector<std::vector<std::string>> layers(static_cast<std::size_t>(depth));
  std::vector<Part> parts;
  for (int i = 0; i < nodes; ++i) {
    // The first of each layer makes it as deep as it should be.
    const auto layer = static_cast<std::size_t>(i < depth ? i : between(0, depth - 1));
    std::string name = "e" + std::to_string(i);
    Part part{name, waiting(name, takes(milliseconds(between(1, 10)))), Placement::async};
    if (layer != 0) {
      const auto& before = layers[layer - 1];
      part.dependencies.push_back(
          before[static_cast<std::size_t>(between(0, static_cast<int>(before.size()) - 1))]);
      for (std::size_t other = 0; other < layer; ++other) {
        if (between(0, 2) == 0 && layers[other].front() != part.dependencies.front()) {
          part.dependencies.push_back(layers[other].front());
        }
      }
    }
    layers[layer].push_back(name);
    parts.push_back(std::move(part));
  }
  return plan_of(parts);
}

MeasuredRun run(std::shared_ptr<const ExecutionPlan> plan, Schedule schedule, std::size_t events) {
  Passage passage(events);
  PipelineParts parts;
  parts.source = std::make_unique<NumberedSource>(passage, at_once);
  parts.sink = std::make_unique<NumberedSink>(passage);
  parts.plan = std::move(plan);
  parts.options.schedule = schedule;
  parts.options.shards = 1;
  parts.options.in_flight = 1;
  MeasuredRun ran = measured_run(std::move(parts));
  require(passage.missing == 0, "an event did not come out");
  return ran;
}

double over_critical_path(const MeasuredRun& ran) {
  const EventMetrics& events = ran.report.metrics.events;
  return std::chrono::duration<double>(events.wall) /
         std::chrono::duration<double>(events.critical_path);
}

void random_graphs(benchmark::State& state) {
  const int graphs = full_or_smoke(30, 2);
  const std::size_t events = full_or_smoke<std::size_t>(15, 3);
  for (auto _ : state) {
    std::mt19937 random(4711);
    std::vector<double> ready;
    std::vector<double> levels;
    MeasuredRun last;
    for (int i = 0; i < graphs; ++i) {
      const auto plan = random_plan(random);
      last = run(plan, Schedule::ready, events);
      ready.push_back(over_critical_path(last));
      levels.push_back(over_critical_path(run(plan, Schedule::levels, events)));
    }
    state.counters["ready"] = median(ready);
    state.counters["ready_most"] = *std::max_element(ready.begin(), ready.end());
    state.counters["levels"] = median(levels);
    state.counters["levels_most"] = *std::max_element(levels.begin(), levels.end());
    report_use(state, last);
  }
}
BENCHMARK(random_graphs)->Iterations(1)->Unit(benchmark::kMillisecond);

// A chain of five times 2 ms beside one of 50 ms: how long after its first the chain's last ended.
double chain_seconds(Schedule schedule, std::size_t events, MeasuredRun& ran) {
  constexpr int kLast = 5;
  // Everything runs on one shard: nobody else touches these.
  std::vector<double> began(events);
  std::vector<double> took;
  const auto script = [&](int link) -> Script {
    return [&, link](std::uint64_t event) {
      if (link == 0) began[event] = wall_seconds();
      if (link == kLast) took.push_back(wall_seconds() - began[event]);
      return Act{milliseconds(link == kLast ? 0 : 2), Act::How::answer};
    };
  };
  std::vector<Part> parts;
  parts.push_back({"slow", waiting("slow", takes(milliseconds(50))), Placement::async});
  for (int link = 0; link <= kLast; ++link) {
    const std::string name = "c" + std::to_string(link);
    Part part{name, waiting(name, script(link)), Placement::async};
    if (link != 0) part.dependencies = {"c" + std::to_string(link - 1)};
    parts.push_back(std::move(part));
  }
  ran = run(plan_of(parts), schedule, events);
  require(took.size() == events, "a chain did not end");
  return median(took);
}

void a_slow_one_beside_a_chain(benchmark::State& state) {
  const std::size_t events = full_or_smoke<std::size_t>(40, 3);
  for (auto _ : state) {
    MeasuredRun ran;
    state.counters["levels_ms"] = chain_seconds(Schedule::levels, events, ran) * 1e3;
    state.counters["ready_ms"] = chain_seconds(Schedule::ready, events, ran) * 1e3;
    state.counters["chain_ms"] = 10;
    report_use(state, ran);
  }
}
BENCHMARK(a_slow_one_beside_a_chain)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
