// What enrichers must not do, and what then becomes of the others. docs/faults.md has the list.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "logbraid/engine.h"
#include "tests/support/hangs.h"
#include "tests/support/plan_driver.h"
#include "tests/support/run_pipeline.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using What = Step::What;

std::vector<ExecutionOptions> every_mode() {
  std::vector<ExecutionOptions> all(3);
  all[0].mode = Mode::sequential;
  all[1].schedule = Schedule::levels;
  return all;
}

const Placement kPlacements[] = {Placement::inline_, Placement::pool, Placement::async,
                                 Placement::automatic};

TEST(EnricherFaults, of_two_that_write_one_field_the_later_in_plan_order_wins_whoever_ends_first) {
  for (const ExecutionOptions& options : every_mode()) {
    for (const Placement first : kPlacements) {
      for (const Placement second : kPlacements) {
        auto a = part("a", first, {What::ok, milliseconds(10)});
        auto b = part("b", second, {What::ok, milliseconds(1)});
        a.script->writes = b.script->writes = FieldPath("who");
        PlanDriver driver(plan_of({a, b}), options);
        driver.add({"x"});
        driver.run();
        EXPECT_EQ(driver.lines().at(0),
                  "{\"message\":\"x\",\"who\":\"" + digest("b", "x", {}) + "\"}");
      }
    }
  }
}

TEST(EnricherFaults, what_is_read_without_being_declared_is_not_there_even_if_its_writer_has_run) {
  for (const ExecutionOptions& options : every_mode()) {
    for (const Placement first : kPlacements) {
      for (const Placement second : kPlacements) {
        auto writer = part("a", first);
        auto reader = part("b", second, {What::ok, milliseconds(10)});
        reader.script->looks_at.emplace_back("a");
        PlanDriver driver(plan_of({writer, reader}), options);
        driver.add({"x"});
        driver.run();
        EXPECT_EQ(driver.lines().at(0), "{\"message\":\"x\",\"a\":\"" + digest("a", "x", {}) +
                                            "\",\"b\":\"" + digest("b", "x", {""}) + "\"}");
      }
    }
  }
}

// Hangs in its first call, whatever it is told, and then writes.
class HangsOnce final : public SyncEnricher {
 public:
  explicit HangsOnce(Hangs& hangs) : hangs_(hangs) {}
  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    if (!called_.exchange(true)) hangs_.hang(event.stop_token(), true);
    patch.set(kLate, event.get_string(kMessage));
    return {};
  }
  static inline const FieldPath kLate{"late"};
  static inline const FieldPath kMessage{"message"};

 private:
  Hangs& hangs_;
  std::atomic<bool> called_{false};
};

TEST(EnricherFaults, one_that_returns_after_the_plan_was_replaced_changes_nothing) {
  Hangs hangs;
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "slow";
  metadata.timeout = milliseconds(5);
  auto enricher = std::make_shared<HangsOnce>(hangs);
  const std::weak_ptr<SyncEnricher> old = enricher;
  ASSERT_TRUE(
      registry.add(metadata, EnricherInstance{std::move(enricher), Placement::pool, {}, {}}));
  auto engine = Engine::create(registry, {"slow"});
  ASSERT_TRUE(engine.has_value());
  const auto event = [] { return *OwnedEvent::from_json(R"({"message":"x"})"); };
  {
    const auto first = (*engine)->enrich(event());
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->outcome("slow")->outcome, Outcome::timeout);
    registry.clear();
    const auto nothing = [](const EventView&, Patch&) { return EnrichStatus(); };
    ASSERT_TRUE(registry.add("slow", nothing));
    const auto second = (*engine)->enrich(event());
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->outcome("slow")->outcome, Outcome::ok);
    EXPECT_FALSE(old.expired()) << "its call still runs";
    hangs.release();
    EXPECT_TRUE((*engine)->close(kNever).complete());
    EXPECT_EQ(first->to_json(), R"({"message":"x"})");
    EXPECT_EQ(second->to_json(), R"({"message":"x"})");
  }
  engine->reset();
  EXPECT_TRUE(old.expired());
}

// Not thread-safe: counts without a lock. (The thread sanitizer looks on.)
class Careless final : public SyncEnricher {
 public:
  EnrichStatus enrich(const EventView&, Patch&) override {
    most_inside = std::max(most_inside, ++inside);
    ++calls;
    --inside;
    return {};
  }
  int inside = 0;
  int most_inside = 0;
  int calls = 0;
};

TEST(EnricherFaults, one_that_is_not_thread_safe_is_safe_in_one_place_on_one_shard) {
  for (const Placement placement : {Placement::pool, Placement::inline_}) {
    const auto careless = std::make_shared<Careless>();
    Registry registry;
    EnricherMetadata metadata;
    metadata.name = "careless";
    metadata.bulkhead.max_in_flight = 1;
    ASSERT_TRUE(registry.add(metadata, EnricherInstance{careless, placement, {}, {}}));
    std::string input;
    for (int i = 0; i < 300; ++i) input += "{\"n\":1}\n";
    std::string output;
    const std::vector<std::string> names = {"careless"};
    PipelineParts parts = memory_parts(input, *registry.resolve(names), output, 500);
    parts.options.shards = 1;
    const RunReport report = run_to_end(std::move(parts));
    EXPECT_EQ(report.counts.written, 300u);
    EXPECT_EQ(careless->calls, 300);
    EXPECT_EQ(careless->most_inside, 1);
  }
}

// A throw is an error of each event of the span that had no answer yet, wherever the span is run.
class ThrowsAtTheEnd final : public BatchEnricher {
 public:
  void enrich(std::span<BatchCall> calls) override {
    for (BatchCall& call : calls) {
      if (call.event.get_string(kMessage) == "none") call.status = EnrichStatus::no_match();
    }
    throw 42;
  }
  const FieldPath kMessage{"message"};
};

TEST(EnricherFaults, a_batch_that_throws_keeps_the_answers_it_gave_in_every_placement) {
  for (const Placement placement : {Placement::inline_, Placement::pool, Placement::automatic}) {
    Registry registry;
    EnricherMetadata metadata;
    metadata.name = "batch";
    const auto enricher = std::make_shared<ThrowsAtTheEnd>();
    ASSERT_TRUE(registry.add(metadata, EnricherInstance{enricher, placement, {}, {}}));
    const std::vector<std::string> names = {"batch"};
    PlanDriver driver(*registry.resolve(names), {});
    driver.add({"some", "none"});
    driver.run();
    EXPECT_EQ(driver.outcome(0, "batch"), Outcome::error) << to_string(placement);
    EXPECT_EQ(driver.outcome(1, "batch"), Outcome::no_match) << to_string(placement);
  }
}

}  // namespace
}  // namespace logbraid::test
