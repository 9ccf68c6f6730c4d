// What the library's front door costs: Engine::enrich() of one event with eight trivial inline
// enrichers on the caller's thread, and of 256 together, against calling the eight functions by
// hand on a parsed event. The goals are 2 us an event, and 25 ns a call where many come together.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/support/rounds.h"
#include "core/batch.h"
#include "format/json_reader.h"
#include "format/json_writer.h"
#include "logbraid/engine.h"
#include "logbraid/registry.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kEnrichers = 8;
constexpr std::size_t kEvents = 2000;
constexpr int kRounds = 31;

constexpr std::string_view kLine =
    R"({"time":"2026-03-01T12:00:00Z","level":"INFO","service":"shop","host":"web-3",)"
    R"("client_ip":"192.0.2.7","method":"GET","path":"/cart/items?id=12345&sort=price",)"
    R"("status":200,"bytes":5123,"duration_ms":12.25,"user_agent":"Mozilla/5.0 (X11; Linux )"
    R"(x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",)"
    R"("referrer":"https://shop.example/","trace":"4bf92f3577b34da6a3ce929d0e0e4736"})";

// Reads one field, sets one.
class Trivial final : public SyncEnricher {
 public:
  explicit Trivial(std::size_t number)
      : number_(static_cast<std::int64_t>(number)), to_("out" + std::to_string(number)) {}
  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    patch.set_view(to_, event.get(status_).as_int64().value_or(0) + number_);
    return {};
  }

 private:
  const std::int64_t number_;
  const FieldPath status_{"status"};
  const FieldPath to_;
};

struct Work {
  Work() {
    EngineOptions options;
    options.execution.shards = 1;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kEnrichers; ++i) {
      enrichers.push_back(std::make_shared<Trivial>(i));
      EnricherMetadata metadata;
      metadata.name = "e" + std::to_string(i);
      metadata.placement = Placement::inline_;
      names.push_back(metadata.name);
      EnricherInstance instance;
      instance.enricher = enrichers.back();
      require(registry.add(metadata, instance).has_value(), "an enricher is refused");
    }
    auto made = Engine::create(registry, names, options);
    require(made.has_value(), "no engine");
    engine = *std::move(made);

    batch.reserve(kLine.size());
    kLine.copy(batch.buffer(), kLine.size());
    batch.set_size(kLine.size());
    JsonReader().read(batch);
  }

  // One parsed event, the eight functions, no engine.
  void by_hand() { by_hand(batch.records()[0].event); }
  void by_hand(const Event& event) {
    arena.reset();
    std::array<Patch, kEnrichers> row;
    const EventView view(event, arena);
    for (std::size_t i = 0; i < kEnrichers; ++i) {
      row[i] = Patch(&arena);
      const EnrichStatus status = enrichers[i]->enrich(view, row[i]);
      benchmark::DoNotOptimize(status.result);
    }
    if (keep_line) {
      line.clear();
      JsonWriter().write(event, row, line);
      line.pop_back();
    }
  }

  Registry registry;
  std::vector<std::shared_ptr<SyncEnricher>> enrichers;
  std::unique_ptr<Engine> engine;
  Batch batch;
  Arena arena;
  std::string line;
  bool keep_line = false;
};

void check(Work& work) {
  work.keep_line = true;
  work.by_hand();
  work.keep_line = false;
  const auto enriched = work.engine->enrich(*OwnedEvent::from_json(kLine));
  require(enriched && enriched->complete(), "an enricher failed");
  require(enriched->to_json() == work.line, "the engine and the loop differ");
}

void report(benchmark::State& state, const Compared& compared) {
  state.counters["ns/event"] = compared.first / kEvents * 1e9;
  state.counters["baseline_ns/event"] = compared.second / kEvents * 1e9;
  state.counters["ratio"] = compared.ratio;
  state.counters["least"] = compared.least;
  state.counters["most"] = compared.most;
}

// The event is there already, as the baseline's is.
void enrich_of_a_parsed_event_against_calls_by_hand(benchmark::State& state) {
  Work work;
  check(work);
  std::vector<OwnedEvent> events;
  for (auto _ : state) {
    std::vector<double> ours;
    std::vector<double> hand;
    std::vector<double> ratios;
    for (int round = 0; round < kRounds; ++round) {
      events.clear();
      for (std::size_t i = 0; i < kEvents; ++i) events.push_back(*OwnedEvent::from_json(kLine));
      const double start = thread_seconds();
      for (OwnedEvent& event : events) {
        benchmark::DoNotOptimize(work.engine->enrich(std::move(event)).has_value());
      }
      const double middle = thread_seconds();
      for (std::size_t i = 0; i < kEvents; ++i) work.by_hand();
      const double end = thread_seconds();
      ours.push_back(middle - start);
      hand.push_back(end - middle);
      ratios.push_back(ours.back() / hand.back());
    }
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    report(state, {median(ours), median(hand), median(ratios), *least, *most});
  }
}
BENCHMARK(enrich_of_a_parsed_event_against_calls_by_hand)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// Many at once: what is left is what each call costs. Both sides have events of their own that
// were read just before, in the same way, and are rid of them when they are done: what it costs to
// get them from memory, and to free them, is on both.
void enrich_of_256_parsed_events_against_calls_by_hand(benchmark::State& state) {
  constexpr std::size_t kTogether = 256;
  constexpr std::size_t kBatches = 16;
  const auto make_batches = [] {
    std::vector<std::vector<OwnedEvent>> batches(kBatches);
    for (auto& batch : batches) {
      for (std::size_t i = 0; i < kTogether; ++i) batch.push_back(*OwnedEvent::from_json(kLine));
    }
    return batches;
  };
  Work work;
  check(work);
  for (auto _ : state) {
    std::vector<double> more;  // than by hand, a call
    std::vector<double> ratios;
    for (int round = 0; round < kRounds; ++round) {
      auto batches = make_batches();
      double start = thread_seconds();
      for (auto& batch : batches) {
        benchmark::DoNotOptimize(work.engine->enrich(std::move(batch)).has_value());
      }
      const double ours = thread_seconds() - start;
      batches = make_batches();
      start = thread_seconds();
      for (auto& batch : batches) {
        for (const OwnedEvent& event : batch) work.by_hand(event.event());
        batch.clear();
      }
      const double hand = thread_seconds() - start;
      more.push_back((ours - hand) / static_cast<double>(kBatches * kTogether * kEnrichers));
      ratios.push_back(ours / hand);
    }
    const auto [least, most] = std::minmax_element(more.begin(), more.end());
    state.counters["ns_more/call"] = median(more) * 1e9;
    state.counters["least"] = *least * 1e9;
    state.counters["most"] = *most * 1e9;
    state.counters["ratio"] = median(ratios);
  }
}
BENCHMARK(enrich_of_256_parsed_events_against_calls_by_hand)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// From a line to a line, as most callers have it.
void a_line_to_a_line_against_calls_by_hand(benchmark::State& state) {
  Work work;
  check(work);
  std::string out;
  const auto ours = [&] {
    for (std::size_t i = 0; i < kEvents; ++i) {
      out.clear();
      work.engine->enrich(*OwnedEvent::from_json(kLine))->append_json(out);
    }
    require(out == work.line, "the engine and the loop differ");
  };
  const auto hand = [&] {
    for (std::size_t i = 0; i < kEvents; ++i) work.by_hand();
  };
  for (auto _ : state) report(state, compare(kRounds, &thread_seconds, ours, hand));
}
BENCHMARK(a_line_to_a_line_against_calls_by_hand)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
