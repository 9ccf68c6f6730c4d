#include "config/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "config/references.h"
#include "config/yaml_reader.h"
#include "tests/support/shared_data.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The recorded answers write what JSON has no number for as text.
bool same(const Setting& ours, const Setting& recorded) {
  if (ours.kind() == Setting::Kind::real && recorded.is_string()) {
    if (recorded.string() == "nan") return std::isnan(ours.real());
    if (recorded.string() == "inf") return std::isinf(ours.real()) && ours.real() > 0;
    return false;
  }
  if (ours.kind() != recorded.kind()) return false;
  switch (ours.kind()) {
    case Setting::Kind::boolean:
      return ours.boolean() == recorded.boolean();
    case Setting::Kind::integer:
      return ours.integer() == recorded.integer();
    case Setting::Kind::real:
      return ours.real() == recorded.real();
    case Setting::Kind::string:
      return ours.string() == recorded.string();
    default:
      return false;
  }
}

TEST(UriTest, reads_every_recorded_uri_as_fapilog_does) {
  LOGBRAID_SHARED_OR_SKIP(path, "compat/uris.jsonl");
  std::ifstream lines(path);
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    ++count;
    // JSON is YAML, and tells integers from reals.
    ErrorList errors;
    const auto vector = read_yaml_value(line, "uris.jsonl", {}, errors);
    ASSERT_TRUE(vector) << line;
    const std::string& text = vector->find("uri")->string();
    const auto uri = parse_enricher_uri(text);
    if (vector->find("error") != nullptr) {
      EXPECT_FALSE(uri) << text;
      continue;
    }
    ASSERT_TRUE(uri) << text;
    EXPECT_EQ(uri->scheme, vector->find("scheme")->string()) << text;
    const Setting params = uri->params();
    const Setting& expected = *vector->find("params");
    EXPECT_EQ(params.members().size(), expected.members().size()) << text;
    for (const auto& [name, value] : expected.members()) {
      const Setting* const ours = params.find(name);
      ASSERT_NE(ours, nullptr) << text << " " << name;
      EXPECT_TRUE(same(*ours, value)) << text << " " << name << ": " << ours->describe();
    }
  }
  EXPECT_EQ(count, 120);
}

TEST(UriTest, query_values_are_typed_as_python_does) {
  const struct {
    const char* text;
    Setting expected;
  } rows[] = {
      {"tRuE", true},
      {"FALSE", false},
      {"0", 0},
      {"007", 7},
      {"-1", -1.0},
      {"+5", " 5"},
      {"%2B5", 5.0},
      {"1_000", 1000.0},
      {"1__0", "1__0"},
      {"_1", "_1"},
      {"1_", "1_"},
      {"1e3", 1000.0},
      {"1e", "1e"},
      {".5", 0.5},
      {"5.", 5.0},
      {".", "."},
      {"0x10", "0x10"},
      {"%201%20", 1.0},
      {"yes", "yes"},
      {"", ""},
      {"null", "null"},
      {"1e999", "inf"},
      {"Infinity", "inf"},
      {"99999999999999999999", 1e20},
      {"--1", "--1"},
      {"%zz", "%zz"},
      {"%FF", "\xEF\xBF\xBD"},
      {"a=b", "a=b"},
      {"%2", "%2"},
  };
  for (const auto& row : rows) {
    const auto uri = parse_enricher_uri(std::string("x://?v=") + row.text);
    ASSERT_TRUE(uri) << row.text;
    // A blank and a digit is a number to Python's float().
    const Setting expected =
        row.expected.is_string() && row.expected.string() == " 5" ? Setting(5.0) : row.expected;
    EXPECT_TRUE(same(*uri->query.find("v"), expected))
        << row.text << " gave " << uri->query.find("v")->describe();
  }
}

TEST(UriTest, the_query_overrides_the_parts) {
  const auto uri = parse_enricher_uri("redis://a:1/p?host=b&port=2&path=");
  const Setting params = uri->params();
  EXPECT_EQ(params.find("host")->string(), "b");
  EXPECT_EQ(params.find("port")->integer(), 2);
  EXPECT_EQ(params.find("path")->string(), "");
}

TEST(UriTest, what_is_taken_out_of_a_query_leaves_the_rest_as_it_is_written) {
  const auto without = [](std::string_view uri) {
    return uri_without(uri, [](std::string_view name) { return name == "key" || name == "a b"; });
  };
  EXPECT_EQ(without("redis://h:1/0?prefix=user%3A&key=%7B%7Bid%7D%7D&db=2#key=x"),
            "redis://h:1/0?prefix=user%3A&db=2");
  EXPECT_EQ(without("redis://h/0?key=1&a+b=2"), "redis://h/0");
  EXPECT_EQ(without("redis://h/0?&key&&c"), "redis://h/0?c");
  EXPECT_EQ(without("redis://h"), "redis://h");
  EXPECT_EQ(without("redis://h?"), "redis://h");
}

TEST(UriTest, what_is_no_uri_is_an_error_that_says_why) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"", "no scheme"},
      {"geoip", "no scheme"},
      {"://host", "no scheme"},
      {"1a://host", "no scheme"},
      {"a b://host", "no scheme"},
      {"redis://host:port", "port must be"},
      {"redis://host:65536", "port must be"},
      {"redis://host:-1", "port must be"},
      {"redis://host:1:2", "port must be"},
      {"redis://[::1", "has no ]"},
      {"redis://[::1]x", "may follow"},
      {"redis://::1]", "alone"},
      {"redis://\xff", "UTF-8"},
  };
  for (const auto& row : rows) {
    const auto uri = parse_enricher_uri(row.text);
    ASSERT_FALSE(uri) << row.text;
    EXPECT_THAT(uri.error().message, HasSubstr(row.message)) << row.text;
  }
}

TEST(UriTest, passwords_do_not_stand_in_messages) {
  for (const char* text :
       {"redis://u:hunter2@h:port", "redis://u:a/hunter2@h:port", "redis://:hunter2@h:port",
        "redis://u:hun@ter2@h:port", "redis://h:port?password=hunter2&token=hunter2"}) {
    const auto uri = parse_enricher_uri(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_THAT(uri.error().message, Not(HasSubstr("ter2"))) << text;
    EXPECT_THAT(uri.error().message, HasSubstr("***")) << text;
  }
  EXPECT_TRUE(parse_enricher_uri("redis://u:hunter2@h")->parts.find("password")->secret);
}

}  // namespace
}  // namespace logbraid
