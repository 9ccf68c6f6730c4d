// What an engine counts, and that it can be asked at any time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "logbraid/engine.h"
#include "logbraid/registry.h"
#include "lookup/cached_lookup.h"
#include "tests/support/busy_service.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using Function = std::function<EnrichStatus(const EventView&, Patch&)>;

const FieldPath kSeen("seen");

EnrichStatus fine(const EventView&, Patch& patch) {
  patch.set(kSeen, true);
  return {};
}

OwnedEvent an_event() { return *OwnedEvent::from_json("{}"); }

std::vector<OwnedEvent> events(std::size_t count) {
  std::vector<OwnedEvent> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(an_event());
  return made;
}

std::uint64_t ok_of(const EnricherMetrics& metrics) {
  return metrics.outcomes[static_cast<std::size_t>(Outcome::ok)];
}

std::vector<std::string> names_of(const EngineMetrics& metrics) {
  std::vector<std::string> names;
  for (const auto& each : metrics.enrichers) names.push_back(each.name);
  return names;
}

class EngineMetricsTest : public testing::Test {
 protected:
  void add(const std::string& name, Placement placement, Function function = fine) {
    EnricherMetadata metadata;
    metadata.name = name;
    metadata.placement = placement;
    ASSERT_TRUE(registry_.add(metadata, std::move(function)).has_value());
  }
  Engine& start(std::vector<std::string> names, EngineOptions options = {}) {
    options.execution.shards = 2;
    options.execution.enricher_timeout = 1h;
    engine_ = *Engine::create(registry_, std::move(names), std::move(options));
    return *engine_;
  }

  Registry registry_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineMetricsTest, count_every_event_whichever_thread_took_it) {
  for (const Placement placement : {Placement::inline_, Placement::pool}) {
    registry_.clear();
    add("a", Placement::inline_);
    add("b", placement,
        [](const EventView&, Patch&) -> EnrichStatus { throw std::runtime_error("no luck"); });
    Engine& engine = start({"a", "b"});
    std::vector<std::jthread> callers;
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&] { EXPECT_TRUE(engine.enrich(events(100)).has_value()); });
    }
    callers.clear();
    const EngineMetrics metrics = engine.metrics();
    ASSERT_THAT(names_of(metrics), testing::ElementsAre("a", "b"));
    EXPECT_EQ(ok_of(metrics.enrichers[0]), 300u);
    EXPECT_EQ(metrics.enrichers[1].placement, placement);
    EXPECT_EQ(metrics.enrichers[1].state.runs, placement);
    EXPECT_EQ(metrics.enrichers[1].first_error, "no luck");
    EXPECT_EQ(metrics.enrichers[1].state.breaker_state, "open");
    EXPECT_EQ(metrics.enrichers[1].state.breaker_opened, 1u);
    std::uint64_t outcomes = 0;
    for (const std::uint64_t each : metrics.enrichers[1].outcomes) outcomes += each;
    EXPECT_EQ(outcomes, 300u);
    EXPECT_EQ(metrics.groups.size(), 1u);
    EXPECT_GT(metrics.events.events, 0u);
    EXPECT_GT(metrics.in_flight_peak, 0u);
    EXPECT_EQ(metrics.in_flight, 0u);
    EXPECT_EQ(metrics.shards, 2u);
    EXPECT_EQ(metrics.pool.calls > 0, placement == Placement::pool);
    EXPECT_EQ(metrics.plan_uses.cache_misses, 1u);
    EXPECT_GE(metrics.plan_uses.cache_hits, 3u);
    EXPECT_GT(metrics.process.threads, 2u);
  }
}

TEST_F(EngineMetricsTest, outlive_the_plans_and_the_enrichers) {
  add("stays", Placement::inline_);
  add("goes", Placement::pool);
  Engine& engine = start({"stays", "goes"});
  ASSERT_TRUE(engine.enrich(events(10)).has_value());
  registry_.clear();
  add("stays", Placement::inline_);
  add("goes", Placement::inline_);
  ASSERT_TRUE(engine.enrich(events(5)).has_value());
  const EngineMetrics metrics = engine.metrics();
  ASSERT_THAT(names_of(metrics), testing::ElementsAre("stays", "goes"));
  EXPECT_EQ(ok_of(metrics.enrichers[0]), 15u);
  EXPECT_EQ(ok_of(metrics.enrichers[1]), 15u);
  EXPECT_EQ(metrics.enrichers[1].state.runs, Placement::inline_) << "as it stands now";
  EXPECT_EQ(metrics.plan_uses.cache_misses, 2u);
}

TEST_F(EngineMetricsTest, of_caches_and_limits_are_those_that_are_there) {
  BusyService service(1, Duration::zero());
  const auto add_user = [&] {
    EnricherMetadata metadata;
    metadata.name = "user";
    LookupOptions options;
    options.client_limit = 4;
    ASSERT_TRUE(registry_.add(metadata, service.lookup(options)).has_value());
  };
  add_user();
  EngineOptions options;
  options.execution.shards = 1;
  engine_ = *Engine::create(registry_, {"user"}, std::move(options));
  const auto ask = [&](int keys) {
    std::vector<OwnedEvent> asked;
    for (int i = 0; i < keys; ++i) {
      asked.push_back(*OwnedEvent::from_json(R"({"key":")" + std::to_string(i) + "\"}"));
    }
    ASSERT_TRUE(engine_->enrich(std::move(asked)).has_value());
  };
  const auto now = [&] { return *engine_->metrics().enrichers.at(0).lookup; };
  ask(10);
  EXPECT_EQ(now().cache_entries, 10u);
  EXPECT_EQ(now().limit, 4u);
  registry_.clear();
  add_user();
  ask(3);
  ask(3);  // behind the end of the turn in which the old plan's runner went
  EXPECT_EQ(now().cache_entries, 3u);
  EXPECT_EQ(now().limit, 4u);
  EXPECT_EQ(now().misses, 13u) << "what was counted stays";
  engine_.reset();
}

TEST_F(EngineMetricsTest, those_that_left_the_plan_come_last) {
  add("goes", Placement::inline_);
  add("stays", Placement::inline_);
  Engine& engine = start({"goes", "stays"});
  ASSERT_TRUE(engine.enrich(events(10)).has_value());
  registry_.clear();
  EnricherMetadata unmet;
  unmet.name = "goes";
  unmet.required = {"somebody who is not there"};
  ASSERT_TRUE(registry_.add(unmet, fine).has_value());
  add("stays", Placement::inline_);
  ASSERT_TRUE(engine.enrich(events(5)).has_value());
  const EngineMetrics metrics = engine.metrics();
  ASSERT_THAT(names_of(metrics), testing::ElementsAre("stays", "goes"));
  EXPECT_EQ(ok_of(metrics.enrichers[0]), 15u);
  EXPECT_EQ(ok_of(metrics.enrichers[1]), 10u);
}

TEST_F(EngineMetricsTest, wait_for_nobody) {
  std::latch hangs(1);
  std::latch let_go(1);
  add("hangs", Placement::inline_, [&](const EventView&, Patch&) {
    hangs.count_down();
    let_go.wait();
    return EnrichStatus();
  });
  add("elsewhere", Placement::pool);
  Engine& engine = start({"hangs", "elsewhere"});
  auto waiting = std::async(std::launch::async, [&] { return engine.enrich(an_event()); });
  hangs.wait();
  EXPECT_EQ(engine.metrics().in_flight, 1u);
  let_go.count_down();
  EXPECT_TRUE(waiting.get().has_value());
  EXPECT_TRUE(engine.close(1h).complete());
  EXPECT_EQ(ok_of(engine.metrics().enrichers.at(0)), 1u) << "after close() too";
}

TEST_F(EngineMetricsTest, are_there_for_an_enricher_of_the_engine) {
  std::atomic<std::uint64_t> seen{0};
  add("asks", Placement::pool, [&](const EventView&, Patch&) {
    seen = engine_->metrics().in_flight;
    return EnrichStatus();
  });
  ASSERT_TRUE(start({"asks"}).enrich(an_event()).has_value());
  EXPECT_EQ(seen, 1u);
}

// Under the thread sanitizer above all.
TEST_F(EngineMetricsTest, never_go_back_while_events_flow_and_plans_change) {
  add("a", Placement::inline_);
  add("b", Placement::pool);
  Engine& engine = start({"a", "b"});
  std::atomic<bool> stop{false};
  std::vector<std::jthread> callers;
  std::atomic<std::uint64_t> done{0};
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      while (!stop) done += engine.enrich(events(7))->size();
    });
  }
  std::uint64_t before = 0;
  for (int round = 0; round < 60; ++round) {
    if (round % 3 == 0) {
      registry_.clear();
      add("a", Placement::inline_);
      add("b", round % 2 == 0 ? Placement::inline_ : Placement::pool);
    }
    ASSERT_TRUE(engine.enrich(an_event()).has_value());
    ++done;
    const EngineMetrics metrics = engine.metrics();
    const std::uint64_t now = ok_of(metrics.enrichers.at(0));
    EXPECT_GE(now, before);
    before = now;
  }
  stop = true;
  callers.clear();
  const EngineMetrics metrics = engine.metrics();
  EXPECT_EQ(ok_of(metrics.enrichers.at(0)), done);
  EXPECT_EQ(ok_of(metrics.enrichers.at(1)), done);
}

TEST_F(EngineMetricsTest, name_who_holds_up_a_shard) {
  std::promise<std::string> named;
  std::atomic<bool> is_named{false};
  std::latch let_go(1);
  add("hangs", Placement::inline_, [&](const EventView&, Patch&) {
    let_go.wait();
    return EnrichStatus();
  });
  add("elsewhere", Placement::pool);
  EngineOptions options;
  options.on_stall = [&](std::string_view enricher, Duration lasted) {
    if (is_named.exchange(true)) return;
    EXPECT_GE(lasted, 50ms);
    named.set_value(std::string(enricher));
  };
  Engine& engine = start({"elsewhere", "hangs"}, std::move(options));
  auto waiting = std::async(std::launch::async, [&] { return engine.enrich(an_event()); });
  EXPECT_EQ(named.get_future().get(), "hangs");
  let_go.count_down();
  EXPECT_TRUE(waiting.get().has_value());
  for (const auto& each : engine.metrics().enrichers) {
    EXPECT_EQ(each.state.stalls > 0, each.name == "hangs");
  }
  engine_.reset();  // it knows of what stands here
}

TEST_F(EngineMetricsTest, tells_of_a_breaker_when_it_opens) {
  std::vector<std::string> changes;
  add("bad", Placement::inline_,
      [](const EventView&, Patch&) { return EnrichStatus::error("no"); });
  EngineOptions options;
  options.on_breaker_change = [&](std::string_view enricher, std::string_view state,
                                  std::string_view cause) {
    changes.push_back(std::string(enricher) + " " + std::string(state) + " " + std::string(cause));
    throw std::runtime_error("swallowed");
  };
  Engine& engine = start({"bad"}, std::move(options));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(engine.enrich(an_event()).has_value());
  EXPECT_THAT(changes, testing::ElementsAre("bad open consecutive_failures"));
  engine_.reset();
}

}  // namespace
}  // namespace logbraid::test
