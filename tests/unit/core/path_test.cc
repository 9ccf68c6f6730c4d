#include "logbraid/path.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logbraid {
namespace {

std::vector<std::string> keys_of(PathView path) {
  std::vector<std::string> keys;
  for (const PathSegment& segment : path) keys.emplace_back(segment.key);
  return keys;
}

TEST(FieldPath, dots_nest_and_backslashes_take_them_literally) {
  EXPECT_EQ(keys_of(FieldPath("geo.country")), (std::vector<std::string>{"geo", "country"}));
  EXPECT_EQ(keys_of(FieldPath(R"(a\.b)")), (std::vector<std::string>{"a.b"}));
  EXPECT_EQ(keys_of(FieldPath(R"(a\\.b)")), (std::vector<std::string>{"a\\", "b"}));
}

TEST(FieldPath, its_text_parses_to_the_same_path) {
  for (const char* text : {"a", "geo.country", R"(a\.b.c\\d)"}) {
    EXPECT_EQ(FieldPath(text).to_string(), text);
  }
}

TEST(FieldPath, refuses_what_is_no_path_and_says_what_would_be_right) {
  for (const char* text : {"", ".", "a..b", "a.", ".a", "a\\", "a\\x", "\xFF"}) {
    const auto parsed = FieldPath::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("is no field path"), std::string::npos);
  }
  std::string deep = "a";
  for (int i = 0; i < 64; ++i) deep += ".a";
  EXPECT_FALSE(FieldPath::parse(deep));
}

TEST(FieldPath, knows_how_json_writes_its_keys) {
  EXPECT_EQ(FieldPath::literal("a\"b\n").view().front().quoted, R"("a\"b\n":)");
}

TEST(FieldPath, a_child_is_one_literal_step_more) {
  EXPECT_EQ(FieldPath("a").child("b.c").to_string(), R"(a.b\.c)");
  EXPECT_EQ(FieldPath().child("x").to_string(), "x");
}

TEST(FieldPath, overlaps_what_lies_above_and_below) {
  EXPECT_TRUE(overlap(FieldPath("user"), FieldPath("user.id")));
  EXPECT_TRUE(overlap(FieldPath("user.id"), FieldPath("user")));
  EXPECT_FALSE(overlap(FieldPath("user"), FieldPath("uses")));
  EXPECT_FALSE(overlap(FieldPath("user.id"), FieldPath("user.name")));
}

TEST(FieldPath, in_an_arena_it_is_the_same) {
  Arena arena;
  EXPECT_TRUE(parse_path("a.b", arena) == FieldPath("a.b"));
  EXPECT_TRUE(parse_path("a..b", arena).empty());
  EXPECT_TRUE(child_path(parse_path("a", arena), "b.c", arena) == FieldPath(R"(a.b\.c)"));
}

}  // namespace
}  // namespace logbraid
