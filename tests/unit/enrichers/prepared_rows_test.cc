#include "enrichers/prepared_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logbraid {
namespace {

TEST(PreparedRows, have_the_text_of_what_each_row_sets) {
  const std::vector<FieldPath> outputs = {FieldPath("net.site"), FieldPath("net.zone"),
                                          FieldPath("owner")};
  const std::vector<Value> values = {Value("a"), Value("b"), Value("c\"d"),  //
                                     Value(),    Value("e"), Value(7),       //
                                     Value(),    Value(),    Value()};
  const PreparedRows rows(outputs, values);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].json, R"("net":{"site":"a","zone":"b"},"owner":"c\"d")");
  EXPECT_EQ(rows[1].json, R"("net":{"zone":"e"},"owner":7)");
  EXPECT_EQ(rows[1].ops.size(), 2u);
  EXPECT_EQ(rows[1].key_mask, outputs[0].view().front().bit | outputs[2].view().front().bit);
  EXPECT_EQ(rows[0].bytes, 5u);
  EXPECT_EQ(rows[2].json, "");
  EXPECT_TRUE(rows[2].ops.empty());
}

// Which of two outputs wins is counted event by event.
TEST(PreparedRows, where_one_output_replaces_another_there_is_no_text) {
  const std::vector<FieldPath> outputs = {FieldPath("net"), FieldPath("net.zone")};
  const std::vector<Value> values = {Value("a"), Value("b")};
  const PreparedRows rows(outputs, values);
  EXPECT_EQ(rows[0].json, "");
  EXPECT_EQ(rows[0].ops.size(), 2u);
}

}  // namespace
}  // namespace logbraid
