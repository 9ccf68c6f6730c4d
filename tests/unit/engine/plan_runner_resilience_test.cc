// What stands around a call: circuit breaker, bulkhead, retry, fallback, and the status of an
// event.

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "engine/plan_runner.h"
#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = Step::What;

std::shared_ptr<const ConstantFields> fields(const std::string& name, const char* value) {
  auto made = std::make_shared<ConstantFields>();
  EXPECT_TRUE(made->add(name, value).has_value());
  return made;
}
std::vector<std::string> messages(std::size_t count) {
  return std::vector<std::string>(count, "x");
}

class Placements : public testing::TestWithParam<Placement> {};

TEST_P(Placements, five_failures_in_a_row_open_the_breaker_and_the_events_go_on) {
  ExecutionOptions options;
  options.in_flight = 1;
  PlanDriver driver(plan_of({part("bad", GetParam(), {What::error, {}})}), options);
  driver.add(messages(8));
  driver.run();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(driver.outcome(i, "bad"), Outcome::error) << i;
  for (std::size_t i = 5; i < 8; ++i)
    EXPECT_EQ(driver.outcome(i, "bad"), Outcome::breaker_open) << i;
  EXPECT_EQ(driver.state().node(0).breaker.state(), BreakerState::open);
}

TEST_P(Placements, without_breakers_every_call_is_made) {
  ExecutionOptions options;
  options.in_flight = 1;
  options.breakers = false;
  PlanDriver driver(plan_of({part("bad", GetParam(), {What::error, {}})}), options);
  driver.add(messages(8));
  driver.run();
  EXPECT_EQ(driver.outcome(7, "bad"), Outcome::error);
}

TEST_P(Placements, a_fallback_stands_in_for_what_failed_and_satisfies_who_requires_it) {
  auto bad = part("bad", GetParam(), {What::error, {}});
  bad.metadata.fallback = fields("plan", "unknown");
  auto next = part("next", GetParam());
  next.script->looks_at.emplace_back("plan");
  next.metadata.required = {"bad"};
  PlanDriver driver(plan_of({bad, next}), {});
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "bad"), Outcome::error);
  EXPECT_EQ(driver.outcome(0, "next"), Outcome::ok);
  EXPECT_EQ(driver.lines().at(0), "{\"message\":\"x\",\"plan\":\"unknown\",\"next\":\"" +
                                      digest("next", "x", {"unknown"}) + "\"}");
}

TEST_P(Placements, no_match_sets_the_fallback_only_when_asked_to) {
  for (const bool asked : {false, true}) {
    auto none = part("none", GetParam(), {What::no_match, {}});
    none.metadata.fallback = fields("plan", "unknown");
    none.metadata.fallback_on_no_match = asked;
    PlanDriver driver(plan_of({none}), {});
    driver.add({"x"});
    driver.run();
    EXPECT_EQ(driver.outcome(0, "none"), Outcome::no_match);
    EXPECT_EQ(driver.lines().at(0).find("unknown") != std::string::npos, asked);
  }
}

TEST_P(Placements, the_status_says_what_became_of_each_enricher) {
  ExecutionOptions options;
  options.status = StatusOptions{FieldPath("_enrichment"), StatusOptions::When::failed, false};
  auto off = part("off", GetParam());
  off.metadata.required = {"bad"};
  PlanDriver driver(
      plan_of({part("good", GetParam()), part("bad", GetParam(), {What::error, {}}), off}),
      options);
  driver.add({"x"});
  driver.run();
  EXPECT_NE(driver.lines().at(0).find("\"_enrichment\":{\"succeeded\":[\"good\"],"
                                      "\"failed\":{\"bad\":\"error: bad failed\"},"
                                      "\"skipped\":{\"off\":\"dependency_unmet\"}}"),
            std::string::npos)
      << driver.lines().at(0);
}

TEST_P(Placements, no_status_where_nothing_failed_unless_always) {
  for (const auto when : {StatusOptions::When::failed, StatusOptions::When::always}) {
    ExecutionOptions options;
    options.status = StatusOptions{FieldPath("s"), when, false};
    PlanDriver driver(plan_of({part("good", GetParam())}), options);
    driver.add({"x"});
    driver.run();
    EXPECT_EQ(driver.lines().at(0).find("\"s\":") != std::string::npos,
              when == StatusOptions::When::always);
  }
}

INSTANTIATE_TEST_SUITE_P(Resilience, Placements,
                         testing::Values(Placement::inline_, Placement::pool, Placement::async,
                                         Placement::automatic),
                         [](const auto& each) {
                           std::string name(to_string(each.param));
                           return name == "inline" || name == "auto" ? name + "_" : name;
                         });

TEST(Resilience, a_probe_never_holds_its_event_and_closes_the_breaker_when_it_passes) {
  bool fails = true;
  auto service = part("service", Placement::async);
  service.script->step = [&fails](std::string_view) {
    return fails ? Step{What::error, {}} : Step{What::ok, milliseconds(20)};
  };
  ExecutionOptions options;
  options.in_flight = 1;
  PlanDriver driver(plan_of({service}), options);
  driver.add(messages(5));
  driver.run();
  EXPECT_EQ(driver.state().node(0).breaker.state(), BreakerState::open);
  fails = false;
  driver.clock().advance_to(driver.clock().now() + seconds(6));
  driver.timers().advance(driver.clock().now());
  driver.add(messages(5));
  driver.run();
  for (std::size_t i = 5; i < 10; ++i) {
    EXPECT_EQ(driver.outcome(i, "service"), Outcome::breaker_open) << i;
    EXPECT_EQ(driver.latency(i), Duration::zero()) << "the event did not wait for its probe";
  }
  while (driver.runner().calls_out() != 0) ASSERT_TRUE(driver.step(true));
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.outcome(10, "service"), Outcome::ok);
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).late, 0u);
}

TEST(Resilience, a_probe_that_finds_no_thread_is_taken_back) {
  bool fails = true;
  auto service = part("service", Placement::pool);
  service.script->step = [&fails](std::string_view) {
    return Step{fails ? What::error : What::ok};
  };
  auto stuck = part("stuck", Placement::pool);
  stuck.script->step = [](std::string_view message) {
    return Step{message == "hangs" ? What::hangs : What::ok};
  };
  stuck.script->hang = std::make_shared<std::latch>(1);
  stuck.script->hanging = std::make_shared<std::latch>(1);
  ExecutionOptions options;
  options.in_flight = 1;
  options.max_parallel_threads = 1;
  options.max_stuck_threads = 0;
  PlanDriver driver(plan_of({service, stuck}), options);
  driver.add(messages(5));
  driver.run();
  EXPECT_EQ(driver.state().node(0).breaker.state(), BreakerState::open);
  fails = false;
  driver.add({"hangs"});
  driver.step(false);
  stuck.script->hanging->wait();
  driver.run(false);  // the only thread is gone
  driver.clock().advance_to(driver.clock().now() + seconds(6));
  driver.timers().advance(driver.clock().now());
  driver.add(messages(2));
  driver.run(false);
  EXPECT_EQ(driver.pool().queued(), 2u) << "probes of the service";
  for (int i = 0; i < 100 && driver.pool().queued() != 0; ++i) driver.step(false);
  EXPECT_EQ(driver.pool().queued(), 0u) << "they wait for ever";
  EXPECT_EQ(driver.batches_released(), 7u) << "the call that hangs holds its own";
  EXPECT_EQ(driver.state().node(0).breaker.state(), BreakerState::half_open);
  stuck.script->hang->count_down();
}

TEST(Resilience, calls_beyond_the_bulkhead_wait_in_order_and_close_the_door) {
  auto service = part("service", Placement::async, {What::ok, milliseconds(10)});
  service.metadata.bulkhead.max_in_flight = 2;
  PlanDriver driver(plan_of({service}), {});
  driver.add(messages(6));
  driver.step(true);
  EXPECT_EQ(driver.runner().calls_out(0), 2u);
  EXPECT_EQ(driver.runner().in_flight(), 5u) << "three wait, one more than may be in flight";
  EXPECT_FALSE(driver.runner().accepts());
  driver.run();
  EXPECT_EQ(driver.clock().now() - ManualClock().now(), milliseconds(30));
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(driver.outcome(i, "service"), Outcome::ok);
}

TEST(Resilience, a_full_bulkhead_rejects_where_that_is_asked_for) {
  auto service = part("service", Placement::async, {What::ok, milliseconds(10)});
  service.metadata.bulkhead = {.max_in_flight = 1, .when_full = WhenFull::reject};
  PlanDriver driver(plan_of({service}), {});
  driver.add(messages(2));
  driver.run();
  EXPECT_EQ(driver.outcome(0, "service"), Outcome::ok);
  EXPECT_EQ(driver.outcome(1, "service"), Outcome::rejected);
}

TEST(Resilience, what_expires_while_it_waits_never_starts) {
  auto service = part("service", Placement::async, {What::ok, milliseconds(80)});
  service.metadata.bulkhead.max_in_flight = 1;
  ExecutionOptions options;
  options.group_timeout = milliseconds(100);
  PlanDriver driver(plan_of({service}), options);
  driver.add(messages(3));
  driver.run();
  EXPECT_EQ(driver.outcome(0, "service"), Outcome::ok);
  EXPECT_EQ(driver.outcome(1, "service"), Outcome::timeout);
  EXPECT_EQ(driver.state().node(0).breaker.stats().window.failures, 0u)
      << "a group's deadline is not the enricher's fault";
}

TEST(Resilience, a_failed_call_is_tried_again_within_its_own_timeout) {
  for (const Placement placement : {Placement::async, Placement::pool}) {
    std::atomic<int> calls{0};
    auto flaky = part("flaky", placement);
    flaky.script->step = [&calls](std::string_view) {
      return ++calls < 3 ? Step{What::error, {}} : Step{};
    };
    flaky.metadata.retry.retries = 2;
    PlanDriver driver(plan_of({flaky}), {});
    driver.add({"x"});
    driver.run();
    EXPECT_EQ(driver.outcome(0, "flaky"), Outcome::ok);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(driver.runner().metrics().enrichers.at(0).retries, 2u);
  }
}

TEST(Resilience, an_event_that_is_told_to_expire_gives_up_what_is_open) {
  PlanDriver driver(plan_of({part("slow", Placement::async, {What::ok, milliseconds(500)})}), {});
  driver.add({"x"});
  driver.step(true);
  driver.expire(0);
  driver.run();
  EXPECT_EQ(driver.outcome(0, "slow"), Outcome::timeout);
  EXPECT_EQ(driver.latency(0), Duration::zero());
}

}  // namespace
}  // namespace logbraid::test
