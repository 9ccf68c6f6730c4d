// What the cache of a look-up costs: a find that hits, against the same keys and answers in
// boost::unordered_flat_map and std::unordered_map, which bound nothing; and a put that must drop
// something first.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "benchmarks/support/rounds.h"
#include "lookup/cache.h"
#include "lookup/lookup_key.h"

namespace logbraid {
namespace {

using bench::compare;
using bench::require;
using bench::thread_seconds;

constexpr std::size_t kEntries = 100'000;
constexpr std::size_t kFinds = 200'000;
constexpr int kRounds = 21;
constexpr TimePoint kNow{std::chrono::hours(1)};
constexpr TimePoint kLater = kNow + std::chrono::hours(1);
const KeyHash kHash(1);

struct HashOfKey {
  using is_avalanching = void;
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return kHash(key); }
};
struct Kept {
  TimePoint fresh_until;
  std::string value;
};
using FlatMap = boost::unordered_flat_map<std::string, Kept, HashOfKey, std::equal_to<>>;
using StandardMap = std::unordered_map<std::string, Kept, HashOfKey, std::equal_to<>>;

// Side by side in memory, so that reading them costs little.
struct Key {
  std::array<char, 20> bytes;
  std::string_view text() const { return {bytes.data(), bytes.size()}; }
};

Key key_of(std::size_t number) {
  Key key;
  std::copy_n("user:0000000000000000", key.bytes.size(), key.bytes.begin());
  for (std::size_t at = key.bytes.size(); number != 0; number /= 10) {
    key.bytes[--at] = static_cast<char>('0' + number % 10);
  }
  return key;
}

Answer answer_of(std::string_view value) {
  Answer answer;
  answer.value = value;
  answer.fresh_until = answer.stale_until = kLater;
  return answer;
}

struct Bench {
  explicit Bench(std::size_t asked_for) : cache(std::size_t{64} * 1024 * 1024) {
    for (std::size_t i = 0; i < kEntries; ++i) {
      const Key made = key_of(i);
      const std::string_view key = made.text();
      const std::string value = "plan:" + std::to_string(i) + std::string(30, '.');
      cache.put(key, kHash(key), answer_of(value), kNow);
      flat[std::string(key)] = {kLater, value};
      standard[std::string(key)] = {kLater, value};
    }
    require(cache.stats().entries == kEntries, "all entries have room");
    std::mt19937_64 random(7);
    for (std::size_t i = 0; i < kFinds; ++i) {
      keys.push_back(key_of(random() % asked_for));
      hashes.push_back(kHash(keys.back().text()));
    }
  }

  std::size_t in_cache() {
    std::size_t bytes = 0;
    for (const Key& key : keys) {
      const CacheEntry* const entry = cache.find(key.text(), kHash(key.text()), kNow);
      if (entry != nullptr && entry->fresh(kNow)) bytes += entry->value().size();
    }
    return bytes;
  }
  std::size_t in_cache_hashed() {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < kFinds; ++i) {
      const CacheEntry* const entry = cache.find(keys[i].text(), hashes[i], kNow);
      if (entry != nullptr && entry->fresh(kNow)) bytes += entry->value().size();
    }
    return bytes;
  }
  template <class Map>
  std::size_t in_map(const Map& map) {
    std::size_t bytes = 0;
    for (const Key& key : keys) {
      const auto found = map.find(key.text());
      if (found != map.end() && kNow < found->second.fresh_until)
        bytes += found->second.value.size();
    }
    return bytes;
  }

  Cache cache;
  FlatMap flat;
  StandardMap standard;
  std::vector<Key> keys;
  std::vector<std::uint64_t> hashes;
};

void report(benchmark::State& state, const bench::Compared& result) {
  state.counters["ns_find"] = result.first * 1e9 / kFinds;
  state.counters["ns_baseline"] = result.second * 1e9 / kFinds;
  state.counters["times_baseline"] = result.ratio;
  state.counters["least"] = result.least;
  state.counters["most"] = result.most;
}

template <class Work, class Baseline>
void run(benchmark::State& state, Work&& work, Baseline&& baseline) {
  require(work() == baseline(), "both find the same answers");
  for (auto _ : state) {
    report(state, compare(
                      kRounds, thread_seconds, [&] { benchmark::DoNotOptimize(work()); },
                      [&] { benchmark::DoNotOptimize(baseline()); }));
  }
}

void find_against_flat_map(benchmark::State& state) {
  Bench bench(static_cast<std::size_t>(state.range(0)));
  run(
      state, [&] { return bench.in_cache(); }, [&] { return bench.in_map(bench.flat); });
}

void find_against_standard_map(benchmark::State& state) {
  Bench bench(static_cast<std::size_t>(state.range(0)));
  run(
      state, [&] { return bench.in_cache(); }, [&] { return bench.in_map(bench.standard); });
}

// As a look-up does it, which has the hash already; the baseline makes it.
void find_by_hash_against_flat_map(benchmark::State& state) {
  Bench bench(static_cast<std::size_t>(state.range(0)));
  run(
      state, [&] { return bench.in_cache_hashed(); }, [&] { return bench.in_map(bench.flat); });
}

// A full cache of 100,000 entries takes new keys, each in the place of another.
void put_where_one_must_go(benchmark::State& state) {
  const std::string value(40, '.');
  Cache cache(kEntries * heap_bytes(sizeof(CacheEntry) + 20 + value.size()));
  std::size_t number = 0;
  const auto put = [&] {
    const Key key = key_of(number++);
    cache.put(key.text(), kHash(key.text()), answer_of(value), kNow);
  };
  while (cache.stats().evictions == 0) put();
  const CacheStats before = cache.stats();
  for (auto _ : state) put();
  const CacheStats after = cache.stats();
  require(after.bytes <= cache.max_bytes() && after.not_kept == 0,
          "all are kept, within the limit");
  require(after.evictions - before.evictions + after.entries - before.entries ==
              static_cast<std::uint64_t>(state.iterations()),
          "each put adds one");
}

// How many of the 100,000 keys are asked for, each as often: what of the cache is near the core.
void asked_for(benchmark::internal::Benchmark* rows) {
  rows->ArgName("asked_for")->Arg(1'000)->Arg(10'000)->Arg(100'000)->Iterations(1);
  rows->Unit(benchmark::kMillisecond);
}

BENCHMARK(find_against_flat_map)->Apply(asked_for);
BENCHMARK(find_against_standard_map)->Apply(asked_for);
BENCHMARK(find_by_hash_against_flat_map)->Apply(asked_for);
BENCHMARK(put_where_one_must_go);

}  // namespace
}  // namespace logbraid
