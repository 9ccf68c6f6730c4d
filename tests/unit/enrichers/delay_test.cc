#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "core/lifecycle_parts.h"
#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using namespace std::chrono_literals;
using test::enrich_one;
using test::make_enricher;
using test::make_error;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Lt;

std::string event(int i) { return R"({"id":)" + std::to_string(i) + "}"; }

TEST(DelayTest, waits_on_the_loop_then_adds_its_fields) {
  const auto instance =
      make_enricher(delay_enricher(), R"({"duration": "250ms", "fields": {"user.plan": "free"}})");
  ASSERT_TRUE(instance.has_value());
  EXPECT_EQ(instance->placement, Placement::async);
  ASSERT_EQ(instance->writes.size(), 1u);
  EXPECT_EQ(instance->writes[0].to_string(), "user.plan");
  const auto enriched = enrich_one(*instance, "{}");
  EXPECT_EQ(enriched.result, CallResult::ok);
  EXPECT_EQ(enriched.fields, R"({"user":{"plan":"free"}})");
  EXPECT_EQ(enriched.waited, 250ms);
}

TEST(DelayTest, blocking_sleeps_in_the_pool) {
  const auto instance = make_enricher(
      delay_enricher(), R"({"duration": "2ms", "blocking": true, "fields": {"a": 1}})");
  ASSERT_TRUE(instance.has_value());
  EXPECT_EQ(instance->placement, Placement::pool);
  const auto start = std::chrono::steady_clock::now();
  const auto enriched = enrich_one(*instance, "{}");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2ms);
  EXPECT_EQ(enriched.fields, R"({"a":1})");
}

TEST(DelayTest, is_started_where_its_start_takes_time) {
  for (const std::string blocking : {"true", "false"}) {
    const auto with =
        make_enricher(delay_enricher(), R"({"start": "1s", "blocking": )" + blocking + "}");
    const auto without = make_enricher(delay_enricher(), R"({"blocking": )" + blocking + "}");
    EXPECT_TRUE(LifecycleParts(with->enricher).starts_and_stops());
    EXPECT_TRUE(LifecycleParts(without->enricher).none());
  }
}

TEST(DelayTest, fails_for_the_same_events_blocking_or_not_and_in_any_order) {
  const std::string settings =
      R"({"duration": 0, "hang": 0, "fail_share": 0.3, "hang_share": 0.2, "seed": 7, "blocking": )";
  const auto blocking = make_enricher(delay_enricher(), settings + "true}");
  const auto async = make_enricher(delay_enricher(), settings + "false}");
  ASSERT_TRUE(blocking.has_value() && async.has_value());
  std::vector<std::string> forth;
  std::vector<std::string> back(500);
  for (int i = 0; i < 500; ++i) forth.push_back(enrich_one(*blocking, event(i)).reason);
  for (int i = 500; i-- > 0;)
    back[static_cast<std::size_t>(i)] = enrich_one(*async, event(i), 1s).reason;
  EXPECT_EQ(forth, back);
  const auto around = [](long share) { return AllOf(Gt(share - 40), Lt(share + 40)); };
  EXPECT_THAT(std::ranges::count(forth, "delay: made to fail"), around(150));
  EXPECT_THAT(std::ranges::count(forth, "delay: made to hang"), around(100));
}

TEST(DelayTest, another_seed_fails_for_other_events) {
  const auto reasons = [](const char* seed) {
    const auto instance =
        make_enricher(delay_enricher(),
                      R"({"duration": 0, "fail_share": 0.5, "seed": )" + std::string(seed) + "}");
    std::vector<std::string> list;
    for (int i = 0; i < 100; ++i) list.push_back(enrich_one(*instance, event(i)).reason);
    return list;
  };
  EXPECT_EQ(reasons("1"), reasons("1"));
  EXPECT_NE(reasons("1"), reasons("2"));
}

TEST(DelayTest, a_share_of_one_takes_every_event) {
  EXPECT_EQ(enrich_one(delay_enricher(), R"({"fail_share": 1, "fields": {"a": 1}})", "{}").fields,
            "{}");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(enrich_one(delay_enricher(), R"({"fail_share": 1})", event(i)).result,
              CallResult::error);
  }
}

TEST(DelayTest, a_hang_ends_when_it_is_told_to_stop) {
  const auto instance = make_enricher(delay_enricher(), R"({"hang_share": 1, "fields": {"a": 1}})");
  ASSERT_TRUE(instance.has_value());
  const auto enriched = enrich_one(*instance, "{}", 30h);
  EXPECT_EQ(enriched.waited, 30h);
  EXPECT_EQ(enriched.result, CallResult::error);
  EXPECT_EQ(enriched.fields, "{}");
}

TEST(DelayTest, a_wait_ends_when_it_is_told_to_stop) {
  const auto instance =
      make_enricher(delay_enricher(), R"({"duration": "1s", "fields": {"a": 1}})");
  ASSERT_TRUE(instance.has_value());
  const auto enriched = enrich_one(*instance, "{}", 10ms);
  EXPECT_EQ(enriched.waited, 10ms);
  EXPECT_EQ(enriched.result, CallResult::error);
  EXPECT_EQ(enriched.fields, "{}");
}

TEST(DelayTest, refuses_shares_that_are_none) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"fail_share": 1.5})", "fail_share"},
      {R"({"hang_share": -0.1})", "hang_share"},
      {R"({"fail_share": 0.6, "hang_share": 0.6})", "over 1 together"},
      {R"({"fail_share": 0.6, "hang_share": "x"})", "hang_share"},
      {R"({"duration": "soon"})", "duration"},
      {R"({"fields": {"a..b": 1}})", "a..b"},
  };
  for (const auto& [settings, message] : rows) {
    EXPECT_THAT(make_error(delay_enricher(), settings), HasSubstr(message)) << settings;
  }
}

}  // namespace
}  // namespace logbraid
