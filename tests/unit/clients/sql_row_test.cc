#include "clients/sql_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logbraid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(sql_row, sets_each_field_from_its_column) {
  const std::vector<std::string_view> columns = {"id", "plan", "org"};
  const auto shape = sql_shape(columns, std::vector<std::string>{"org", "plan", "org"});
  ASSERT_TRUE(shape.has_value());
  EXPECT_THAT(shape->columns, ElementsAre(2u, 1u, 2u));
  EXPECT_THAT(shape->names, IsEmpty());
}

TEST(sql_row, is_an_object_of_all_columns_where_none_is_chosen) {
  const std::vector<std::string_view> columns = {"id", "a \"b\"", "\xff"};
  const auto shape = sql_shape(columns, {});
  ASSERT_TRUE(shape.has_value());
  EXPECT_THAT(shape->names, ElementsAre("\"id\":", "\"a \\\"b\\\"\":", "\"\uFFFD\":"));
}

TEST(sql_row, says_which_column_is_missing_or_there_twice) {
  const std::vector<std::string_view> columns = {"id", "plan", "id"};
  EXPECT_THAT(sql_shape(columns, std::vector<std::string>{"plam"}).error().message,
              HasSubstr("no column \"plam\"; it has id, plan, id"));
  EXPECT_THAT(sql_shape(columns, {}).error().message, HasSubstr("two columns"));
}

TEST(sql_row, messages_are_one_line_that_harms_no_terminal) {
  EXPECT_EQ(sql_message("bad \x1b[31mvalue\tx\x7f\nDETAIL: y"), "bad  [31mvalue x");
  const std::string long_text(399, 'x');
  EXPECT_EQ(sql_message(long_text + "\u00e9"), long_text);
}

}  // namespace
}  // namespace logbraid
