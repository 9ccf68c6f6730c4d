// Which keys a look-up's cache should keep: hits in a hundred requests, for the cache as it is and
// for other policies of the same number of entries, over the same requests.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/baseline/cache_policies.h"
#include "benchmarks/support/rounds.h"
#include "lookup/cache.h"
#include "lookup/lookup_key.h"

namespace logbraid {
namespace {

using bench::CacheKey;
using bench::require;

constexpr std::size_t kKeys = 100'000;
const std::size_t kRequests =
    std::getenv("LOGBRAID_BENCHMARK_SMOKE") == nullptr ? 2'000'000 : 50'000;

using Trace = std::vector<CacheKey>;
using Random = std::mt19937_64;

// Keys 0, 1, 2, ... with chances of 1, 1/2^s, 1/3^s, ...
class Zipf {
 public:
  explicit Zipf(double s) {
    double sum = 0;
    for (std::size_t i = 0; i < kKeys; ++i) {
      sum += std::pow(static_cast<double>(i + 1), -s);
      up_to_.push_back(sum);
    }
  }
  CacheKey operator()(Random& random) const {
    const double at = std::uniform_real_distribution<>(0, up_to_.back())(random);
    return static_cast<CacheKey>(std::upper_bound(up_to_.begin(), up_to_.end(), at) -
                                 up_to_.begin());
  }

 private:
  std::vector<double> up_to_;
};

template <class Next>
Trace trace_of(Next&& next) {
  Random random(1);
  Trace trace;
  trace.reserve(kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) trace.push_back(next(random, i));
  return trace;
}

Trace zipf(double s) {
  const Zipf draw(s);
  return trace_of([&](Random& random, std::size_t) { return draw(random); });
}

// In every 200,000 requests 20,000 in a row for keys that nobody asks for again.
Trace zipf_with_scans() {
  const Zipf draw(0.9);
  return trace_of([&](Random& random, std::size_t i) {
    return i % 200'000 >= 180'000 ? static_cast<CacheKey>(kKeys + i) : draw(random);
  });
}

// Every other request is for a key that nobody asks for again: addresses of scanners.
Trace zipf_half_once() {
  const Zipf draw(0.9);
  return trace_of([&](Random& random, std::size_t i) {
    return random() % 2 == 0 ? static_cast<CacheKey>(kKeys + i) : draw(random);
  });
}

// What is popular moves on: every 100,000 requests the 1,000 first keys give way.
Trace zipf_that_moves() {
  const Zipf draw(0.9);
  return trace_of([&](Random& random, std::size_t i) {
    return static_cast<CacheKey>((draw(random) + i / 100'000 * 1'000) % kKeys);
  });
}

Trace tenth_makes_four_fifths() {
  return trace_of([](Random& random, std::size_t) {
    const bool popular = random() % 5 != 0;
    return static_cast<CacheKey>(popular ? random() % (kKeys / 10)
                                         : kKeys / 10 + random() % (kKeys * 9 / 10));
  });
}

struct Run {
  std::size_t hits = 0;
  std::size_t entries = 0;
};

// A cache of bytes that come to about `entries`.
Run run_cache(const Trace& trace, std::size_t entries) {
  constexpr TimePoint kNow{std::chrono::hours(1)};
  const KeyHash hash_of(1);
  const std::string value(80, 'v');
  const std::size_t entry = heap_bytes(sizeof(CacheEntry) + sizeof(CacheKey) + value.size());
  Cache cache(entries * entry + CacheIndex::usual_bytes(entries));
  Answer answer;
  answer.value = value;
  answer.fresh_until = answer.stale_until = TimePoint::max();
  Run run;
  for (const CacheKey& number : trace) {
    const std::string_view key(reinterpret_cast<const char*>(&number), sizeof number);
    const std::uint64_t hash = hash_of(key);
    if (cache.find(key, hash, kNow) != nullptr) {
      ++run.hits;
    } else {
      cache.put(key, hash, answer, kNow);
    }
    run.entries = std::max(run.entries, cache.stats().entries);
  }
  require(cache.stats().bytes <= cache.max_bytes(), "the cache keeps to its bytes");
  return run;
}

template <class Policy>
double hit_percent(const Trace& trace, std::size_t entries) {
  Policy policy(entries);
  std::size_t hits = 0;
  for (const CacheKey key : trace) hits += policy.use(key) ? 1 : 0;
  require(policy.size() <= entries, "a policy keeps to its size");
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.size());
}

void compare_policies(benchmark::State& state, const std::function<Trace()>& make) {
  for (auto _ : state) {
    const Trace trace = make();
    const auto percent = [&](std::size_t hits) {
      return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.size());
    };
    const Run run = run_cache(trace, static_cast<std::size_t>(state.range(0)));
    const std::size_t most = bench::most_hits(trace, run.entries);
    require(run.hits <= most, "nobody does better than one who knows the future");
    state.counters["entries"] = static_cast<double>(run.entries);
    state.counters["cache"] = percent(run.hits);
    state.counters["s3_fifo"] = hit_percent<bench::S3Fifo>(trace, run.entries);
    state.counters["lru"] = hit_percent<bench::LeastRecentlyUsed>(trace, run.entries);
    state.counters["w_tiny_lfu"] = hit_percent<bench::WindowTinyLfu>(trace, run.entries);
    state.counters["best_possible"] = percent(most);
  }
}

#define LOGBRAID_TRACE(name, make)                \
  BENCHMARK_CAPTURE(compare_policies, name, make) \
      ->Arg(1'000)                                \
      ->Arg(5'000)                                \
      ->Arg(20'000)                               \
      ->Iterations(1)                             \
      ->Unit(benchmark::kMillisecond)

LOGBRAID_TRACE(zipf_0_7, [] { return zipf(0.7); });
LOGBRAID_TRACE(zipf_0_9, [] { return zipf(0.9); });
LOGBRAID_TRACE(zipf_1_1, [] { return zipf(1.1); });
LOGBRAID_TRACE(zipf_0_9_with_scans, zipf_with_scans);
LOGBRAID_TRACE(zipf_0_9_half_once, zipf_half_once);
LOGBRAID_TRACE(zipf_0_9_that_moves, zipf_that_moves);
LOGBRAID_TRACE(tenth_makes_four_fifths, tenth_makes_four_fifths);

}  // namespace
}  // namespace logbraid
