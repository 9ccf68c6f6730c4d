// What look-ups cost and gain, against a service that a timer stands in for: a hit in a shard's
// cache, alone and in whole pipelines; keys of which a few make most of the events; three services
// at once.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "core/batch.h"
#include "format/json_reader.h"
#include "logbraid/registry.h"
#include "lookup/cached_lookup.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/memory_endpoints.h"
#include "tests/support/timed_service.h"

namespace logbraid::bench {
namespace {

using test::TimedService;

EnricherInstance lookup_of(TimedService& service, const std::string& field,
                           const LookupOptions& options) {
  std::vector<KeyTemplate> key;
  key.push_back(*KeyTemplate::parse("user:{{user}}", KeyEscape::none));
  return make_lookup(
      {KeySpec(std::move(key)), {*FieldPath::parse(field)}, options, service.maker()});
}

std::shared_ptr<const ExecutionPlan> plan_of_lookups(TimedService& service, unsigned count,
                                                     const LookupOptions& options) {
  Registry registry;
  std::vector<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    EnricherMetadata metadata;
    metadata.name = std::string(1, static_cast<char>('a' + i));
    names.push_back(metadata.name);
    require(registry.add(metadata, lookup_of(service, metadata.name, options)).has_value(), "add");
  }
  return *registry.resolve(names);
}

std::string event_of(std::uint64_t user) {
  return "{\"user\":\"" + std::to_string(100'000 + user) + "\",\"path\":\"/index.html\"}\n";
}

struct Settings {
  Mode mode = Mode::parallel;
  unsigned shards = 1;
  std::uint32_t window = 4096;
};

MeasuredRun run(std::shared_ptr<const ExecutionPlan> plan, const std::string& input,
                std::string& output, const Settings& settings) {
  const std::uint32_t nodes = plan->size();
  PipelineParts parts;
  parts.source = std::make_unique<test::MemorySource>(input);
  parts.plan = std::move(plan);
  parts.options.mode = settings.mode;
  parts.options.shards = settings.shards;
  parts.options.in_flight = settings.window;
  output.clear();
  output.reserve(input.size() * 4);
  parts.sink = std::make_unique<test::MemorySink>(output);
  MeasuredRun ran = measured_run(std::move(parts));
  for (std::uint32_t node = 0; node < nodes; ++node) {
    require(ran.outcomes(node, Outcome::ok) == ran.report.counts.read, "a look-up was not ok");
  }
  return ran;
}

// --- a hit

// What a shard gives to a look-up, and nothing else of it.
class HitsOnly {
 public:
  static constexpr int kKeys = 1'000;
  static constexpr int kRepeats = 200;
  static constexpr std::size_t kAdmitted = 250;  // at once
  static constexpr std::uint64_t kHits = std::uint64_t{kKeys} * kRepeats;
  static constexpr double kCalls = kHits;

  HitsOnly() : instance_(lookup_of(service_, "name", {})) {
    auto& enricher = *std::get<std::shared_ptr<LookupEnricher>>(instance_.enricher);
    lookup_ = enricher.open({"users", timers_, clock_, io_, front_, bulkhead_, retry_,
                             std::chrono::hours(1), 0, 1, shared_, recorder_});
    // One batch, as a shard has it.
    std::string lines;
    for (int i = 0; i < kKeys; ++i) lines += event_of(static_cast<std::uint64_t>(i));
    batch_.reserve(lines.size());
    lines.copy(batch_.buffer(), lines.size());
    batch_.set_size(lines.size());
    JsonReader().read(batch_);
    require(batch_.records().size() == kKeys, "a line is no event");
    for (int i = 0; i < kKeys; ++i) {
      Asked asked;
      asked.view = EventView(batch_.records()[static_cast<std::size_t>(i)].event, arena_);
      Patch patch(&arena_);
      asked.patch = &patch;
      LookupCall* const one = &asked;
      lookup_->look_up({&one, 1});
      require(!asked.answered, "a hit before anything was asked");
      timers_.advance(timers_.now() + std::chrono::milliseconds(10));
      require(asked.over && !patch.empty(), "no answer");
      by_hand_["user:" + std::to_string(100'000 + i)] =
          std::string(patch.ops().front().value.text());
    }
  }

  // Every event's key is made, found and its answer set in a patch, as the events of a batch are
  // admitted: many at once.
  void layer() {
    for (int i = 0; i < kRepeats; ++i) {
      arena_.reset();
      for (std::size_t at = 0; at < kKeys; at += kAdmitted) {
        for (std::size_t j = 0; j < kAdmitted; ++j) {
          patches_[j] = Patch(&arena_);
          calls_[j].view = EventView(batch_.records()[at + j].event, arena_);
          calls_[j].patch = &patches_[j];
          asked_[j] = &calls_[j];
        }
        lookup_->look_up(asked_);
        for (std::size_t j = 0; j < kAdmitted; ++j) {
          hits_ += calls_[j].answered && patches_[j].ops().size() == 1 ? 1 : 0;
        }
      }
    }
  }
  // The same by a hash map, for ever and without a limit.
  void map() {
    for (int i = 0; i < kRepeats; ++i) {
      arena_.reset();
      for (const Record& record : batch_.records()) {
        Patch patch(&arena_);
        key_.assign("user:");
        key_ += EventView(record.event, arena_).get_string(user_);
        const auto found = by_hand_.find(key_);
        if (found == by_hand_.end()) continue;
        patch.set(name_, found->second);
        found_ += patch.ops().size();
      }
    }
  }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t found() const { return found_; }

 private:
  struct Asked : LookupCall {
    Asked()
        : LookupCall([](LookupCall& call) noexcept { static_cast<Asked&>(call).over = true; }) {}
    bool over = false;
  };

  const SteadyClock clock_;
  Timers timers_{clock_.now()};
  boost::asio::io_context io_context_;
  LoopIo io_{&io_context_};
  SharedOnShard shared_;
  LookupRecorder recorder_;
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  CircuitBreaker breaker_{{}, std::chrono::seconds(1), 1, {}};
  BreakerFront front_{breaker_};
  TimedService service_{std::chrono::milliseconds(1)};
  EnricherInstance instance_;
  std::unique_ptr<ShardLookup> lookup_;
  Arena arena_;
  Batch batch_;
  std::array<Asked, kAdmitted> calls_;
  std::array<Patch, kAdmitted> patches_;
  std::array<LookupCall*, kAdmitted> asked_{};
  std::unordered_map<std::string, std::string> by_hand_;
  const FieldPath user_ = *FieldPath::parse("user");
  const FieldPath name_ = *FieldPath::parse("name");
  std::string key_;
  std::uint64_t hits_ = 0;
  std::uint64_t found_ = 0;
};

void a_hit_against_a_hash_map(benchmark::State& state) {
  HitsOnly work;
  work.layer();
  work.map();
  require(work.hits() == HitsOnly::kHits && work.found() == HitsOnly::kHits, "not all were hits");
  for (auto _ : state) {
    const Compared compared = compare(
        full_or_smoke(31, 3), &thread_seconds, [&] { work.layer(); }, [&] { work.map(); });
    state.counters["ns/hit"] = compared.first / HitsOnly::kCalls * 1e9;
    state.counters["map_ns/hit"] = compared.second / HitsOnly::kCalls * 1e9;
    state.counters["ratio"] = compared.ratio;
    state.counters["least"] = compared.least;
    state.counters["most"] = compared.most;
  }
}
BENCHMARK(a_hit_against_a_hash_map)->Iterations(1)->Unit(benchmark::kMillisecond);

// Two shards that answer from their caches and do nothing else, against one.
void hits_on_two_threads_against_one(benchmark::State& state) {
  HitsOnly first;
  HitsOnly second;
  for (auto _ : state) {
    const Compared compared = compare(
        full_or_smoke(31, 3), &wall_seconds, [&] { first.layer(); },
        [&] {
          std::thread beside([&] { second.layer(); });
          first.layer();
          beside.join();
        });
    require(first.hits() == 2 * second.hits(), "not all were hits");
    // Twice the work.
    state.counters["ratio"] = 2 * compared.ratio;
    state.counters["least"] = 2 * compared.least;
    state.counters["most"] = 2 * compared.most;
  }
}
BENCHMARK(hits_on_two_threads_against_one)->Iterations(1)->Unit(benchmark::kMillisecond);

// Whole pipelines, memory to memory, all keys in the cache after the first of each. Eight look-ups
// an event: with one, what reads and writes is what limits both.
void hits_of_two_shards_against_one(benchmark::State& state) {
  std::string input;
  for (std::uint64_t i = 0; i < full_or_smoke<std::uint64_t>(200'000, 2'000); ++i) {
    input += event_of(i * 7919 % 500);
  }
  TimedService service(std::chrono::microseconds(100));
  const auto plan = plan_of_lookups(service, 8, {});
  std::string one;
  std::string two;
  MeasuredRun last;
  for (auto _ : state) {
    const Compared compared = compare(
        full_or_smoke(5, 1), &wall_seconds, [&] { run(plan, input, one, {.shards = 1}); },
        [&] { last = run(plan, input, two, {.shards = 2}); });
    require(one == two, "one shard and two differ");
    state.counters["ratio"] = compared.ratio;
    state.counters["least"] = compared.least;
    state.counters["most"] = compared.most;
    report_use(state, last);
  }
}
BENCHMARK(hits_of_two_shards_against_one)->Iterations(1)->Unit(benchmark::kMillisecond);

// --- keys of which a few make most of the events

void skewed_keys_against_no_cache(benchmark::State& state) {
  // 10,000 keys, of which 1,000 make 80 % of the events; a service of 5 ms; a window of 256.
  const auto events = full_or_smoke<std::size_t>(4'000'000, 20'000);
  std::mt19937_64 random(7);
  std::string input;
  std::set<std::uint64_t> keys;
  for (std::size_t i = 0; i < events; ++i) {
    const std::uint64_t key = random() % 10 < 8 ? random() % 1'000 : 1'000 + random() % 9'000;
    keys.insert(key);
    input += event_of(key);
  }
  const std::string first =
      input.substr(0, event_of(0).size() * full_or_smoke<std::size_t>(20'000, 2'000));
  for (auto _ : state) {
    std::vector<double> ratios;
    for (int round = 0; round < full_or_smoke(3, 1); ++round) {
      LookupOptions options;
      options.client_limit = 256;
      options.ttl = std::chrono::hours(1);
      std::string output;
      TimedService cached(std::chrono::milliseconds(5));
      const auto plan = plan_of_lookups(cached, 1, options);
      const MeasuredRun with = run(plan, input, output, {.window = 256});
      require(cached.keys == keys.size(), "not one request for each key");
      options.cache_bytes = 0;
      TimedService bare(std::chrono::milliseconds(5));
      const MeasuredRun without =
          run(plan_of_lookups(bare, 1, options), first, output, {.window = 256});
      // Warm: what the first requests took is not the cache's.
      const double cold = 5e-3 * static_cast<double>(keys.size()) / 256;
      const double with_rate = static_cast<double>(events) / (with.seconds - cold);
      const double without_rate = static_cast<double>(without.report.counts.read) / without.seconds;
      ratios.push_back(with_rate / without_rate);
      state.counters["events/s"] = with_rate;
      state.counters["uncached/s"] = without_rate;
      if (round == 0) report_use(state, with);
    }
    state.counters["ratio"] = median(ratios);
    state.counters["least"] = *std::min_element(ratios.begin(), ratios.end());
    state.counters["most"] = *std::max_element(ratios.begin(), ratios.end());
  }
}
BENCHMARK(skewed_keys_against_no_cache)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
