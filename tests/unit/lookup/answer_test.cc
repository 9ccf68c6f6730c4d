#include "lookup/answer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logbraid {
namespace {

TEST(AnswerTest, an_empty_field_stands_for_the_event_itself) {
  std::string answer;
  const std::vector<FieldPath> fields = {FieldPath("a"), FieldPath()};
  append_answer(answer, 0, Value(1));
  append_answer(answer, 1, Value::object(R"({"x.y": "b\n", "z": {"u": 1}, "": null})"));
  Arena arena;
  Patch patch(&arena);
  apply_answer(answer, fields, patch);
  answer.assign(answer.size(), '\0');  // what was applied lives on
  ASSERT_EQ(patch.ops().size(), 4u);
  EXPECT_EQ(patch.ops()[0].path.to_string(), "a");
  EXPECT_EQ(patch.ops()[1].path.to_string(), "x\\.y") << "one key";
  EXPECT_EQ(patch.ops()[1].value.as_string(), "b\n");
  EXPECT_EQ(patch.ops()[2].value.as_json(), R"({"u": 1})");
  EXPECT_EQ(patch.ops()[3].path.front().key, "");
  EXPECT_TRUE(patch.ops()[3].value.is_null());
}

TEST(AnswerTest, an_array_for_the_event_itself_is_of_fields_that_go) {
  std::string answer;
  const std::vector<FieldPath> fields = {FieldPath()};
  append_answer(answer, 0, Value::array(R"(["user.password", "a\\.b"])"));
  append_answer(answer, 0, Value::object(R"({"x": 1})"));
  Arena arena;
  Patch patch(&arena);
  apply_answer(answer, fields, patch);
  ASSERT_EQ(patch.ops().size(), 3u);
  EXPECT_EQ(patch.ops()[0].path.to_string(), "user.password");
  EXPECT_TRUE(patch.ops()[0].value.absent());
  EXPECT_EQ(patch.ops()[1].path.to_string(), "a\\.b") << "one key";
  EXPECT_EQ(patch.ops()[2].value.as_int64(), 1);
}

}  // namespace
}  // namespace logbraid
