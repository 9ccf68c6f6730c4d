#include "support/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logbraid {
namespace {

using ::testing::HasSubstr;

TEST(RegexTest, searches_anywhere_at_the_start_or_over_all) {
  const auto regex = Regex::compile("b+");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->found_in("abba"));
  EXPECT_FALSE(regex->found_in("aaa"));
  EXPECT_TRUE(regex->starts("bba"));
  EXPECT_FALSE(regex->starts("abba"));
  EXPECT_TRUE(regex->matches_all("bbb"));
  EXPECT_FALSE(regex->matches_all("bba"));
}

TEST(RegexTest, case_is_kept_unless_asked_otherwise) {
  EXPECT_FALSE(Regex::compile("get")->found_in("GET"));
  EXPECT_TRUE(Regex::compile("get", {.ignore_case = true})->found_in("GET"));
}

TEST(RegexTest, groups_are_views_of_the_text) {
  const auto regex = Regex::compile("(\\w+)=(\\d+)?");
  ASSERT_EQ(regex->group_count(), 2);
  std::string_view groups[3];
  ASSERT_TRUE(regex->search("?id=", groups));
  EXPECT_EQ(groups[0], "id=");
  EXPECT_EQ(groups[1], "id");
  EXPECT_EQ(groups[2].data(), nullptr);
  EXPECT_FALSE(regex->search("none", groups));
}

TEST(RegexTest, more_groups_than_usual_are_filled_too) {
  std::string pattern;
  for (int i = 0; i < 20; ++i) pattern += "(.)";
  std::string_view groups[21];
  ASSERT_TRUE(Regex::compile(pattern)->search("abcdefghijklmnopqrst", groups));
  EXPECT_EQ(groups[20], "t");
}

TEST(RegexTest, errors_say_where) {
  const auto regex = Regex::compile("^/v[0-9+/");
  ASSERT_FALSE(regex);
  EXPECT_THAT(regex.error().message, HasSubstr("missing ]"));
  EXPECT_THAT(regex.error().message, HasSubstr("at character 4"));
  EXPECT_THAT(Regex::compile("a(?=b)").error().message, HasSubstr("at character 2"));
}

TEST(RegexTest, a_pattern_beyond_its_memory_is_refused) {
  EXPECT_FALSE(Regex::compile("((a{100}){100}){100}"));
  EXPECT_FALSE(Regex::compile("\\pL{100}", {.max_memory = 1000}));
}

}  // namespace
}  // namespace logbraid
