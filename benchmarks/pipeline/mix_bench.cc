// A mix as pipelines have it: three cheap enrichers, two that block for 2 ms, three async ones of
// 5 ms; one event in a hundred fails in one of them, one in a thousand hangs. Events come at their
// own times, whether the last ones are done or not (open loop), and latency counts from there to
// the sink.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/numbered_events.h"
#include "benchmarks/support/rounds.h"
#include "benchmarks/support/stand_ins.h"

namespace logbraid::bench {
namespace {

using std::chrono::milliseconds;

constexpr Duration kDeadline = milliseconds(100);
constexpr Duration kBlockedFor = milliseconds(300);  // a blocking call that hangs
constexpr unsigned kPoolThreads = 32;
constexpr std::size_t kFiller = 150;

// One event in a thousand hangs, in turn in an async and in a blocking enricher.
bool hangs_async(std::uint64_t event) { return event % 2000 == 777; }
bool hangs_blocking(std::uint64_t event) { return event % 2000 == 1777; }
bool hangs(std::uint64_t event) { return hangs_async(event) || hangs_blocking(event); }
bool fails(std::uint64_t event) { return event % 100 == 42; }

Script service(Duration time, Duration hang, std::function<bool(std::uint64_t)> hangs_at) {
  return [=](std::uint64_t event) {
    if (hangs_at(event)) return Act{hang, Act::How::hang};
    return Act{time, fails(event) ? Act::How::fail : Act::How::answer};
  };
}
bool never(std::uint64_t) { return false; }

std::shared_ptr<const ExecutionPlan> mix() {
  std::vector<Part> parts;
  for (const char* name : {"cheap1", "cheap2", "cheap3"}) {
    parts.push_back({name, computing(name, std::chrono::nanoseconds(200)), Placement::inline_});
  }
  const auto limited = [&](Part part) {
    part.more.timeout = kDeadline;
    parts.push_back(std::move(part));
  };
  limited({"blocking1",
           blocking("blocking1", service(milliseconds(2), kBlockedFor, hangs_blocking)),
           Placement::pool});
  limited({"blocking2", blocking("blocking2", service(milliseconds(2), kBlockedFor, never)),
           Placement::pool});
  limited(
      {"async1", waiting("async1", service(milliseconds(5), {}, hangs_async)), Placement::async});
  for (const char* name : {"async2", "async3"}) {
    limited({name, waiting(name, service(milliseconds(5), {}, never)), Placement::async});
  }
  return plan_of(parts);
}

PipelineParts parts_of(Passage& passage, std::function<double(std::size_t)> due, Order order) {
  PipelineParts parts;
  parts.source = std::make_unique<NumberedSource>(passage, std::move(due), kFiller);
  parts.sink = std::make_unique<NumberedSink>(passage);
  parts.plan = mix();
  parts.options.order = order;
  parts.options.max_parallel_threads = kPoolThreads;
  return parts;
}

// Events a second when they come as fast as they are taken.
double capacity() {
  static const double measured = [] {
    Passage passage(full_or_smoke<std::size_t>(40'000, 4'000));
    PipelineParts parts = parts_of(passage, at_once, Order::any);
    const MeasuredRun run = measured_run(std::move(parts));
    require(passage.missing == 0, "an event is lost");
    return static_cast<double>(passage.written.size()) / run.seconds;
  }();
  return measured;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<long>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Latencies of the events that were written, in ms: of those that hung, or of the others.
std::vector<double> latencies_ms(const Passage& passage, bool of_hung) {
  std::vector<double> latencies;
  for (std::size_t i = 0; i < passage.written.size(); ++i) {
    if (passage.written[i] != Passage::kNever && hangs(i) == of_hung) {
      latencies.push_back(passage.latency(i) * 1e3);
    }
  }
  return latencies;
}

void report_latency(benchmark::State& state, const Passage& passage) {
  const std::vector<double> others = latencies_ms(passage, false);
  state.counters["p50_ms"] = quantile(others, 0.5);
  state.counters["p99_ms"] = quantile(others, 0.99);
  state.counters["p99.9_ms"] = quantile(others, 0.999);
  state.counters["hung_most_ms"] = quantile(latencies_ms(passage, true), 1);
}

void steady(benchmark::State& state, Order order) {
  const double rate = capacity() / 2;
  const double seconds = full_or_smoke(8.0, 0.5);
  for (auto _ : state) {
    Passage passage(static_cast<std::size_t>(rate * seconds));
    const MeasuredRun run = measured_run(parts_of(passage, at_a_rate(rate), order));
    require(passage.missing == 0, "an event is lost");
    state.counters["capacity"] = capacity();
    state.counters["events/s"] = rate;
    report_latency(state, passage);
    report_use(state, run);
  }
}
void steady_at_half_of_the_capacity_any(benchmark::State& state) { steady(state, Order::any); }
BENCHMARK(steady_at_half_of_the_capacity_any)->Iterations(1)->Unit(benchmark::kMillisecond);
void steady_at_half_of_the_capacity_preserve(benchmark::State& state) {
  steady(state, Order::preserve);
}
BENCHMARK(steady_at_half_of_the_capacity_preserve)->Iterations(1)->Unit(benchmark::kMillisecond);

// The time of each event where `rate(second)` come a second, for so long.
std::vector<double> times_of(const std::function<double(double)>& rate, double seconds) {
  std::vector<double> times;
  for (double at = 0; at < seconds; at += 1 / rate(at)) times.push_back(at + 1e-9);
  return times;
}

struct OpenLoop {
  std::unique_ptr<Passage> passage;
  MeasuredRun run;
};
OpenLoop open_loop(const std::function<double(double)>& rate, double seconds,
                   const OverflowOptions& overflow = {}) {
  const std::vector<double> times = times_of(rate, seconds);
  OpenLoop loop;
  loop.passage = std::make_unique<Passage>(times.size());
  PipelineParts parts = parts_of(
      *loop.passage, [&](std::size_t event) { return times[event]; }, Order::any);
  parts.overflow = overflow;
  loop.run = measured_run(std::move(parts));
  const RunCounts& counts = loop.run.report.counts;
  require(loop.passage->missing == counts.dropped_in_all(), "an event is lost and not counted");
  return loop;
}

// A fifth of the capacity, and ten times that for 100 ms of each second.
void bursts(benchmark::State& state) {
  const double base = capacity() / 5;
  const auto rate = [&](double at) { return std::fmod(at, 1) < 0.1 ? 10 * base : base; };
  for (auto _ : state) {
    const OpenLoop loop = open_loop(rate, full_or_smoke(6.0, 1.0));
    report_latency(state, *loop.passage);
    report_use(state, loop.run);
  }
}
BENCHMARK(bursts)->Iterations(1)->Unit(benchmark::kMillisecond);

void ramp_to_the_capacity(benchmark::State& state) {
  const double seconds = full_or_smoke(8.0, 1.0);
  const auto rate = [&](double at) { return capacity() * (0.1 + 0.9 * at / seconds); };
  for (auto _ : state) {
    const OpenLoop loop = open_loop(rate, seconds);
    report_latency(state, *loop.passage);
    report_use(state, loop.run);
  }
}
BENCHMARK(ramp_to_the_capacity)->Iterations(1)->Unit(benchmark::kMillisecond);

// 120 % of the capacity for 10 s, then half of it. Either the source waits, and what has come waits
// there; or what does not fit into a queue of a tenth of a second is dropped, and counted.
void overload(benchmark::State& state, Overflow policy) {
  const double over = full_or_smoke(10.0, 1.0);
  const double after = full_or_smoke(6.0, 1.0);
  const auto rate = [&](double at) { return capacity() * (at < over ? 1.2 : 0.5); };
  OverflowOptions overflow;
  overflow.policy = policy;
  overflow.events = static_cast<std::uint64_t>(capacity() / 10);
  for (auto _ : state) {
    const OpenLoop loop = open_loop(rate, over + after, overflow);
    const Passage& passage = *loop.passage;
    // When the last event came that waited longer than the deadline for another reason than that it
    // hung; all after it are as usual. A source that waited still has a backlog of its own then.
    double caught_up = over;
    double last_late = over;
    for (std::size_t i = 0; i < passage.written.size(); ++i) {
      if (passage.written[i] == Passage::kNever || hangs(i) || passage.arrived[i] <= over) continue;
      const auto late = [](double seconds) {
        return seconds > std::chrono::duration<double>(kDeadline).count();
      };
      if (late(passage.taken[i] - passage.arrived[i])) caught_up = passage.taken[i];
      if (late(passage.latency(i))) last_late = std::max(last_late, passage.written[i]);
    }
    const RunCounts& counts = loop.run.report.counts;
    state.counters["normal_after_s"] = last_late - over;
    state.counters["normal_after_backlog_s"] = last_late - caught_up;
    state.counters["dropped_share"] =
        static_cast<double>(counts.dropped_in_all()) / static_cast<double>(counts.read);
    state.counters["budget_peak_MiB"] =
        static_cast<double>(loop.run.report.memory_peak) / (1024 * 1024);
    report_latency(state, passage);
    report_use(state, loop.run);
  }
}
void overload_the_source_waits(benchmark::State& state) { overload(state, Overflow::block); }
BENCHMARK(overload_the_source_waits)->Iterations(1)->Unit(benchmark::kMillisecond);
void overload_the_newest_are_dropped(benchmark::State& state) {
  overload(state, Overflow::drop_newest);
}
BENCHMARK(overload_the_newest_are_dropped)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
