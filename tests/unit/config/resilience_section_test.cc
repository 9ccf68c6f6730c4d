#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "config/load.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace logbraid {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::optional<PipelineConfig> parse(const std::string& text, ErrorList& errors) {
  static const std::vector<EnricherKind> kinds = [] {
    EnricherKind fields;
    fields.name = "static";
    fields.open_settings = true;
    EnricherKind http;
    http.name = "http";
    return std::vector<EnricherKind>{fields, http};
  }();
  static const std::vector<SourceKind> sources = [] {
    SourceKind in;
    in.name = "stdin";
    return std::vector<SourceKind>{in};
  }();
  static const std::vector<SinkKind> sinks = [] {
    SinkKind out;
    out.name = "stdout";
    return std::vector<SinkKind>{out};
  }();
  const KnownKinds known{.enrichers = kinds,
                         .sources = sources,
                         .sinks = sinks,
                         .input_formats = {"json"},
                         .output_formats = {"json"}};
  const auto root = read_yaml(text, "p.yaml", {}, errors);
  return root ? parse_pipeline(*root, known, errors) : std::nullopt;
}

EnricherMetadata good(const std::string& settings) {
  ErrorList errors;
  auto config = parse("enrichers:\n  - {type: http, name: user, " + settings + "}\n", errors);
  for (const Error& error : errors.errors()) ADD_FAILURE() << error.to_string();
  return config && config->enrichers.size() == 1 ? config->enrichers[0].metadata
                                                 : EnricherMetadata();
}

std::string bad(const std::string& settings) {
  ErrorList errors;
  const auto config = parse("enrichers:\n  - {type: http, name: user, " + settings + "}\n", errors);
  EXPECT_FALSE(config) << settings;
  EXPECT_EQ(errors.size(), 1u) << settings;
  return errors.empty() ? "" : errors.errors()[0].to_string();
}

TEST(ResilienceSectionTest, what_is_left_out_has_the_defaults_of_the_options) {
  for (const char* const written : {"priority: 1", "breaker: {}, retry: {}"}) {
    const EnricherMetadata user = good(written);
    const BreakerOptions breaker;
    EXPECT_EQ(user.breaker.mode, breaker.mode);
    EXPECT_EQ(user.breaker.window, breaker.window);
    EXPECT_EQ(user.breaker.window_buckets, breaker.window_buckets);
    EXPECT_EQ(user.breaker.min_calls, breaker.min_calls);
    EXPECT_EQ(user.breaker.failure_share, breaker.failure_share);
    EXPECT_EQ(user.breaker.slow_share, breaker.slow_share);
    EXPECT_EQ(user.breaker.slow_after, breaker.slow_after);
    EXPECT_EQ(user.breaker.consecutive_failures, breaker.consecutive_failures);
    EXPECT_EQ(user.breaker.open_for, breaker.open_for);
    EXPECT_EQ(user.breaker.open_for_most, breaker.open_for_most);
    EXPECT_EQ(user.breaker.jitter, breaker.jitter);
    EXPECT_EQ(user.breaker.half_open_permits, breaker.half_open_permits);
    EXPECT_EQ(user.breaker.undecided_after, std::nullopt);
    EXPECT_EQ(user.bulkhead.max_in_flight, std::nullopt);
    EXPECT_EQ(user.bulkhead.when_full, WhenFull::wait);
    const RetryOptions retry;
    EXPECT_EQ(user.retry.retries, 0u);
    EXPECT_EQ(user.retry.backoff, retry.backoff);
    EXPECT_EQ(user.retry.backoff_most, retry.backoff_most);
    EXPECT_EQ(user.retry.jitter, retry.jitter);
    EXPECT_EQ(user.retry.budget, retry.budget);
    EXPECT_EQ(user.retry.budget_floor, retry.budget_floor);
    EXPECT_EQ(user.lifecycle, std::nullopt);
    EXPECT_EQ(user.fallback, nullptr);
    EXPECT_FALSE(user.fallback_on_no_match);
    EXPECT_EQ(user.on_failure, OnFailure::pass);
  }
}

TEST(ResilienceSectionTest, every_key_is_read) {
  const EnricherMetadata user = good(
      "breaker: {mode: metrics_only, window: 20s, window_buckets: 5, min_calls: 7, "
      "failure_share: 0.25, slow_share: 1, slow_after: 0.5, consecutive_failures: 3, "
      "open_for: 100ms, open_for_most: 2s, jitter: none, half_open_permits: 2, "
      "undecided_after: 4s}, "
      "max_in_flight: 64, when_full: reject, "
      "retry: {retries: 2, backoff: 1ms, backoff_most: 8ms, jitter: equal, budget: 0.1, "
      "budget_floor: 1.5}, "
      "fallback: {user.plan: unknown, user.limits: {calls: 1}}, fallback_on_no_match: true, "
      "on_failure: drop");
  EXPECT_EQ(user.breaker.mode, BreakerMode::metrics_only);
  EXPECT_EQ(user.breaker.window, 20s);
  EXPECT_EQ(user.breaker.window_buckets, 5u);
  EXPECT_EQ(user.breaker.min_calls, 7u);
  EXPECT_EQ(user.breaker.failure_share, 0.25);
  EXPECT_EQ(user.breaker.slow_share, 1);
  EXPECT_EQ(user.breaker.slow_after, 0.5);
  EXPECT_EQ(user.breaker.consecutive_failures, 3u);
  EXPECT_EQ(user.breaker.open_for, 100ms);
  EXPECT_EQ(user.breaker.open_for_most, 2s);
  EXPECT_EQ(user.breaker.jitter, Jitter::none);
  EXPECT_EQ(user.breaker.half_open_permits, 2u);
  EXPECT_EQ(user.breaker.undecided_after, 4s);
  EXPECT_EQ(user.bulkhead.max_in_flight, 64u);
  EXPECT_EQ(user.bulkhead.when_full, WhenFull::reject);
  EXPECT_EQ(user.retry.retries, 2u);
  EXPECT_EQ(user.retry.backoff, 1ms);
  EXPECT_EQ(user.retry.backoff_most, 8ms);
  EXPECT_EQ(user.retry.jitter, Jitter::equal);
  EXPECT_EQ(user.retry.budget, 0.1);
  EXPECT_EQ(user.retry.budget_floor, 1.5);
  ASSERT_NE(user.fallback, nullptr);
  ASSERT_EQ(user.fallback->paths().size(), 2u);
  EXPECT_EQ(user.fallback->paths()[0].to_string(), "user.plan");
  EXPECT_TRUE(user.fallback_on_no_match);
  EXPECT_EQ(user.on_failure, OnFailure::drop);
}

TEST(ResilienceSectionTest, a_lifecycle_is_read_and_has_the_defaults_of_its_options) {
  const LifecycleOptions defaults;
  const auto empty = good("lifecycle: {}").lifecycle;
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->start_timeout, defaults.start_timeout);
  EXPECT_EQ(empty->start_again_after, defaults.start_again_after);
  EXPECT_EQ(empty->start_again_after_most, defaults.start_again_after_most);
  EXPECT_EQ(empty->health_period, defaults.health_period);
  EXPECT_EQ(empty->health_timeout, defaults.health_timeout);
  EXPECT_EQ(empty->unhealthy_after, defaults.unhealthy_after);
  EXPECT_EQ(empty->stop_timeout, defaults.stop_timeout);
  const auto written =
      good(
          "lifecycle: {start_timeout: 1s, start_again_after: 2s, start_again_after_most: 3s, "
          "health_period: 4s, health_timeout: 5s, unhealthy_after: 6, stop_timeout: 7s}")
          .lifecycle;
  ASSERT_TRUE(written);
  EXPECT_EQ(written->start_timeout, 1s);
  EXPECT_EQ(written->start_again_after, 2s);
  EXPECT_EQ(written->start_again_after_most, 3s);
  EXPECT_EQ(written->health_period, 4s);
  EXPECT_EQ(written->health_timeout, 5s);
  EXPECT_EQ(written->unhealthy_after, 6u);
  EXPECT_EQ(written->stop_timeout, 7s);
}

TEST(ResilienceSectionTest, a_breaker_may_be_just_its_mode) {
  EXPECT_EQ(good("breaker: disabled").breaker.mode, BreakerMode::disabled);
  EXPECT_EQ(good("breaker: forced_open").breaker.mode, BreakerMode::forced_open);
  EXPECT_EQ(good("breaker: normal").breaker.mode, BreakerMode::normal);
}

TEST(ResilienceSectionTest, the_effective_configuration_reads_back_as_the_same) {
  const std::string text =
      "enrichers:\n  - {type: http, breaker: disabled, retry: {retries: 1}, max_in_flight: 3, "
      "fallback: {a: 1}}\n";
  ErrorList errors;
  const auto config = parse(text, errors);
  ASSERT_TRUE(config);
  const auto again = parse(to_yaml(config->effective), errors);
  ASSERT_TRUE(again) << to_yaml(config->effective);
  EXPECT_EQ(again->enrichers[0].metadata.breaker.mode, BreakerMode::disabled);
  EXPECT_EQ(again->enrichers[0].metadata.retry.retries, 1u);
  EXPECT_EQ(to_yaml(again->effective), to_yaml(config->effective));
}

TEST(ResilienceSectionTest, errors_name_the_place_and_what_would_be_right) {
  const struct {
    const char* settings;
    const char* message;
  } rows[] = {
      {"breaker: off",
       "p.yaml:2: enrichers.user.breaker: unknown value \"off\"; allowed: normal, disabled"},
      {"breaker: disable", "did you mean \"disabled\"?"},
      {"breaker: 5", "p.yaml:2: enrichers.user.breaker: must be a mode like disabled or a map"},
      {"breaker: {min_call: 3}", "did you mean \"min_calls\"?"},
      {"breaker: {failure_share: 50}",
       "enrichers.user.breaker.failure_share: must be a share over 0, at most 1, not 50"},
      {"breaker: {slow_share: 0}", "breaker.slow_share: must be a share over 0, at most 1, not 0"},
      {"breaker: {window: 1ms}", "breaker.window: must be from 0.01s to 3600s, not \"1ms\""},
      {"breaker: {min_calls: 0}", "breaker.min_calls: must be from 1 to"},
      {"breaker: {min_calls: -1}", "breaker.min_calls: must be a whole number from 0"},
      {"breaker: {half_open_permits: 1001}", "must be from 1 to 1000, not 1001"},
      {"breaker: {open_for: 1m}", "breaker.open_for_most: must be at least open_for, 60s"},
      {"breaker: {undecided_after: 0}", "breaker.undecided_after: must be from 0.001s"},
      {"breaker: {jitter: some}", "allowed: none, equal, full"},
      {"max_in_flight: 0", "enrichers.user.max_in_flight: must be from 1 to"},
      {"max_in_flight: many", "max_in_flight: must be a whole number"},
      {"when_full: drop", "when_full: unknown value \"drop\"; allowed: wait, reject"},
      {"retry: 3", "enrichers.user.retry: must be a map"},
      {"retry: {retries: 11}", "enrichers.user.retry.retries: must be from 0 to 10, not 11"},
      {"retry: {backoff: 1s}", "retry.backoff_most: must be at least backoff, 1s"},
      {"retry: {budget: 20}", "retry.budget: must be from 0 to 1, not 20"},
      {"retry: {retries: 1}, placement: inline",
       "p.yaml:2: enrichers.user.retry: stands beside placement: inline"},
      {"lifecycle: 3s", "enrichers.user.lifecycle: must be a map"},
      {"lifecycle: {stop_timeout: 0}",
       "enrichers.user.lifecycle.stop_timeout: must be from 0.001s to 3600s"},
      {"lifecycle: {unhealthy_after: 0}",
       "lifecycle.unhealthy_after: must be from 1 to 1000, not 0"},
      {"lifecycle: {start_again_after: 1m}",
       "lifecycle.start_again_after_most: must be at least start_again_after, 60s"},
      {"lifecycle: {health_perod: 1s}", "did you mean"},
      {"fallback: unknown", "enrichers.user.fallback: must be a map"},
      {"fallback: {a..b: 1}", "enrichers.user.fallback.a..b: "},
      {"fallback_on_no_match: true", "there is none; add one like fallback: {user.plan: unknown}"},
      {"on_failure: stop", "allowed: pass, drop, dead_letter"},
      {"on_failure: dead_letter",
       "p.yaml:2: enrichers.user.on_failure: is dead_letter, but there is no `dead_letter:` sink"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(bad(row.settings), HasSubstr(row.message)) << row.settings;
  }
}

TEST(ResilienceSectionTest, dead_letters_have_a_sink) {
  ErrorList errors;
  const auto config = parse(
      "enrichers: [{type: http, on_failure: dead_letter}]\ndead_letter: {type: stdout}\n", errors);
  ASSERT_TRUE(config) << errors.errors()[0].to_string();
  EXPECT_EQ(config->enrichers[0].metadata.on_failure, OnFailure::dead_letter);
}

TEST(ResilienceSectionTest, an_inline_enricher_without_retries_is_right) {
  EXPECT_EQ(good("retry: {retries: 0}, placement: inline").retry.retries, 0u);
}

}  // namespace
}  // namespace logbraid
