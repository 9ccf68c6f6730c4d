#include "logbraid/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "logbraid/async_context.h"
#include "logbraid/registry.h"
#include "tests/support/admission_count.h"
#include "tests/support/scripted_enricher.h"

namespace logbraid::test {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using What = Step::What;

const FieldPath kN("n");
const FieldPath kDouble("double");

OwnedEvent numbered(std::int64_t n) {
  return *EventBuilder().set(kN, n).set(FieldPath("message"), std::to_string(n)).build();
}

EnrichStatus doubled(const EventView& event, Patch& patch) {
  patch.set(kDouble, event.get(kN).as_int64().value_or(0) * 2);
  return {};
}

EnricherMetadata named(std::string name, std::optional<Placement> placement = {}) {
  EnricherMetadata metadata;
  metadata.name = std::move(name);
  metadata.placement = placement;
  return metadata;
}

void must(const Result<void>& result) {
  ASSERT_TRUE(result.has_value()) << result.error().to_string();
}

std::unique_ptr<Engine> engine_of(const Registry& registry, std::vector<std::string> names,
                                  EngineOptions options = {}) {
  if (options.execution.shards == 0) options.execution.shards = 2;
  auto engine = Engine::create(registry, std::move(names), std::move(options));
  if (!engine) throw std::runtime_error(engine.error().to_string());
  return *std::move(engine);
}

// A coroutine that nobody waits for.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// An async enricher that does not listen: it ends only when it is let go, on its shard's loop.
class Deaf final : public AsyncEnricher {
 public:
  Task<EnrichStatus> enrich(const EventView&, Patch& patch, AsyncContext& context) override {
    begun.count_down();
    while (!let_go.load()) co_await context.sleep(1ms);
    patch.set(kDouble, 1);
    co_return EnrichStatus();
  }
  std::latch begun{1};
  std::atomic<bool> let_go{false};
};

TEST(engine, runs_an_inline_plan_on_the_callers_thread) {
  Registry registry;
  std::thread::id where;
  must(registry.add(named("where", Placement::inline_), [&where](const EventView&, Patch& patch) {
    where = std::this_thread::get_id();
    patch.set(kDouble, "here");
    return EnrichStatus();
  }));
  const auto engine = engine_of(registry, {"where"});
  const auto enriched = engine->enrich(*OwnedEvent::from_json(R"({"a":1})"));
  ASSERT_TRUE(enriched.has_value());
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_EQ(enriched->to_json(), R"({"a":1,"double":"here"})");
  EXPECT_EQ(enriched->get_string(kDouble), "here");
  EXPECT_TRUE(enriched->complete());
}

TEST(engine, tells_the_outcome_and_the_reason_of_each_enricher) {
  Registry registry;
  must(registry.add(named("fine", Placement::inline_), doubled));
  must(registry.add(named("fails", Placement::pool), [](const EventView&, Patch& patch) {
    patch.set(kN, 0);
    return patch.fail("no such " + std::string("luck"));
  }));
  must(registry.add(named("throws", Placement::inline_),
                    [](const EventView&, Patch&) -> EnrichStatus { throw 42; }));
  const auto engine = engine_of(registry, {"fine", "fails", "throws"});
  const auto enriched = engine->enrich(numbered(21));
  ASSERT_TRUE(enriched.has_value());
  EXPECT_EQ(enriched->get(kDouble).as_int64(), 42);
  EXPECT_EQ(enriched->get(kN).as_int64(), 21);
  EXPECT_FALSE(enriched->complete());
  EXPECT_EQ(enriched->outcome("fine")->outcome, Outcome::ok);
  EXPECT_EQ(enriched->outcome("fails")->outcome, Outcome::error);
  EXPECT_EQ(enriched->outcome("fails")->reason, "no such luck");
  EXPECT_EQ(enriched->outcome("throws")->reason, "threw something that is no std::exception");
  EXPECT_FALSE(enriched->outcome("somebody else").has_value());
}

class engine_placements : public testing::TestWithParam<Placement> {};

TEST_P(engine_placements, many_threads_call_at_once) {
  constexpr int kThreads = 8;
  constexpr std::int64_t kEvents = 60;
  Registry registry;
  auto script = std::make_shared<Script>();
  script->name = "scripted";
  script->writes = FieldPath("digest");
  script->step = [](std::string_view) { return Step{What::ok, std::chrono::microseconds(50)}; };
  must(registry.add(named("scripted"), make_scripted(script, GetParam())));
  must(registry.add(named("doubled", Placement::inline_), doubled));
  const auto engine = engine_of(registry, {"scripted", "doubled"});
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0; i < kEvents; ++i) {
        const std::int64_t n = t * kEvents + i;
        const auto enriched = engine->enrich(numbered(n));
        const bool right =
            enriched && enriched->complete() && enriched->get(kDouble).as_int64() == 2 * n &&
            enriched->get_string(script->writes) == digest("scripted", std::to_string(n), {});
        if (!right) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST_P(engine_placements, enriches_many_events_in_one_call) {
  Registry registry;
  auto script = std::make_shared<Script>();
  script->name = "scripted";
  script->writes = FieldPath("digest");
  must(registry.add(named("scripted"), make_scripted(script, GetParam())));
  EngineOptions options;
  options.execution.in_flight = 300;  // fewer than there are
  const auto engine = engine_of(registry, {"scripted"}, options);
  std::vector<OwnedEvent> events;
  for (std::int64_t n = 0; n < 1000; ++n) events.push_back(numbered(n));
  const auto enriched = engine->enrich(std::move(events));
  ASSERT_TRUE(enriched.has_value());
  ASSERT_EQ(enriched->size(), 1000u);
  for (std::size_t n = 0; n < enriched->size(); ++n) {
    EXPECT_EQ((*enriched)[n].get(kN).as_int64(), static_cast<std::int64_t>(n));
    EXPECT_EQ((*enriched)[n].get_string(script->writes), digest("scripted", std::to_string(n), {}));
  }
  EXPECT_TRUE(engine->enrich(std::vector<OwnedEvent>())->empty());
}

INSTANTIATE_TEST_SUITE_P(placements, engine_placements,
                         testing::Values(Placement::inline_, Placement::pool, Placement::async),
                         [](const auto& instance) {
                           return std::string(instance.param == Placement::inline_ ? "in_place"
                                              : instance.param == Placement::pool  ? "in_the_pool"
                                                                                   : "on_the_loop");
                         });

Detached enrich_in_turn(Engine& engine, std::int64_t events, std::promise<std::int64_t>& sum) {
  std::int64_t all = 0;
  for (std::int64_t n = 0; n < events; ++n) {
    // The coroutine goes on on a shard after the first: from there it starts the next.
    const Result<EnrichedEvent> enriched = co_await engine.enrich_async(numbered(n));
    if (enriched) all += enriched->get(kDouble).as_int64().value_or(0);
  }
  sum.set_value(all);
}

TEST(engine, a_coroutine_awaits_one_event_after_the_other) {
  for (const Placement placement : {Placement::inline_, Placement::pool}) {
    Registry registry;
    must(registry.add(named("doubled", placement), doubled));
    const auto engine = engine_of(registry, {"doubled"});
    std::promise<std::int64_t> sum;
    enrich_in_turn(*engine, 100, sum);
    EXPECT_EQ(sum.get_future().get(), 9900);
  }
}

TEST(engine, two_engines_share_nothing) {
  Registry first;
  Registry second;
  auto hang = std::make_shared<std::latch>(1);
  auto hanging = std::make_shared<std::latch>(1);
  auto script = std::make_shared<Script>();
  script->name = "same name";
  script->writes = kDouble;
  script->step = [](std::string_view) { return Step{What::hangs, {}}; };
  script->hang = hang;
  script->hanging = hanging;
  must(first.add(named("same name"), make_scripted(script, Placement::pool)));
  must(second.add(named("same name", Placement::pool), doubled));
  EngineOptions options;
  options.execution.max_parallel_threads = 1;
  options.execution.shards = 1;
  const auto stuck = engine_of(first, {"same name"}, options);
  const auto free = engine_of(second, {"same name"}, options);
  std::jthread waiting([&] { EXPECT_TRUE(stuck->enrich(numbered(1)).has_value()); });
  hanging->wait();
  // The other one's only pool thread and only shard are taken; this one's are not.
  EXPECT_EQ(free->enrich(numbered(4))->get(kDouble).as_int64(), 8);
  EXPECT_TRUE(free->close(1h).complete());
  hang->count_down();
}

TEST(engine, refuses_to_be_called_from_within_an_enricher) {
  for (const Placement placement : {Placement::inline_, Placement::pool}) {
    Registry registry;
    Engine* itself = nullptr;
    must(registry.add(named("nested", placement), [&](const EventView&, Patch& patch) {
      const auto waits = itself->enrich(numbered(1));
      bool refused = false;
      itself->enrich_async(numbered(1), [&](const auto& result) { refused = !result; });
      patch.set(kDouble, !waits && refused);
      return EnrichStatus();
    }));
    const auto engine = engine_of(registry, {"nested"});
    itself = engine.get();
    EXPECT_EQ(engine->enrich(numbered(1))->get(kDouble).as_bool(), true);
  }
}

TEST(engine, refuses_to_wait_on_a_shard) {
  Registry registry;
  must(registry.add(named("doubled", Placement::pool), doubled));
  const auto engine = engine_of(registry, {"doubled"});
  std::promise<bool> refused;
  engine->enrich_async(numbered(1), [&](const Result<EnrichedEvent>&) {
    refused.set_value(!engine->enrich(numbered(2)).has_value());
  });
  EXPECT_TRUE(refused.get_future().get());
}

TEST(engine, refuses_names_that_do_not_resolve) {
  const Registry registry;
  const auto engine = Engine::create(registry, {"nobody"});
  ASSERT_FALSE(engine.has_value());
  EXPECT_THAT(engine.error().message, testing::HasSubstr("nobody"));
}

TEST(engine, an_event_ends_on_the_plan_it_began_with) {
  Registry registry;
  auto hang = std::make_shared<std::latch>(1);
  auto hanging = std::make_shared<std::latch>(1);
  auto script = std::make_shared<Script>();
  script->name = "changes";
  script->writes = FieldPath("old");
  script->step = [](std::string_view) { return Step{What::hangs, {}}; };
  script->hang = hang;
  script->hanging = hanging;
  must(registry.add(named("changes"), make_scripted(script, Placement::pool)));
  EngineOptions options;
  options.execution.event_timeout = options.execution.group_timeout =
      options.execution.enricher_timeout = 1h;
  const auto engine = engine_of(registry, {"changes"}, options);
  auto begun = std::async(std::launch::async, [&] { return engine->enrich(numbered(1)); });
  hanging->wait();
  registry.clear();
  must(registry.add(named("changes", Placement::inline_), doubled));
  const auto later = engine->enrich(numbered(2));
  EXPECT_EQ(later->get(kDouble).as_int64(), 4);
  EXPECT_FALSE(later->get(script->writes));
  hang->count_down();
  const auto first = begun.get();
  EXPECT_TRUE(first->get(script->writes));
  EXPECT_FALSE(first->get(kDouble));
}

TEST(engine, an_old_plan_goes_with_its_last_event) {
  Registry registry;
  std::weak_ptr<SyncEnricher> old;
  {
    auto script = std::make_shared<Script>();
    script->name = "changes";
    script->writes = FieldPath("old");
    EnricherInstance instance = make_scripted(script, Placement::inline_);
    old = std::get<std::shared_ptr<SyncEnricher>>(instance.enricher);
    must(registry.add(named("changes"), std::move(instance)));
  }
  const auto engine = engine_of(registry, {"changes"});
  {
    const auto kept = engine->enrich(numbered(1));
    registry.clear();
    must(registry.add(named("changes", Placement::inline_), doubled));
    EXPECT_TRUE(engine->enrich(numbered(2)).has_value());
    EXPECT_FALSE(old.expired());
  }
  EXPECT_TRUE(old.expired());
}

TEST(engine, the_last_plan_stays_when_the_names_no_longer_resolve) {
  Registry registry;
  must(registry.add(named("doubled", Placement::inline_), doubled));
  const auto engine = engine_of(registry, {"doubled"});
  registry.clear();
  EXPECT_EQ(engine->enrich(numbered(3))->get(kDouble).as_int64(), 6);
}

TEST(engine, the_registry_changes_while_events_flow) {
  Registry registry;
  const FieldPath round("round");
  const auto put = [&](int which) {
    registry.clear();
    const Placement placements[] = {Placement::inline_, Placement::pool};
    must(registry.add(named("first", placements[which % 2]),
                      [which, round](const EventView&, Patch& patch) {
                        patch.set(round, which);
                        return EnrichStatus();
                      }));
    EnricherMetadata second = named("second", Placement::inline_);
    second.dependencies = {"first"};
    must(registry.add(second, [which, round](const EventView& event, Patch& patch) {
      // Both of one plan, never one of each.
      patch.set(kDouble, event.get(round).as_int64() == which);
      return EnrichStatus();
    }));
  };
  put(0);
  const auto engine = engine_of(registry, {"first", "second"});
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto enriched = engine->enrich(numbered(1));
        if (!enriched || enriched->get(kDouble).as_bool() != true) ++wrong;
      }
    });
  }
  for (int which = 1; which < 100; ++which) {
    put(which);
    EXPECT_TRUE(engine->enrich(numbered(1)).has_value());
  }
  stop = true;
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(engine, many_events_in_one_call_are_let_in_as_calls_end) {
  constexpr int kCalls = 5;
  AdmissionCount count;
  Registry registry;
  for (const PlanPart& part : count.parts(kCalls)) {
    EnricherMetadata metadata = part.metadata;
    metadata.name = part.script->name;
    must(registry.add(std::move(metadata), make_scripted(part.script, part.placement)));
  }
  EngineOptions options;
  options.execution.shards = 1;
  options.execution.enricher_timeout = 1h;
  const auto engine = engine_of(registry, {"door", "service"}, options);
  std::vector<OwnedEvent> events;
  for (int n = 0; n < 200; ++n) events.push_back(numbered(n));
  const auto enriched = engine->enrich(std::move(events));
  ASSERT_TRUE(enriched.has_value());
  for (const EnrichedEvent& each : *enriched) EXPECT_TRUE(each.complete());
  EXPECT_EQ(count.served, 200);
  EXPECT_LE(count.most_waiting, 3 * kCalls) << "those in flight, a line as long, a piece more";
}

TEST(engine, a_result_outlives_engine_and_registry) {
  std::optional<EnrichedEvent> kept;
  {
    Registry registry;
    must(registry.add(named("doubled", Placement::pool), doubled));
    const auto engine = engine_of(registry, {"doubled"});
    kept.emplace(*engine->enrich(numbered(8)));
  }
  EXPECT_EQ(kept->to_json(), R"({"n":8,"message":"8","double":16})");
  EXPECT_EQ(kept->plan()[0].name, "doubled");
}

TEST(engine_close, lets_what_has_begun_end_and_refuses_the_rest) {
  Registry registry;
  must(registry.add(named("doubled", Placement::pool), doubled));
  const auto engine = engine_of(registry, {"doubled"});
  constexpr int kEvents = 200;
  std::atomic<int> complete{0};
  for (int n = 0; n < kEvents; ++n) {
    engine->enrich_async(numbered(n), [&](const Result<EnrichedEvent>& result) {
      if (result && result->complete()) ++complete;
    });
  }
  EXPECT_TRUE(engine->close(1h).complete());
  EXPECT_EQ(complete, kEvents);
  const auto refused = engine->enrich(numbered(1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::HasSubstr("closed"));
  bool told = false;
  engine->enrich_async(numbered(1), [&](const auto& result) { told = !result; });
  EXPECT_TRUE(told);
  EXPECT_TRUE(engine->close(1h).complete());
}

TEST(engine_close, reports_a_pool_call_that_hangs_and_keeps_what_it_touches) {
  auto hang = std::make_shared<std::latch>(1);
  std::optional<EnrichedEvent> enriched;
  std::optional<CloseReport> report;
  {
    Registry registry;
    auto script = std::make_shared<Script>();
    script->name = "hangs";
    script->writes = kDouble;
    script->step = [](std::string_view) { return Step{What::hangs, {}}; };
    script->hang = hang;
    script->hanging = std::make_shared<std::latch>(1);
    must(registry.add(named("hangs"), make_scripted(script, Placement::pool)));
    EngineOptions options;
    options.execution.event_timeout = options.execution.group_timeout =
        options.execution.enricher_timeout = 1h;
    const auto engine = engine_of(registry, {"hangs"}, options);
    auto waiting = std::async(std::launch::async, [&] { return engine->enrich(numbered(1)); });
    script->hanging->wait();
    report.emplace(engine->close(0ms));
    enriched.emplace(*waiting.get());
  }
  EXPECT_EQ(enriched->outcome("hangs")->outcome, Outcome::cancelled);
  EXPECT_FALSE(enriched->get(kDouble));
  ASSERT_EQ(report->still_running().size(), 1u);
  EXPECT_EQ(report->still_running()[0].enricher, "hangs");
  EXPECT_EQ(report->still_running()[0].placement, Placement::pool);
  EXPECT_EQ(report->still_running()[0].calls, 1u);
  EXPECT_FALSE(report->wait(0ms));
  hang->count_down();
  EXPECT_TRUE(report->wait(1h));
  EXPECT_FALSE(enriched->get(kDouble));
}

TEST(engine_close, reports_an_async_call_that_does_not_listen) {
  Registry registry;
  const auto deaf = std::make_shared<Deaf>();
  must(registry.add(named("deaf"), EnricherInstance{deaf, Placement::async, {}, {}}));
  EngineOptions options;
  options.execution.event_timeout = options.execution.group_timeout =
      options.execution.enricher_timeout = 1h;
  auto engine = engine_of(registry, {"deaf"}, options);
  auto waiting = std::async(std::launch::async, [&] { return engine->enrich(numbered(1)); });
  deaf->begun.wait();
  auto report = engine->close(0ms);
  EXPECT_EQ(waiting.get()->outcome("deaf")->outcome, Outcome::cancelled);
  engine.reset();
  ASSERT_EQ(report.still_running().size(), 1u);
  EXPECT_EQ(report.still_running()[0].enricher, "deaf");
  deaf->let_go = true;
  EXPECT_TRUE(report.wait(1h));
}

// As on a busy machine, where a shard's thread may get no time for longer than that.
TEST(engine_close, waits_for_the_word_of_a_shard_that_no_enricher_holds_up) {
  Registry registry;
  const auto deaf = std::make_shared<Deaf>();
  EnricherMetadata metadata = named("deaf");
  metadata.when =
      *Predicate::parse(Setting::map({{"field", Setting("message")}, {"equals", Setting("1")}}));
  must(registry.add(metadata, EnricherInstance{deaf, Placement::async, {}, {}}));
  EngineOptions options;
  options.execution.shards = 1;
  options.execution.event_timeout = options.execution.group_timeout =
      options.execution.enricher_timeout = 1h;
  const auto engine = engine_of(registry, {"deaf"}, options);
  engine->enrich_async(numbered(1), [](const Result<EnrichedEvent>&) {});
  deaf->begun.wait();
  std::latch there(1);
  std::latch closing(1);
  engine->enrich_async(numbered(2), [&](const Result<EnrichedEvent>&) {
    there.count_down();
    closing.wait();
    const auto until = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < until) continue;
  });
  there.wait();
  closing.count_down();
  auto report = engine->close(0ms);
  ASSERT_EQ(report.still_running().size(), 1u);
  EXPECT_EQ(report.still_running()[0].enricher, "deaf");
  deaf->let_go = true;
  EXPECT_TRUE(report.wait(1h));
}

// An async enricher that blocks where it must not: on its shard's loop.
class Blocking final : public AsyncEnricher {
 public:
  Task<EnrichStatus> enrich(const EventView&, Patch&, AsyncContext&) override {
    begun.count_down();
    hang.wait();
    co_return EnrichStatus();
  }
  std::latch begun{1};
  std::latch hang{1};
};

TEST(engine_close, does_not_wait_for_a_shard_that_an_enricher_holds_up) {
  Registry registry;
  const auto blocking = std::make_shared<Blocking>();
  must(registry.add(named("blocks"), EnricherInstance{blocking, Placement::async, {}, {}}));
  const auto engine = engine_of(registry, {"blocks"});
  auto waiting = std::async(std::launch::async, [&] { return engine->enrich(numbered(1)); });
  blocking->begun.wait();
  auto report = engine->close(0ms);
  ASSERT_EQ(report.still_running().size(), 1u);
  EXPECT_EQ(report.still_running()[0].enricher, "");
  EXPECT_FALSE(report.wait(0ms));
  blocking->hang.count_down();
  EXPECT_TRUE(report.wait(1h));
  EXPECT_TRUE(waiting.get().has_value());
}

TEST(engine_close, reports_an_inline_enricher_that_hangs_on_the_callers_thread) {
  Registry registry;
  std::latch begun(1);
  std::latch hang(1);
  must(registry.add(named("hangs", Placement::inline_), [&](const EventView&, Patch&) {
    begun.count_down();
    hang.wait();
    return EnrichStatus();
  }));
  const auto engine = engine_of(registry, {"hangs"});
  auto waiting = std::async(std::launch::async, [&] { return engine->enrich(numbered(1)); });
  begun.wait();
  auto report = engine->close(0ms);
  ASSERT_EQ(report.still_running().size(), 1u);
  EXPECT_EQ(report.still_running()[0].placement, Placement::inline_);
  EXPECT_FALSE(report.wait(0ms));
  hang.count_down();
  EXPECT_TRUE(report.wait(1h));
  EXPECT_TRUE(waiting.get()->complete());
}

TEST(engine_close, nothing_of_an_enricher_runs_afterwards) {
  Registry registry;
  std::atomic<bool> closed{false};
  std::atomic<int> late{0};
  const auto watched = [&](const EventView&, Patch&) {
    if (closed) ++late;
    return EnrichStatus();
  };
  EnricherMetadata last = named("last", Placement::inline_);
  last.dependencies = {"pooled"};
  must(registry.add(named("pooled", Placement::pool), watched));
  must(registry.add(last, watched));
  EngineOptions options;
  options.execution.in_flight = 16;  // most are not admitted when it ends
  const auto engine = engine_of(registry, {"pooled", "last"}, options);
  std::atomic<int> told{0};
  constexpr int kEvents = 500;
  for (int n = 0; n < kEvents; ++n) {
    engine->enrich_async(numbered(n), [&](const Result<EnrichedEvent>& result) {
      if (result && result->outcome("last").has_value()) ++told;
    });
  }
  auto report = engine->close(0ms);
  closed = true;
  // A call may have been taken by its thread and not have come to the enricher's first line yet.
  std::uint32_t named = 0;
  for (const auto& each : report.still_running()) named += each.calls;
  EXPECT_TRUE(report.wait(1h));
  EXPECT_EQ(told, kEvents);
  EXPECT_LE(late, static_cast<int>(named));
}

}  // namespace
}  // namespace logbraid::test
