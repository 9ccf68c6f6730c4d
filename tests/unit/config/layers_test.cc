#include "config/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;

Setting read(const std::string& text, const std::string& file = "a.yaml") {
  ErrorList errors;
  auto root = read_yaml(text, file, {}, errors);
  EXPECT_TRUE(root) << (errors.empty() ? "" : errors.errors()[0].to_string());
  return root ? *root : Setting();
}

TEST(LayersTest, maps_merge_and_lists_and_scalars_replace) {
  Setting base = read("execution: {mode: parallel, shards: 1}\nenrichers: [a://x, b://x]\n");
  merge(base, read("execution: {shards: 2, strict: true}\nenrichers: [c://x]\nsink: {type: file}\n",
                   "b.yaml"));
  EXPECT_EQ(to_yaml(base),
            "execution:\n"
            "  mode: parallel\n"
            "  shards: 2\n"
            "  strict: true\n"
            "enrichers:\n"
            "  - \"c://x\"\n"
            "sink:\n"
            "  type: file\n");
  EXPECT_EQ(base.find("execution")->find("shards")->file, "b.yaml");
  EXPECT_EQ(base.find("execution")->find("mode")->file, "a.yaml");
}

TEST(LayersTest, a_map_over_a_scalar_replaces_it) {
  Setting base = read("sink: stdout\n");
  merge(base, read("sink: {type: file}\n"));
  EXPECT_TRUE(base.find("sink")->is_map());
}

class OverrideTest : public ::testing::Test {
 protected:
  Setting root_ = read(
      "execution: {shards: 1}\n"
      "enrichers:\n"
      "  - {name: geo, type: geoip}\n"
      "  - environment://static\n"
      "  - {type: url}\n"
      "  - {type: url, deep: [[1, 2]]}\n");
  ErrorList errors_;

  void set(const char* text) { apply_override(root_, text, {}, errors_); }
  const Setting* enricher(std::size_t index, const char* key) {
    return root_.find("enrichers")->items()[index].find(key);
  }
};

TEST_F(OverrideTest, sets_and_makes_members_with_yaml_types) {
  set("execution.shards=2");
  set("execution.mode=sequential");
  set("sink.type=file");
  set("source.paths=[a.log, \"b.log\"]");
  set("execution.event_timeout=");
  ASSERT_TRUE(errors_.empty()) << errors_.errors()[0].to_string();
  EXPECT_EQ(root_.find("execution")->find("shards")->integer(), 2);
  EXPECT_EQ(root_.find("execution")->find("mode")->string(), "sequential");
  EXPECT_EQ(root_.find("sink")->find("type")->key, "sink.type");
  EXPECT_EQ(root_.find("source")->find("paths")->items()[1].string(), "b.log");
  EXPECT_TRUE(root_.find("execution")->find("event_timeout")->is_null());
}

TEST_F(OverrideTest, finds_enrichers_by_name_also_an_implied_one_and_by_index) {
  set("enrichers.geo.timeout=50ms");
  set("enrichers.0.priority=5");
  set("enrichers.url_2.output=x");
  set("enrichers.3.deep.0.1=7");
  ASSERT_TRUE(errors_.empty()) << errors_.errors()[0].to_string();
  EXPECT_EQ(enricher(0, "timeout")->string(), "50ms");
  EXPECT_EQ(enricher(0, "timeout")->error("x").to_string(),
            "--set enrichers.geo.timeout: enrichers.geo.timeout: x");
  EXPECT_EQ(enricher(0, "priority")->integer(), 5);
  EXPECT_EQ(enricher(3, "output")->string(), "x");
  EXPECT_EQ(enricher(3, "deep")->items()[0].items()[1].integer(), 7);
}

TEST_F(OverrideTest, a_dot_in_a_key_is_escaped) {
  set("enrichers.geo.fields.a\\.b=1");
  EXPECT_NE(enricher(0, "fields")->find("a.b"), nullptr);
}

TEST_F(OverrideTest, what_cannot_be_set_is_an_error) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"execution.shards", "must be key=value"},
      {"=2", "must be key=value"},
      {"a..b=2", "step is empty"},
      {"enrichers.goe.timeout=1s", "did you mean \"geo\"?"},
      {"enrichers.9.timeout=1s", "nothing named"},
      {"enrichers.environment.x=1", "write the URI as a map"},
      {"execution.shards.x=1", "has no \"x\""},
      {"a=]", "is no YAML"},
      {"a=${NOWHERE}", "NOWHERE is not set"},
  };
  for (const auto& row : rows) {
    ErrorList errors;
    apply_override(root_, row.text, {}, errors);
    ASSERT_EQ(errors.size(), 1u) << row.text;
    EXPECT_THAT(errors.errors()[0].to_string(), HasSubstr(row.message)) << row.text;
    EXPECT_THAT(errors.errors()[0].to_string(), HasSubstr("--set")) << row.text;
  }
}

}  // namespace
}  // namespace logbraid
