// How long resolving takes for 10,000 enrichers, and a look at the plan while nothing changes.
// The baseline does the least that gives an order and groups: names to numbers and Kahn's algorithm
// over declared dependencies, no fields, no edges with causes, no ancestors. `times_baseline` is
// against it on the same graph where it can order it, else on the chain.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "benchmarks/support/rounds.h"
#include "logbraid/plan_cache.h"
#include "logbraid/registry.h"

namespace logbraid {
namespace {

constexpr std::size_t kCount = 10'000;

using Graph = std::vector<EnricherMetadata>;

Graph named() {
  Graph graph(kCount);
  for (std::size_t i = 0; i < kCount; ++i) graph[i].name = "enricher_" + std::to_string(i);
  return graph;
}

Graph independent() {
  Graph graph = named();
  for (std::size_t i = 0; i < kCount; ++i) {
    graph[i].reads.emplace_back("message");
    graph[i].writes.push_back(FieldPath("out").child(graph[i].name));
  }
  return graph;
}

Graph chain() {
  Graph graph = named();
  for (std::size_t i = 1; i < kCount; ++i) graph[i].dependencies = {graph[i - 1].name};
  return graph;
}

Graph rewriting_one_field() {
  Graph graph = named();
  for (auto& metadata : graph) {
    metadata.reads.emplace_back("message");
    metadata.writes.emplace_back("message");
  }
  return graph;
}

Graph ring_of_reads() {
  Graph graph = named();
  for (std::size_t i = 0; i < kCount; ++i) {
    graph[i].reads.push_back(FieldPath::literal(graph[i].name));
    graph[i].writes.push_back(FieldPath::literal(graph[(i + 1) % kCount].name));
  }
  return graph;
}

struct Baseline {
  std::vector<std::string> order;
  std::size_t groups = 0;
};

Baseline plain_order(const Graph& graph) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < graph.size(); ++i) index.emplace(graph[i].name, i);
  std::vector<std::vector<std::size_t>> dependents(graph.size());
  std::vector<std::size_t> open(graph.size(), 0);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (const std::string& name : graph[i].dependencies) {
      dependents[index.at(name)].push_back(i);
      ++open[i];
    }
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (open[i] == 0) ready.push_back(i);
  }
  Baseline result;
  for (; !ready.empty(); ++result.groups) {
    std::stable_sort(ready.begin(), ready.end(), [&](std::size_t a, std::size_t b) {
      return graph[a].priority < graph[b].priority;
    });
    std::vector<std::size_t> next;
    for (const std::size_t i : ready) {
      result.order.push_back(graph[i].name);
      for (const std::size_t dependent : dependents[i]) {
        if (--open[dependent] == 0) next.push_back(dependent);
      }
    }
    ready = std::move(next);
  }
  return result;
}

void fill(Registry& registry, const Graph& graph) {
  for (const EnricherMetadata& metadata : graph) {
    const auto added = registry.add(
        metadata, [](const EventView&, Patch&) -> EnrichStatus { return CallResult::ok; });
    if (!added) std::abort();
  }
}

void resolve(benchmark::State& state, Graph (*make)(), std::size_t groups, std::size_t edges,
             Graph (*baseline_graph)()) {
  const Graph graph = make();
  Registry registry;
  fill(registry, graph);
  const auto names = registry.names();
  {
    const auto plan = registry.resolve(names);
    if (!plan || (*plan)->size() != kCount || (*plan)->groups().size() != groups ||
        (*plan)->edges().size() != edges) {
      state.SkipWithError("the plan is wrong");
      return;
    }
  }
  const Graph plain = baseline_graph();
  if (plain_order(plain).order.size() != kCount) {
    state.SkipWithError("the baseline is wrong");
    return;
  }
  // In turn, so that both see the same machine.
  std::chrono::steady_clock::duration ours{}, theirs{};
  std::clock_t cpu = 0;  // of ours: on a busy machine the time says more about the others
  for (auto _ : state) {
    const std::clock_t cpu_begin = std::clock();
    const auto begin = std::chrono::steady_clock::now();
    auto plan = registry.resolve(names);
    benchmark::DoNotOptimize(plan);
    const auto middle = std::chrono::steady_clock::now();
    cpu += std::clock() - cpu_begin;
    auto order = plain_order(plain);
    benchmark::DoNotOptimize(order);
    theirs += std::chrono::steady_clock::now() - middle;
    ours += middle - begin;
    state.SetIterationTime(std::chrono::duration<double>(middle - begin).count());
  }
  state.counters["cpu_ms"] = benchmark::Counter(1e3 * static_cast<double>(cpu) / CLOCKS_PER_SEC,
                                                benchmark::Counter::kAvgIterations);
  state.counters["times_baseline"] =
      std::chrono::duration<double>(ours) / std::chrono::duration<double>(theirs);
}
BENCHMARK_CAPTURE(resolve, independent, independent, 1, 0, independent)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(resolve, chain, chain, kCount, kCount - 1, chain)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(resolve, rewriting_one_field, rewriting_one_field, kCount, kCount - 1, chain)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(resolve, ring_of_reads, ring_of_reads, kCount, kCount - 1, chain)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// What a shard pays per batch, beside the least that finding a plan can be: a load of a pointer
// that another thread may change.
void snapshot_hit(benchmark::State& state) {
  Registry registry;
  fill(registry, chain());
  PlanCache cache(registry);
  PlanSnapshot snapshot(cache, registry.names());
  if (snapshot.get() == nullptr || snapshot.get()->generation() != registry.generation()) {
    state.SkipWithError("the plan is wrong");
    return;
  }
  std::atomic<const ExecutionPlan*> pointer{snapshot.get().get()};
  constexpr int kHits = 1'000'000;  // of a round
  for (auto _ : state) {
    const auto result = bench::compare(
        21, &bench::thread_seconds,
        [&] {
          for (int i = 0; i < kHits; ++i) benchmark::DoNotOptimize(snapshot.get().get());
        },
        [&] {
          for (int i = 0; i < kHits; ++i) {
            benchmark::DoNotOptimize(pointer.load(std::memory_order_acquire));
          }
        });
    state.counters["ns/hit"] = result.first / kHits * 1e9;
    state.counters["load_ns"] = result.second / kHits * 1e9;
    state.counters["ratio"] = result.ratio;
    state.counters["least"] = result.least;
    state.counters["most"] = result.most;
  }
}
BENCHMARK(snapshot_hit)->Iterations(1)->Unit(benchmark::kMillisecond);

// The shared cache itself, for ten names: a lock and a comparison of the names.
void cache_hit(benchmark::State& state) {
  Registry registry;
  fill(registry, chain());
  PlanCache cache(registry);
  auto names = registry.names();
  names.resize(10);
  const auto first = cache.get(names);
  if (!first || *first != *cache.get(names)) {
    state.SkipWithError("the plan is wrong");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(cache.get(names));
}
BENCHMARK(cache_hit);

}  // namespace
}  // namespace logbraid
