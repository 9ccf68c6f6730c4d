// Look-ups in a plan: what an event sees of the layer below it.

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/plan_runner.h"
#include "logbraid/registry.h"
#include "lookup/cached_lookup.h"
#include "tests/support/busy_service.h"
#include "tests/support/plan_driver.h"
#include "tests/support/timed_service.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// Registers an enricher `name` that looks up the event's field `key` and sets the field `name`.
void add_lookup(Registry& registry, TimedService& service, const std::string& name,
                const LookupOptions& options = {}, EnricherMetadata metadata = {},
                std::string_view key = "{{key}}") {
  std::vector<KeyTemplate> parts;
  parts.push_back(KeyTemplate::parse(key, KeyEscape::none).value());
  metadata.name = name;
  const Result<void> added = registry.add(
      std::move(metadata),
      make_lookup(
          {KeySpec(std::move(parts)), {FieldPath::parse(name).value()}, options, service.maker()}));
  if (!added) throw std::runtime_error(added.error().to_string());
}

std::shared_ptr<const ExecutionPlan> resolved(const Registry& registry,
                                              const std::vector<std::string>& names) {
  return registry.resolve(names).value();
}

std::string key(std::string_view text) { return R"({"key":")" + std::string(text) + R"("})"; }

// One look-up, `user`, and events that go through it.
struct OneLookup {
  explicit OneLookup(const LookupOptions& options = {}, const EnricherMetadata& metadata = {},
                     const ExecutionOptions& execution = {}, Duration latency = milliseconds(5))
      : service(latency) {
    add_lookup(registry, service, "user", options, metadata);
    driver.emplace(resolved(registry, {"user"}), execution);
  }
  std::vector<std::string> run(const std::vector<std::string>& events) {
    driver->add_events(events);
    driver->run();
    return driver->lines();
  }

  TimedService service;
  Registry registry;
  std::optional<PlanDriver> driver;
};

TEST(PlanRunnerLookup, an_answer_becomes_the_events_field) {
  OneLookup one;
  EXPECT_THAT(one.run({key("a"), key("none"), key("bad"), R"({"other":1})"}),
              ElementsAre(R"({"key":"a","user":"a"})", R"({"key":"none"})", R"({"key":"bad"})",
                          R"({"other":1})"));
  EXPECT_EQ(one.driver->outcome(0, "user"), Outcome::ok);
  EXPECT_EQ(one.driver->outcome(1, "user"), Outcome::no_match);
  EXPECT_EQ(one.driver->outcome(2, "user"), Outcome::error);
  EXPECT_EQ(one.driver->outcome(3, "user"), Outcome::no_match);
}

TEST(PlanRunnerLookup, a_hit_takes_no_time_and_no_request) {
  OneLookup one;
  one.run({key("a")});
  EXPECT_EQ(one.driver->latency(0), milliseconds(5));
  one.run({key("a"), key("a")});
  EXPECT_EQ(one.driver->latency(1), Duration::zero());
  EXPECT_EQ(one.driver->latency(2), Duration::zero());
  EXPECT_EQ(one.service.keys, 1U);
  const auto metrics = one.driver->runner().metrics().enrichers.at(0).lookup;
  ASSERT_TRUE(metrics.has_value());
  EXPECT_EQ(metrics->hits, 2U);
  EXPECT_EQ(metrics->misses, 1U);
}

TEST(PlanRunnerLookup, events_in_the_window_share_a_flight) {
  OneLookup one;
  one.run(std::vector<std::string>(100, key("a")));
  EXPECT_EQ(one.service.keys, 1U);
  EXPECT_EQ(one.driver->outcome(99, "user"), Outcome::ok);
}

TEST(PlanRunnerLookup, a_service_that_hangs_costs_the_enrichers_timeout) {
  EnricherMetadata metadata;
  metadata.timeout = milliseconds(50);
  OneLookup one({}, metadata);
  one.run({key("hang"), key("a")});
  EXPECT_EQ(one.driver->outcome(0, "user"), Outcome::timeout);
  EXPECT_EQ(one.driver->latency(0), milliseconds(50));
  EXPECT_EQ(one.driver->outcome(1, "user"), Outcome::ok);
  EXPECT_EQ(one.driver->latency(1), milliseconds(5));
}

TEST(PlanRunnerLookup, an_event_that_goes_on_leaves_the_flight_to_the_cache) {
  ExecutionOptions execution;
  execution.event_timeout = milliseconds(2);
  OneLookup one({}, {}, execution);
  one.run({key("a")});
  EXPECT_EQ(one.driver->outcome(0, "user"), Outcome::timeout);
  EXPECT_EQ(one.driver->latency(0), milliseconds(2));
  while (one.driver->step(false)) {
  }
  one.run({key("a")});
  EXPECT_EQ(one.driver->outcome(1, "user"), Outcome::ok);
  EXPECT_EQ(one.service.keys, 1U);
  EXPECT_EQ(one.driver->batches_released(), 2U);
}

TEST(PlanRunnerLookup, a_dead_service_opens_the_breaker_and_fallback_fields_are_set) {
  EnricherMetadata metadata;
  metadata.fallback = std::make_shared<const ConstantFields>(
      ConstantFields::parse(Setting::map({{"user", "unknown"}})).value());
  OneLookup one({}, metadata);
  one.service.down = true;
  std::vector<std::string> events;
  for (int i = 0; i < 50; ++i) events.push_back(key("k" + std::to_string(i)));
  one.run(events);
  EXPECT_EQ(one.service.requests, 5U);  // failures in a row
  EXPECT_EQ(one.driver->outcome(0, "user"), Outcome::error);
  EXPECT_EQ(one.driver->outcome(49, "user"), Outcome::breaker_open);
  EXPECT_EQ(one.driver->lines()[49], R"({"key":"k49","user":"unknown"})");
}

TEST(PlanRunnerLookup, a_slow_service_slows_the_source_and_loses_nothing) {
  EnricherMetadata metadata;
  metadata.timeout = seconds(1);
  LookupOptions options;
  options.client_limit = 64;
  OneLookup one(options, metadata, {}, milliseconds(200));
  std::vector<std::string> events;
  for (int i = 0; i < 2000; ++i) events.push_back(key("k" + std::to_string(i)));
  one.run(events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(one.driver->outcome(i, "user"), Outcome::ok) << i;
  }
  EXPECT_EQ(one.service.most_at_once, 64U);
}

// As many requests are under way as the service works on at once, and some that wait: when it loses
// most of its workers the limit follows, the source slows down, and when they are back it recovers.
TEST(PlanRunnerLookup, an_adaptive_limit_falls_and_recovers_with_its_service) {
  BusyService service(16, milliseconds(10));
  LookupOptions options;
  options.cache_bytes = 0;
  options.client_limit = 256;
  options.adaptive = true;
  EnricherMetadata metadata;
  metadata.name = "user";
  Registry registry;
  ASSERT_TRUE(registry.add(metadata, service.lookup(options)).has_value());
  PlanDriver driver(resolved(registry, {"user"}), {});
  std::size_t added = 0;
  // What the metrics say after that many events more; and how long they took.
  const auto limit_after = [&](std::size_t events, std::size_t workers, Duration& took) {
    service.workers = workers;
    std::vector<std::string> lines;
    for (; events > 0; --events) lines.push_back(key("k" + std::to_string(added++)));
    const TimePoint before = driver.timers().now();
    driver.add_events(lines);
    driver.run();
    took = driver.timers().now() - before;
    return driver.runner().metrics().enrichers.at(0).lookup->limit;
  };
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).lookup->limit, 8U);
  Duration with_16{};
  Duration with_2{};
  Duration again{};
  const std::uint64_t steady = limit_after(8000, 16, with_16);
  const std::uint64_t slow = limit_after(2000, 2, with_2);
  const std::uint64_t recovered = limit_after(8000, 16, again);
  EXPECT_GE(steady, 16U);
  EXPECT_LE(steady, 48U);
  EXPECT_GE(slow, 2U);
  EXPECT_LE(slow, 12U);
  EXPECT_GE(recovered, 16U);
  EXPECT_LE(recovered, 48U);
  // Nearly as fast as its workers are, and nothing is lost.
  EXPECT_LT(with_16, milliseconds(8000 * 10 / 16 * 5 / 4));
  EXPECT_LT(with_2, milliseconds(2000 * 10 / 2 * 5 / 4));
  EXPECT_LT(again, milliseconds(8000 * 10 / 16 * 5 / 4));
  for (std::size_t i = 0; i < added; ++i) {
    ASSERT_EQ(driver.outcome(i, "user"), Outcome::ok) << i;
  }
}

TEST(PlanRunnerLookup, one_look_up_may_stand_on_another) {
  TimedService service(milliseconds(5));
  Registry registry;
  add_lookup(registry, service, "user");
  add_lookup(registry, service, "plan", {}, {}, "of {{user}}");
  PlanDriver driver(resolved(registry, {"plan", "user"}), {});
  driver.add_events({key("a")});
  driver.run();
  EXPECT_THAT(driver.lines(), ElementsAre(R"({"key":"a","user":"a","plan":"of a"})"));
  EXPECT_EQ(driver.latency(0), milliseconds(10));
}

TEST(PlanRunnerLookup, independent_ones_run_at_the_same_time_and_in_sequence_give_the_same) {
  std::vector<std::string> lines[2];
  Duration latency[2];
  for (const Mode mode : {Mode::parallel, Mode::sequential}) {
    TimedService service(milliseconds(5));
    Registry registry;
    for (const char* const name : {"a", "b", "c"}) add_lookup(registry, service, name);
    ExecutionOptions execution;
    execution.mode = mode;
    PlanDriver driver(resolved(registry, {"a", "b", "c"}), execution);
    driver.add_events({key("x"), key("bad"), key("none")});
    driver.run();
    const auto which = static_cast<std::size_t>(mode);
    lines[which] = driver.lines();
    latency[which] = driver.latency(0);
  }
  EXPECT_EQ(lines[0], lines[1]);
  EXPECT_EQ(latency[static_cast<std::size_t>(Mode::parallel)], milliseconds(5));
  EXPECT_EQ(latency[static_cast<std::size_t>(Mode::sequential)], milliseconds(15));
}

TEST(PlanRunnerLookup, cancelling_ends_what_waits) {
  OneLookup one;
  one.driver->add_events({key("hang"), key("a")});
  ASSERT_TRUE(one.driver->step(false));
  one.driver->runner().cancel_all();
  EXPECT_EQ(one.driver->outcome(0, "user"), Outcome::cancelled);
  EXPECT_EQ(one.driver->outcome(1, "user"), Outcome::cancelled);
  EXPECT_EQ(one.driver->batches_released(), 2U);
}

TEST(PlanRunnerLookup, retries_are_made_below_the_cache) {
  EnricherMetadata metadata;
  metadata.retry.retries = 2;
  metadata.retry.budget = 1;
  OneLookup one({}, metadata);
  one.service.down = true;
  one.run({key("a")});
  EXPECT_EQ(one.service.requests, 3U);
  EXPECT_EQ(one.driver->outcome(0, "user"), Outcome::error);
}

TEST(PlanRunnerLookup, a_client_that_cannot_be_made_fails_its_calls_and_nothing_else) {
  Registry registry;
  std::vector<KeyTemplate> parts;
  parts.push_back(KeyTemplate::parse("{{key}}", KeyEscape::none).value());
  EnricherMetadata metadata;
  metadata.name = "user";
  const auto fails = [](const LookupSurroundings&) -> std::unique_ptr<Client> {
    throw std::runtime_error("too many open files");
  };
  ASSERT_TRUE(
      registry
          .add(metadata,
               make_lookup(
                   {KeySpec(std::move(parts)), {FieldPath::parse("user").value()}, {}, fails}))
          .has_value());
  PlanDriver driver(resolved(registry, {"user"}), {});
  driver.add_events({key("a")});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "user"), Outcome::error);
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).first_error, "too many open files");
}

}  // namespace
}  // namespace logbraid::test
