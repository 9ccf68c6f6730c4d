#include "format/json_pointer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logbraid {
namespace {

using ::testing::HasSubstr;

// The document of RFC 6901, section 5.
constexpr std::string_view kExample =
    R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5,)"
    R"( "k\"l": 6, " ": 7, "m~n": 8})";

TEST(JsonPointerTest, finds_what_the_standard_says) {
  const std::pair<const char*, std::string_view> rows[] = {
      {"", kExample},
      {"/foo", R"(["bar", "baz"])"},
      {"/foo/0", R"("bar")"},
      {"/", "0"},
      {"/a~1b", "1"},
      {"/c%d", "2"},
      {"/e^f", "3"},
      {"/g|h", "4"},
      {"/i\\j", "5"},
      {"/k\"l", "6"},
      {"/ ", "7"},
      {"/m~0n", "8"},
  };
  for (const auto& [text, json] : rows) {
    const auto pointer = JsonPointer::parse(text);
    ASSERT_TRUE(pointer.has_value()) << text;
    EXPECT_EQ(pointer->find(kExample), json) << text;
  }
}

TEST(JsonPointerTest, finds_nothing_where_nothing_is) {
  const char* const rows[] = {"/foo/2",   "/foo/-",   "/foo/00", "/foo/01",
                              "/foo/+1",  "/foo/bar", "/foo/0/", "/nobody",
                              "/foo/0/0", "/foo/1e0", "//",      "/foo/99999999999999999999999"};
  for (const char* const text : rows) {
    const auto pointer = JsonPointer::parse(text);
    ASSERT_TRUE(pointer.has_value()) << text;
    EXPECT_EQ(pointer->find(kExample), std::nullopt) << text;
  }
}

TEST(JsonPointerTest, takes_the_last_of_duplicate_keys_and_keys_that_look_like_numbers) {
  EXPECT_EQ(JsonPointer::parse("/a")->find(R"({"a":1,"b":2,"\u0061":3})"), "3");
  EXPECT_EQ(JsonPointer::parse("/0/1")->find(R"([{"1":true}])"), "true");
}

TEST(JsonPointerTest, says_what_a_pointer_looks_like) {
  EXPECT_THAT(JsonPointer::parse("user/name").error().message, HasSubstr("/user/name"));
  EXPECT_THAT(JsonPointer::parse("/a~").error().message, HasSubstr("~"));
  EXPECT_THAT(JsonPointer::parse("/a~2").error().message, HasSubstr("~"));
}

}  // namespace
}  // namespace logbraid
