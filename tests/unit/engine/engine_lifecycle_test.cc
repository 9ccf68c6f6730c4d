#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "logbraid/async_context.h"
#include "logbraid/engine.h"
#include "logbraid/registry.h"
#include "tests/support/scripted_life.h"

namespace logbraid::test {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using Code = LifecycleCode;
using testing::IsEmpty;

void add(Registry& registry, const std::string& name, EnricherInstance instance,
         std::optional<LifecycleOptions> options = {}) {
  EnricherMetadata metadata;
  metadata.name = name;
  metadata.lifecycle = options;
  const auto added = registry.add(std::move(metadata), std::move(instance));
  if (!added) throw std::runtime_error(added.error().to_string());
}

std::unique_ptr<Engine> engine_of(const Registry& registry, std::vector<std::string> names) {
  EngineOptions options;
  options.execution.shards = 2;
  options.execution.event_timeout = options.execution.group_timeout =
      options.execution.enricher_timeout = 1h;
  auto engine = Engine::create(registry, std::move(names), options);
  if (!engine) throw std::runtime_error(engine.error().to_string());
  return *std::move(engine);
}

OwnedEvent an_event() { return *OwnedEvent::from_json("{}"); }
Outcome outcome_of(Engine& engine, std::string_view enricher) {
  return engine.enrich(an_event())->outcome(enricher)->outcome;
}

// Until events take a plan made from the registry as it is now.
void wait_for_new_plan(Engine& engine, const Registry& registry) {
  while (engine.plan()->generation() != registry.generation()) std::this_thread::yield();
}

// A coroutine whose calls end when they are let go.
class HeldCalls final : public AsyncEnricher, public SyncLifecycle {
 public:
  Task<EnrichStatus> enrich(const EventView&, Patch&, AsyncContext& context) override {
    begun.count_down();
    while (!let_go) co_await context.sleep(1ms);
    stopped_before_its_end = stops != 0;
    co_return EnrichStatus();
  }
  Result<void> start(std::stop_token) override { return {}; }
  Result<void> stop(std::stop_token) override {
    ++stops;
    return {};
  }
  std::latch begun{1};
  std::atomic<bool> let_go{false};
  std::atomic<int> stops{0};
  std::atomic<bool> stopped_before_its_end{false};
};

class engine_lifecycle : public testing::TestWithParam<Placement> {
 protected:
  std::shared_ptr<LifeRecord> record(LifeRecord::Script script = {}) {
    records_.push_back(std::make_shared<LifeRecord>(std::move(script)));
    return records_.back();
  }
  EnricherInstance lived(std::shared_ptr<LifeRecord> life) const {
    return make_lived(std::move(life), GetParam());
  }
  void TearDown() override {
    for (const auto& each : records_) EXPECT_THAT(each->violations(), IsEmpty());
  }

 private:
  std::vector<std::shared_ptr<LifeRecord>> records_;
};

TEST_P(engine_lifecycle, enrichers_are_started_before_create_returns_and_stopped_by_close) {
  Registry registry;
  const auto life = record();
  add(registry, "lived", lived(life));
  const auto engine = engine_of(registry, {"lived"});
  EXPECT_EQ(life->begun(Code::start), 1);
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  ASSERT_EQ(engine->health().size(), 1u);
  EXPECT_TRUE(engine->health()[0].healthy);
  EXPECT_EQ(life->begun(Code::stop), 0);
  EXPECT_TRUE(engine->close(1h).complete());
  EXPECT_EQ(life->begun(Code::stop), 1);
  EXPECT_EQ(life->begun(Code::start), 1);
}

TEST_P(engine_lifecycle, a_start_that_fails_or_hangs_costs_its_enricher_only) {
  for (const LifeStep step : {LifeStep::error, LifeStep::throws_int, LifeStep::deaf}) {
    Registry registry;
    const auto fails = record(every(Code::start, step));
    const auto fine = record();
    LifecycleOptions options;
    options.start_timeout = 1ms;
    add(registry, "fails", lived(fails), options);
    add(registry, "fine", lived(fine));
    const auto engine = engine_of(registry, {"fails", "fine"});
    EXPECT_EQ(outcome_of(*engine, "fails"), Outcome::unhealthy);
    EXPECT_EQ(outcome_of(*engine, "fine"), Outcome::ok);
    EXPECT_EQ(engine->health()[0].times_unhealthy, 1u);
    EXPECT_NE(engine->health()[0].first_error, "");
    fails->let_go();
  }
}

TEST_P(engine_lifecycle, an_object_that_stays_in_the_plan_is_neither_stopped_nor_started) {
  Registry registry;
  const auto life = record();
  const auto gone = record();
  const EnricherInstance stays = lived(life);
  add(registry, "stays", stays);
  add(registry, "changes", lived(gone));
  const auto engine = engine_of(registry, {"stays", "changes"});
  EXPECT_EQ(outcome_of(*engine, "stays"), Outcome::ok);
  const auto comes = record();
  registry.clear();
  add(registry, "stays", stays);
  add(registry, "changes", lived(comes));
  wait_for_new_plan(*engine, registry);
  EXPECT_EQ(outcome_of(*engine, "changes"), Outcome::ok);
  EXPECT_EQ(comes->calls(), 1);
  gone->wait_for(Code::stop);
  EXPECT_EQ(life->begun(Code::start), 1);
  EXPECT_EQ(life->begun(Code::stop), 0);
}

TEST_P(engine_lifecycle, events_take_the_last_plan_until_the_next_one_is_started) {
  Registry registry;
  const auto old = record();
  add(registry, "lived", lived(old));
  const auto engine = engine_of(registry, {"lived"});
  const auto slow = record(every(Code::start, LifeStep::deaf));
  registry.clear();
  LifecycleOptions options;
  options.start_timeout = 1h;
  add(registry, "lived", lived(slow), options);
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  slow->wait_for(Code::start);
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  EXPECT_EQ(old->calls(), 2);
  EXPECT_EQ(old->begun(Code::stop), 0);
  slow->let_go();
  wait_for_new_plan(*engine, registry);
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  EXPECT_EQ(slow->calls(), 1);
  old->wait_for(Code::stop);
}

TEST_P(engine_lifecycle, a_plan_that_is_overtaken_while_it_starts_is_stopped) {
  Registry registry;
  add(registry, "lived", lived(record()));
  const auto engine = engine_of(registry, {"lived"});
  const auto overtaken = record(every(Code::start, LifeStep::deaf));
  registry.clear();
  add(registry, "lived", lived(overtaken));
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  overtaken->wait_for(Code::start);
  const auto last = record();
  registry.clear();
  add(registry, "lived", lived(last));
  wait_for_new_plan(*engine, registry);
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  EXPECT_EQ(last->calls(), 1);
  EXPECT_EQ(overtaken->calls(), 0);
  overtaken->let_go();
  overtaken->wait_for(Code::stop);
}

TEST_P(engine_lifecycle, a_result_that_is_kept_keeps_no_enricher_from_its_stop) {
  Registry registry;
  const auto life = record();
  add(registry, "lived", lived(life));
  std::optional<EnrichedEvent> kept;
  {
    const auto engine = engine_of(registry, {"lived"});
    kept.emplace(*engine->enrich(an_event()));
    EXPECT_TRUE(engine->close(1h).complete());
    EXPECT_EQ(life->begun(Code::stop), 1);
  }
  EXPECT_EQ(kept->outcome("lived")->outcome, Outcome::ok);
}

TEST_P(engine_lifecycle, the_registry_changes_while_threads_call) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 30;
  Registry registry;
  LifecycleOptions options;
  options.health_period = options.start_again_after = options.start_again_after_most = 1ms;
  const EnricherInstance stays = lived(record());
  const auto put = [&](int which) {
    registry.clear();
    add(registry, "stays", stays, options);
    add(registry, "changes", lived(record([which](Code code, int nth) {
          return code == Code::start && nth == 0 && which % 3 == 1 ? LifeStep::throws_exception
                                                                   : LifeStep::ok;
        })),
        options);
  };
  put(0);
  const auto engine = engine_of(registry, {"stays", "changes"});
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto enriched = engine->enrich(an_event());
        if (enriched->outcome("stays")->outcome != Outcome::ok) ++wrong;
        const Outcome changing = enriched->outcome("changes")->outcome;
        if (changing != Outcome::ok && changing != Outcome::unhealthy) ++wrong;
      }
    });
  }
  for (int which = 1; which < kChanges; ++which) {
    put(which);
    EXPECT_TRUE(engine->enrich(an_event()).has_value());
    if (which % 2 == 0) wait_for_new_plan(*engine, registry);
  }
  stop = true;
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(engine->close(1h).complete());
}

TEST_P(engine_lifecycle, close_names_a_stop_that_hangs_and_its_report_waits_for_it) {
  Registry registry;
  const auto hangs = record(every(Code::stop, LifeStep::deaf));
  const auto fine = record();
  LifecycleOptions options;
  options.stop_timeout = 1ms;
  add(registry, "hangs", lived(hangs), options);
  add(registry, "fine", lived(fine));
  std::optional<CloseReport> report;
  {
    const auto engine = engine_of(registry, {"hangs", "fine"});
    report.emplace(engine->close(1h));
  }
  EXPECT_EQ(report->still_running().size(), 1u);
  EXPECT_EQ(report->still_running().at(0).enricher, "hangs");
  EXPECT_EQ(report->still_running().at(0).life, Code::stop);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(fine->begun(Code::stop), 1);
  EXPECT_FALSE(report->wait(0ms));
  hangs->let_go();
  EXPECT_TRUE(report->wait(1h));
}

TEST_P(engine_lifecycle, close_stops_those_that_no_call_holds) {
  Registry registry;
  const auto held = std::make_shared<HeldCalls>();
  const auto free = record();
  add(registry, "held", EnricherInstance{held, Placement::async, {}, {}});
  add(registry, "free", lived(free));
  const auto engine = engine_of(registry, {"held", "free"});
  auto waiting = std::async(std::launch::async, [&] { return engine->enrich(an_event()); });
  held->begun.wait();
  auto report = engine->close(0ms);
  EXPECT_EQ(waiting.get()->outcome("held")->outcome, Outcome::cancelled);
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.still_running().at(0).enricher, "held");
  EXPECT_EQ(report.still_running().at(0).life, std::nullopt);
  EXPECT_EQ(held->stops, 0);
  held->let_go = true;
  EXPECT_TRUE(report.wait(1h));
  EXPECT_EQ(held->stops, 1);
  EXPECT_FALSE(held->stopped_before_its_end);
  EXPECT_EQ(free->begun(Code::stop), 1);
}

INSTANTIATE_TEST_SUITE_P(placements, engine_lifecycle,
                         testing::Values(Placement::inline_, Placement::pool, Placement::async),
                         [](const auto& instance) {
                           return std::string(instance.param == Placement::inline_ ? "in_place"
                                              : instance.param == Placement::pool  ? "in_the_pool"
                                                                                   : "on_the_loop");
                         });

TEST(engine_lifecycle_plans, one_that_is_gone_is_stopped_after_the_last_call_of_its_plan) {
  Registry registry;
  const auto held = std::make_shared<HeldCalls>();
  add(registry, "lived", EnricherInstance{held, Placement::async, {}, {}});
  const auto engine = engine_of(registry, {"lived"});
  auto waiting = std::async(std::launch::async, [&] { return engine->enrich(an_event()); });
  held->begun.wait();
  registry.clear();
  const auto last = std::make_shared<LifeRecord>();
  add(registry, "lived", make_lived(last, Placement::async));
  wait_for_new_plan(*engine, registry);
  EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
  EXPECT_EQ(last->calls(), 1);
  EXPECT_EQ(held->stops, 0);
  held->let_go = true;
  EXPECT_EQ(waiting.get()->outcome("lived")->outcome, Outcome::ok);
  EXPECT_TRUE(engine->close(1h).complete());
  EXPECT_EQ(held->stops, 1);
  EXPECT_FALSE(held->stopped_before_its_end);
}

TEST(engine_lifecycle_plans, one_that_comes_back_after_its_stop_is_started_again) {
  Registry registry;
  const auto life = std::make_shared<LifeRecord>();
  const EnricherInstance instance = make_lived(life, Placement::pool);
  const auto other = std::make_shared<LifeRecord>();
  add(registry, "lived", instance);
  const auto engine = engine_of(registry, {"lived"});
  for (int round = 1; round <= 3; ++round) {
    registry.clear();
    add(registry, "lived", make_lived(other, Placement::inline_));
    wait_for_new_plan(*engine, registry);
    life->wait_for(Code::stop, round);
    registry.clear();
    add(registry, "lived", instance);
    wait_for_new_plan(*engine, registry);
    EXPECT_EQ(outcome_of(*engine, "lived"), Outcome::ok);
    EXPECT_EQ(life->begun(Code::start), round + 1);
  }
  EXPECT_THAT(life->violations(), IsEmpty());
}

}  // namespace
}  // namespace logbraid::test
