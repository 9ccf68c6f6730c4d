// What a closed circuit breaker costs a call: asking for leave, and counting how it ended. The
// baseline is the same loop with a plain bool to ask and a plain number to count in; both go
// through the same calls, in turn, on one thread.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <utility>

#include "benchmarks/support/rounds.h"
#include "resilience/breaker_front.h"

namespace logbraid {
namespace {

using bench::compare;
using bench::require;
using bench::thread_seconds;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRounds = 41;
constexpr std::uint32_t kCalls = 200'000;
constexpr Duration kTook = milliseconds(1);

struct Plain {
  bool open = false;
  std::uint64_t calls = 0;
};

struct Bench {
  CircuitBreaker breaker{BreakerOptions(), seconds(1), 1};
  BreakerFront front{breaker};
  TimePoint now{hours(1)};
  Plain plain;

  // Known to the compiler as somebody else's too, so that each call reads it anew.
  Bench() { benchmark::DoNotOptimize(this); }
  // As a shard does: one look at the clock serves many calls.
  void tick() { now += milliseconds(1); }
};

std::uint64_t counted(Bench& bench) {
  bench.now += BreakerFront::kMergeEvery;
  bench.front.merge(bench.now);
  return bench.breaker.stats().window.calls;
}

std::uint64_t plain_asks(Bench& bench) {
  std::uint64_t allowed = 0;
  for (std::uint32_t i = 0; i < kCalls; ++i) {
    if (!bench.plain.open) ++allowed;
    benchmark::ClobberMemory();
  }
  return allowed;
}

std::uint64_t breaker_asks(Bench& bench) {
  std::uint64_t allowed = 0;
  for (std::uint32_t i = 0; i < kCalls; ++i) {
    if (bench.front.try_acquire(bench.now).admission() == Admission::allowed) ++allowed;
    benchmark::ClobberMemory();
  }
  return allowed;
}

void plain_calls(Bench& bench) {
  for (std::uint32_t i = 0; i < kCalls; ++i) {
    if (!bench.plain.open) ++bench.plain.calls;
    benchmark::ClobberMemory();
  }
}

void breaker_calls(Bench& bench) {
  for (std::uint32_t i = 0; i < kCalls; ++i) {
    BreakerPermit permit = bench.front.try_acquire(bench.now);
    benchmark::ClobberMemory();
    bench.front.success(std::move(permit), kTook, bench.now);
    benchmark::ClobberMemory();
  }
}

// In slices of 16 events, as inline enrichers run.
void breaker_slices(Bench& bench) {
  for (std::uint32_t i = 0; i < kCalls; i += 16) {
    if (bench.front.closed()) bench.front.successes(16, bench.now);
    benchmark::ClobberMemory();
  }
}

void breaker_refuses(Bench& bench) {
  for (std::uint32_t i = 0; i < kCalls; ++i) {
    benchmark::DoNotOptimize(bench.front.try_acquire(bench.now).admission());
  }
}

void report(benchmark::State& state, const bench::Compared& result) {
  state.counters["ns_call"] = result.first * 1e9 / kCalls;
  state.counters["ns_baseline"] = result.second * 1e9 / kCalls;
  state.counters["ns_more"] = (result.first - result.second) * 1e9 / kCalls;
  state.counters["times_baseline"] = result.ratio;
  state.counters["least"] = result.least;
  state.counters["most"] = result.most;
}

template <class Work, class Baseline>
void run(benchmark::State& state, Bench& bench, Work work, Baseline baseline) {
  for (auto _ : state) {
    report(state, compare(
                      kRounds, thread_seconds,
                      [&] {
                        work(bench);
                        bench.tick();
                      },
                      [&] { baseline(bench); }));
  }
}

void ask_closed(benchmark::State& state) {
  Bench bench;
  require(breaker_asks(bench) == kCalls && plain_asks(bench) == kCalls, "all are allowed");
  run(
      state, bench, [](Bench& b) { benchmark::DoNotOptimize(breaker_asks(b)); },
      [](Bench& b) { benchmark::DoNotOptimize(plain_asks(b)); });
}

void ask_and_count_closed(benchmark::State& state) {
  Bench bench;
  breaker_calls(bench);
  require(counted(bench) == kCalls, "each call is counted once");
  run(state, bench, breaker_calls, plain_calls);
  require(bench.breaker.state() == BreakerState::closed, "successes keep it closed");
}

void slices_of_16_closed(benchmark::State& state) {
  Bench bench;
  breaker_slices(bench);
  require(counted(bench) == kCalls, "each call is counted once");
  run(state, bench, breaker_slices, plain_calls);
}

void ask_open(benchmark::State& state) {
  Bench bench;
  for (int i = 0; i < 5; ++i) {
    bench.front.failure(bench.front.try_acquire(bench.now), kTook, bench.now);
  }
  require(bench.breaker.state() == BreakerState::open, "five in a row open it");
  breaker_refuses(bench);
  static_cast<void>(counted(bench));
  require(bench.breaker.stats().refused == kCalls, "all are refused");
  run(state, bench, breaker_refuses, [](Bench& b) { benchmark::DoNotOptimize(plain_asks(b)); });
  require(bench.breaker.state() == BreakerState::open, "nobody waits so long here");
}

BENCHMARK(ask_closed)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(ask_and_count_closed)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(slices_of_16_closed)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(ask_open)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid
