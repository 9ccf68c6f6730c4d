#include "format/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace logbraid {
namespace {

using ::testing::HasSubstr;

TEST(JsonDocumentTest, takes_values_of_each_kind_as_they_are_spelled) {
  JsonDocument document;
  const std::pair<const char*, const char*> rows[] = {
      {R"({"a":1})", R"({"a":1})"},
      {R"( [1, {"b":[]}] )", R"([1, {"b":[]}])"},
      {R"("a \"text\" \u00e4")", R"("a \"text\" \u00e4")"},
      {R"("")", R"("")"},
      {"1e400", "1e400"},
      {"-0", "-0"},
      {"12345678901234567890123", "12345678901234567890123"},
      {" true", "true"},
      {"null\n", "null"},
      {"{}", "{}"},
      {"{\r\n\t\"a\": [\n1\n]\n}\n", "{  \t\"a\": [ 1 ] }"},
  };
  for (const auto& [text, json] : rows) {
    EXPECT_TRUE(document.read(text)) << text << ": " << document.error();
    EXPECT_EQ(document.json(), json) << text;
  }
}

TEST(JsonDocumentTest, refuses_what_is_no_single_value) {
  JsonDocument document;
  const char* const rows[] = {"", " ", "{", "[1", "{\"a\":1", "tru", "01", "[1 2]", "[1}",
                              "{\"a\"}", "\"open", "1 2", "{} {}", "nul", "\"\\q\"", "\xff",
                              "\"a\nb\"", "<html>",
                              // would be valid within the object that is put around the text
                              "1,\"x\":2", "1}", "1}{\"a\":1", "{}}", ",", "1,"};
  for (const char* const text : rows) {
    EXPECT_FALSE(document.read(text)) << text;
    EXPECT_FALSE(document.error().empty()) << text;
    EXPECT_EQ(document.json(), "") << text;
  }
  EXPECT_FALSE(document.read("[1 2]"));
  EXPECT_THAT(document.error(), HasSubstr("byte 4: "));
  EXPECT_TRUE(document.read("[]")) << "an error leaves nothing behind";
}

TEST(JsonDocumentTest, refuses_each_text_that_is_cut_short) {
  JsonDocument document;
  const std::string whole = R"({"a":[1,{"b":"c\n"},true,null,-1.5e3],"d":{"e":""}})";
  ASSERT_TRUE(document.read(whole)) << document.error();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(document.read(whole.substr(0, size))) << size;
  }
}

TEST(JsonDocumentTest, refuses_what_is_nested_beyond_the_limit) {
  JsonDocument document;
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(document.read(nested(63))) << document.error();
  EXPECT_FALSE(document.read(nested(64)));
  EXPECT_FALSE(document.read(nested(100'000)));
  EXPECT_FALSE(document.read(std::string(100'000, '[')));
}

}  // namespace
}  // namespace logbraid
