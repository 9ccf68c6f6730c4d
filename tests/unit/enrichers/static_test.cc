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

TEST(StaticTest, values_keep_their_types) {
  const auto enriched = enrich_one(
      static_enricher(),
      R"({"fields": {"s": "1.0.0", "i": -3, "d": 0.5, "b": true, "n": null, "l": [1, "x"]}})",
      "{}");
  EXPECT_EQ(enriched.fields, R"({"s":"1.0.0","i":-3,"d":0.5,"b":true,"n":null,"l":[1,"x"]})");
}

TEST(StaticTest, numbers_keep_their_spelling) {
  const auto enriched = enrich_one(
      static_enricher(), R"({"fields": {"v": 1.10, "deep": {"e": 1e3}, "f": 2.0}})", "{}");
  EXPECT_EQ(enriched.fields, R"({"v":1.10,"deep":{"e":1e3},"f":2.0})");
}

TEST(StaticTest, dots_nest_and_maps_are_objects_that_merge) {
  const auto enriched = enrich_one(
      static_enricher(),
      R"({"fields": {"deployment.zone": "eu", "build": {"by.whom": "ci", "n": 7}, "a\\.b": 1}})",
      R"({"deployment":{"name":"prod"},"build":{"n":6,"host":"h"}})");
  EXPECT_EQ(enriched.event, R"({"deployment":{"name":"prod","zone":"eu"},)"
                            R"("build":{"n":7,"host":"h","by.whom":"ci"},"a.b":1})");
}

TEST(StaticTest, other_settings_are_fields_as_a_uri_gives_them) {
  // environment://static?version=1.0.0&deployment=prod&replicas=3
  const auto enriched = enrich_one(
      static_enricher(),
      R"({"host": "static", "version": "1.0.0", "deployment": "prod", "replicas": 3})", "{}");
  EXPECT_EQ(enriched.fields, R"({"version":"1.0.0","deployment":"prod","replicas":3})");
}

TEST(StaticTest, a_host_that_is_no_uri_host_is_a_field) {
  EXPECT_EQ(enrich_one(static_enricher(), R"({"host": "web-1"})", "{}").fields,
            R"({"host":"web-1"})");
}

TEST(StaticTest, strings_are_written_as_they_are) {
  const auto enriched = enrich_one(
      static_enricher(), R"({"fields": {"x": "=cmd()\r\n\u2028{{y}} ${jndi:z} \" \u0001"}})", "{}");
  EXPECT_EQ(enriched.fields, "{\"x\":\"=cmd()\\r\\n\xE2\x80\xA8{{y}} ${jndi:z} \\\" \\u0001\"}");
}

TEST(StaticTest, a_value_of_a_mebibyte_fits_and_more_is_refused) {
  const auto settings = [](std::size_t bytes) {
    return R"({"fields": {"x": ")" + std::string(bytes, 'a') + R"("}})";
  };
  const auto enriched = enrich_one(static_enricher(), settings(Patch::kMaxBytes - 2), "{}");
  EXPECT_FALSE(enriched.overflowed);
  EXPECT_EQ(enriched.fields.size(), Patch::kMaxBytes - 2 + 8);
  EXPECT_THAT(make_error(static_enricher(), settings(Patch::kMaxBytes)), HasSubstr("over 1 MiB"));
}

TEST(StaticTest, says_what_it_writes) {
  const auto instance =
      make_enricher(static_enricher(), R"({"fields": {"a.b": 1, "c": 2}, "d": 3})");
  ASSERT_TRUE(instance.has_value());
  EXPECT_EQ(instance->placement, Placement::inline_);
  EXPECT_TRUE(instance->reads.empty());
  ASSERT_EQ(instance->writes.size(), 3u);
  EXPECT_EQ(instance->writes[0].to_string(), "a.b");
  EXPECT_EQ(instance->writes[2].to_string(), "d");
}

TEST(StaticTest, refuses_settings_that_make_no_fields) {
  std::string deep = "1";
  for (int i = 0; i < 64; ++i) deep = R"({"a":)" + deep + "}";
  const std::pair<std::string, const char*> rows[] = {
      {"{}", "adds no field"},
      {R"({"fields": {}})", "adds no field"},
      {R"({"fields": "x"})", "fields"},
      {R"({"fields": {"a..b": 1}})", "a..b"},
      {R"({"fields": {"": 1}})", "step is empty"},
      {R"({"fields": {"x": ")"
       "\xFF"
       R"("}})",
       "not UTF-8"},
      {R"({"fields": {"x": {")"
       "\xFF"
       R"(": 1}}})",
       "not UTF-8"},
      {R"({"fields": {"b": )" + deep + "}}", "64 levels"},
  };
  for (const auto& [settings, message] : rows) {
    EXPECT_THAT(make_error(static_enricher(), settings), HasSubstr(message)) << settings;
  }
}

TEST(StaticTest, a_secret_is_no_field) {
  Setting password("hunter2");
  password.secret = true;
  Setting map;
  map.set("password", password);
  const auto kind = static_enricher();
  const auto settings = Settings::check(map, kind.settings, kind.open_settings);
  ASSERT_TRUE(settings.has_value());
  const auto made = kind.make(*settings, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message, HasSubstr("secret"));
  EXPECT_THAT(made.error().message, Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace logbraid
