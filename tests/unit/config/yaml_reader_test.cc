#include "config/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace logbraid {
namespace {

using ::testing::HasSubstr;

std::optional<Setting> read(const std::string& text, ErrorList& errors) {
  return read_yaml(text, "pipeline.yaml", {}, errors);
}

// The first error of a text that must have one.
std::string error_of(const std::string& text) {
  ErrorList errors;
  EXPECT_FALSE(read(text, errors)) << text;
  return errors.empty() ? "no error" : errors.errors().front().to_string();
}

Setting value_of(const std::string& text) {
  ErrorList errors;
  const auto root = read("a: " + text + "\n", errors);
  EXPECT_TRUE(root) << text << ": " << (errors.empty() ? "" : errors.errors()[0].to_string());
  return root ? *root->find("a") : Setting();
}

TEST(YamlReaderTest, scalars_have_the_types_of_yaml_1_2) {
  using Kind = Setting::Kind;
  const struct {
    const char* text;
    Kind kind;
  } rows[] = {
      {"", Kind::null},
      {"~", Kind::null},
      {"null", Kind::null},
      {"true", Kind::boolean},
      {"False", Kind::boolean},
      {"TRUE", Kind::boolean},
      {"yes", Kind::string},
      {"on", Kind::string},
      {"tRue", Kind::string},
      {"0", Kind::integer},
      {"-7", Kind::integer},
      {"+7", Kind::integer},
      {"0x1F", Kind::integer},
      {"0o17", Kind::integer},
      {"007", Kind::integer},
      {"0x", Kind::string},
      {"0x-1", Kind::string},
      {"0b1", Kind::string},
      {"1.5", Kind::real},
      {".5", Kind::real},
      {"5.", Kind::real},
      {"1e3", Kind::real},
      {"-1E-3", Kind::real},
      {".inf", Kind::real},
      {"-.INF", Kind::real},
      {".nan", Kind::real},
      {"1e400", Kind::real},
      {"99999999999999999999", Kind::real},
      {"1e", Kind::string},
      {"1.2.3", Kind::string},
      {".", Kind::string},
      {"-.", Kind::string},
      {"inf", Kind::string},
      {"12:30", Kind::string},
      {"1_000", Kind::string},
      {"\"5\"", Kind::string},
      {"'true'", Kind::string},
      {"\"\"", Kind::string},
      {"10.0.0.0/8", Kind::string},
      {"2024-01-01", Kind::string},
      {"|\n  5\n", Kind::string},
      {"[]", Kind::list},
      {"{}", Kind::map},
  };
  for (const auto& row : rows) EXPECT_EQ(value_of(row.text).kind(), row.kind) << row.text;
  EXPECT_EQ(value_of("0x1F").integer(), 31);
  EXPECT_EQ(value_of("0o17").integer(), 15);
  EXPECT_EQ(value_of("007").integer(), 7);
  EXPECT_EQ(*value_of("1.10").as_string(), "1.10");
  EXPECT_TRUE(std::isinf(value_of("1e400").real()));
  EXPECT_EQ(value_of("1e-400").real(), 0);
}

TEST(YamlReaderTest, settings_know_file_line_and_key) {
  ErrorList errors;
  const auto root = read(
      "source: {type: stdin}\n"
      "enrichers:\n"
      "  - name: geo\n"
      "    database: x\n"
      "  - environment://static\n",
      errors);
  ASSERT_TRUE(root);
  const Setting& list = *root->find("enrichers");
  EXPECT_EQ(list.line, 2);
  EXPECT_EQ(list.items()[0].key, "enrichers.geo");
  const Setting& database = *list.items()[0].find("database");
  EXPECT_EQ(database.error("no such file").to_string(),
            "pipeline.yaml:4: enrichers.geo.database: no such file");
  EXPECT_EQ(list.items()[1].key, "enrichers.1");
  EXPECT_EQ(root->find("source")->find("type")->key, "source.type");
}

TEST(YamlReaderTest, empty_file) {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "null\n"}) {
    EXPECT_THAT(error_of(text), HasSubstr("pipeline.yaml: is empty; write")) << text;
  }
}

TEST(YamlReaderTest, a_file_that_is_no_map_is_refused) {
  EXPECT_THAT(error_of("- a\n"), HasSubstr("must be a map with keys like `source:`"));
  EXPECT_THAT(error_of("hello\n"), HasSubstr("not \"hello\""));
}

TEST(YamlReaderTest, not_utf_8) {
  EXPECT_EQ(error_of("a: 1\nb: \"\xff\"\n").substr(0, 31), "pipeline.yaml:2: is not UTF-8; ");
  EXPECT_THAT(error_of(std::string("\xff\xfe\x61\0", 4)), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of("a: \xed\xa0\x80\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of("a: \xc0\xaf\n"), HasSubstr("not UTF-8"));
}

TEST(YamlReaderTest, control_characters_are_refused) {
  EXPECT_THAT(error_of(std::string("a: 1\nb: x\0y\n", 11)),
              HasSubstr("pipeline.yaml:2: has a control"));
  EXPECT_THAT(error_of("a: \x04\n"), HasSubstr("control character (byte 4)"));
}

TEST(YamlReaderTest, a_byte_order_mark_is_passed_over) {
  ErrorList errors;
  EXPECT_TRUE(read("\xEF\xBB\xBF"
                   "a: 1\n",
                   errors)
                  ->find("a"));
}

TEST(YamlReaderTest, duplicate_key) {
  EXPECT_EQ(error_of("a: 1\nb: {c: 1,\n c: 2}\n"),
            "pipeline.yaml:3: b.c: is written twice, first on line 2; leave one of them");
}

TEST(YamlReaderTest, keys_must_be_text) {
  EXPECT_THAT(error_of("? [a]\n: 1\n"), HasSubstr("a key must be a text, not a list"));
  EXPECT_THAT(error_of("~: 1\n"), HasSubstr("a key is missing"));
  EXPECT_THAT(error_of("a: &x b\n*x : 1\n"), HasSubstr("an alias cannot be a key"));
}

TEST(YamlReaderTest, tags_and_merge_keys_are_refused) {
  EXPECT_THAT(error_of("a: !!int \"5\"\n"), HasSubstr("pipeline.yaml:1: a: has the tag"));
  EXPECT_THAT(error_of("a: !env X\n"), HasSubstr("has the tag !env"));
  EXPECT_THAT(error_of("a: !!map {}\n"), HasSubstr("has the tag"));
  EXPECT_THAT(error_of("a: &x {b: 1}\nc:\n  <<: *x\n"), HasSubstr("merge keys are not part"));
}

TEST(YamlReaderTest, a_second_document_is_refused) {
  EXPECT_THAT(error_of("a: 1\n---\nb: 2\n"), HasSubstr("a second document begins"));
}

TEST(YamlReaderTest, aliases_stand_for_what_they_name) {
  ErrorList errors;
  const auto root = read("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n", errors);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("c")->find("b")->items()[1].integer(), 2);
  EXPECT_EQ(root->find("d")->items()[1].find("b")->key, "d.1.b");
}

TEST(YamlReaderTest, alias_bomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(bomb), HasSubstr("aliases stand for over 100000 values"));
}

TEST(YamlReaderTest, an_alias_inside_what_it_names_is_refused) {
  EXPECT_THAT(error_of("a: &x [1, *x]\n"), HasSubstr("an alias stands inside what it names"));
  EXPECT_THAT(error_of("a: *nowhere\n"), HasSubstr("pipeline.yaml:1"));
}

TEST(YamlReaderTest, anchors_in_anchors_do_not_multiply_memory) {
  std::string text = "a: ";
  for (int i = 0; i < 60; ++i) text += "&x" + std::to_string(i) + " [";
  for (int i = 0; i < 10'000; ++i) text += "1,";
  text += std::string(60, ']') + "\n";
  EXPECT_THAT(error_of(text), HasSubstr("anchors name over 100000 values"));
}

TEST(YamlReaderTest, nesting_is_limited) {
  const auto nested = [](int depth) {
    return "a: " + std::string(depth, '[') + std::string(depth, ']') + "\n";
  };
  ErrorList errors;
  EXPECT_TRUE(read(nested(63), errors));
  EXPECT_THAT(error_of(nested(64)), HasSubstr("nested over 64 deep"));
  EXPECT_THAT(error_of(nested(100'000)), HasSubstr("nested over 64 deep"));
  EXPECT_THAT(error_of("a: " + std::string(100'000, '{')), HasSubstr("pipeline.yaml:1"));
}

TEST(YamlReaderTest, syntax_errors_say_where_and_what_is_likely_meant) {
  EXPECT_THAT(error_of("a: 1\nb: c: d\n"), HasSubstr("pipeline.yaml:2: is no YAML"));
  EXPECT_THAT(error_of("a:\n\t- b\n"), HasSubstr("indent with blanks"));
  EXPECT_THAT(error_of("a: {b: ${B}}\n"), HasSubstr("must stand in quotes"));
}

TEST(YamlReaderTest, several_errors_are_reported_at_once) {
  ErrorList errors;
  EXPECT_FALSE(read("a: !x 1\na: 2\nb: ${NOWHERE}\n", errors));
  EXPECT_EQ(errors.size(), 3u);
}

TEST(YamlReaderTest, at_most_twenty_errors_are_kept) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "a: 1\n";
  ErrorList errors;
  EXPECT_FALSE(read(text, errors));
  EXPECT_EQ(errors.errors().size(), 20u);
  EXPECT_EQ(errors.left_out(), 29u);
}

TEST(YamlReaderTest, missing_file) {
  ErrorList errors;
  EXPECT_FALSE(read_yaml_file("/nowhere/pipeline.yaml", {}, errors));
  EXPECT_EQ(errors.errors()[0].to_string(), "/nowhere/pipeline.yaml: no such file");
}

TEST(YamlReaderTest, a_folder_is_no_file) {
  ErrorList errors;
  EXPECT_FALSE(read_yaml_file("/", {}, errors));
  EXPECT_EQ(errors.errors()[0].to_string(), "/: is a folder, not a file");
}

}  // namespace
}  // namespace logbraid
