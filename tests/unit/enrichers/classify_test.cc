#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::enrich_one;
using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

constexpr std::string_view kRules = R"({
  "rules": [
    {"when": {"field": "agent", "regex": "(?i)bot"}, "set": {"class": "bot", "score": 5}},
    {"when": {"field": "status", "range": [500, 599]}, "set": {"class": "failure", "why.code": true}},
    {"when": {"field": "status", "exists": true}, "set": {"class": "visit", "seen": true}}
  ],
  "default": {"class": "unknown"})";

std::string rules(const char* more = "") { return std::string(kRules) + more + "}"; }

TEST(ClassifyTest, the_first_rule_that_holds_counts) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"agent":"GoogleBot","status":500})", R"({"class":"bot","score":5})"},
      {R"({"agent":"x","status":503})", R"({"class":"failure","why":{"code":true}})"},
      {R"({"status":200})", R"({"class":"visit","seen":true})"},
      {R"({"agent":"x"})", R"({"class":"unknown"})"},
      {R"({"agent":7})", R"({"class":"unknown"})"},
      {"{}", R"({"class":"unknown"})"},
  };
  const auto instance = make_enricher(classify_enricher(), rules());
  ASSERT_TRUE(instance.has_value()) << instance.error().to_string();
  for (const auto& [event, fields] : rows) {
    const auto enriched = enrich_one(*instance, event);
    EXPECT_EQ(enriched.result, CallResult::ok) << event;
    EXPECT_EQ(enriched.fields, fields) << event;
  }
}

TEST(ClassifyTest, all_applies_each_rule_that_holds_the_last_one_winning) {
  const auto instance = make_enricher(classify_enricher(), rules(R"(, "all": true)"));
  ASSERT_TRUE(instance.has_value());
  EXPECT_EQ(enrich_one(*instance, R"({"agent":"bot","status":500})").fields,
            R"({"class":"visit","score":5,"why":{"code":true},"seen":true})");
  EXPECT_EQ(enrich_one(*instance, "{}").fields, R"({"class":"unknown"})");
}

TEST(ClassifyTest, nothing_known_is_no_match_where_there_is_no_default) {
  const auto enriched = enrich_one(
      classify_enricher(), R"({"rules": [{"when": {"field": "a", "equals": 1}, "set": {"b": 2}}]})",
      R"({"a":2})");
  EXPECT_EQ(enriched.result, CallResult::no_match);
  EXPECT_EQ(enriched.fields, "{}");
}

TEST(ClassifyTest, says_what_its_predicates_read_and_its_rules_write) {
  const auto instance = make_enricher(classify_enricher(), rules());
  ASSERT_TRUE(instance.has_value());
  const auto names = [](const std::vector<FieldPath>& paths) {
    std::set<std::string> set;
    for (const FieldPath& path : paths) set.insert(path.to_string());
    return set;
  };
  EXPECT_THAT(names(instance->reads), ::testing::UnorderedElementsAre("agent", "status"));
  EXPECT_THAT(names(instance->writes),
              ::testing::UnorderedElementsAre("class", "score", "seen", "why.code"));
}

TEST(ClassifyTest, refuses_rules_that_are_no_rules) {
  const std::pair<const char*, const char*> rows[] = {
      {"{}", "rules"},
      {R"({"rules": []})", "has no rule"},
      {R"({"rules": {}})", "rules"},
      {R"({"rules": ["x"]})", "must be a rule"},
      {R"({"rules": [{"set": {"a": 1}}]})", "lacks `when`"},
      {R"({"rules": [{"when": {"field": "a", "exists": true}}]})", "lacks `set`"},
      {R"({"rules": [{"when": {"field": "a", "exists": true}, "then": {}}]})", "then"},
      {R"({"rules": [{"when": {"field": "a", "regex": "("}, "set": {"a": 1}}]})", "regex"},
      {R"({"rules": [{"when": {"field": "a", "exists": true}, "set": 7}]})",
       "must be a map of fields"},
      {R"({"rules": [{"when": {"field": "a", "exists": true}, "set": {"a..b": 7}}]})", "a..b"},
  };
  for (const auto& [settings, message] : rows) {
    EXPECT_THAT(make_error(classify_enricher(), settings), HasSubstr(message)) << settings;
  }
}

}  // namespace
}  // namespace logbraid
