#include "logbraid/patch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace logbraid {
namespace {

TEST(Patch, keeps_a_copy_of_what_is_set) {
  Arena arena;
  Patch patch(&arena);
  const FieldPath path("a");
  {
    const std::string gone = "a value that dies before the patch";
    patch.set(path, gone);
  }
  EXPECT_EQ(patch.ops()[0].value.as_string(), "a value that dies before the patch");
}

TEST(Patch, setting_nothing_or_nowhere_does_nothing) {
  Arena arena;
  Patch patch(&arena);
  const FieldPath path("a");
  const FieldPath nowhere;
  patch.set(path, Value());
  patch.set(nowhere, 1);
  patch.remove(nowhere);
  EXPECT_TRUE(patch.empty());
}

TEST(Patch, takes_constant_steps_without_a_copy_until_something_is_added) {
  Arena arena;
  const FieldPath a("a");
  const FieldPath b("b");
  const std::vector<PatchOp> ops = {{a, Value(1)}};
  const ConstantSteps steps{ops, "\"a\":1", a.view().front().bit, 0};
  Patch patch(&arena);
  patch.set_constant(steps);
  EXPECT_EQ(patch.constant(), &steps);
  EXPECT_EQ(patch.ops().data(), ops.data());
  EXPECT_EQ(patch.key_mask(), steps.key_mask);
  Arena other;
  EXPECT_EQ(patch.moved_to(other).constant(), &steps);

  patch.set(b, 2);
  EXPECT_EQ(patch.constant(), nullptr);
  ASSERT_EQ(patch.ops().size(), 2u);
  EXPECT_EQ(ops[0].value.as_int64(), 1);  // it has its own now
  EXPECT_EQ(patch.ops()[1].value.as_int64(), 2);
}

TEST(Patch, constant_steps_after_others_follow_them) {
  Arena arena;
  const FieldPath a("a");
  const FieldPath b("b");
  const std::vector<PatchOp> ops = {{a, Value(1)}};
  const ConstantSteps steps{ops, "\"a\":1", a.view().front().bit, 0};
  Patch patch(&arena);
  patch.set(b, 2);
  patch.set_constant(steps);
  EXPECT_EQ(patch.constant(), nullptr);
  ASSERT_EQ(patch.ops().size(), 2u);
  EXPECT_EQ(patch.ops()[1].value.as_int64(), 1);
}

TEST(Patch, what_is_cleared_leaves_the_constant_steps_alone) {
  Arena arena;
  const FieldPath a("a");
  const FieldPath b("b");
  const std::vector<PatchOp> ops = {{a, Value(1)}};
  const ConstantSteps steps{ops, "\"a\":1", a.view().front().bit, 0};
  Patch patch(&arena);
  patch.set_constant(steps);
  patch.clear();
  EXPECT_TRUE(patch.empty());
  EXPECT_EQ(patch.constant(), nullptr);
  patch.set(b, 2);
  EXPECT_EQ(ops[0].value.as_int64(), 1);
}

TEST(Patch, takes_nothing_over_its_cap) {
  Arena arena;
  Patch patch(&arena);
  const FieldPath path("a");
  patch.set(path, std::string(Patch::kMaxBytes, 'x'));
  EXPECT_FALSE(patch.overflowed());
  patch.set(path, "y");
  EXPECT_TRUE(patch.overflowed());
  patch.remove(path);
  EXPECT_EQ(patch.ops().size(), 1u);
}

TEST(Patch, moves_to_another_arena_with_all_that_stood_in_its_own) {
  Arena to;
  Patch moved(&to);
  const FieldPath lasting("lasting.path");
  {
    Arena from;
    Patch patch(&from);
    patch.set(lasting, std::string("a string of its own"));
    patch.set(parse_path("made.now", from), Value::object(from.copy(R"({"a":1})")));
    patch.set(lasting, 7);
    patch.set_view(lasting, "a literal");
    patch.remove(lasting);
    moved = patch.moved_to(to);
  }
  ASSERT_EQ(moved.ops().size(), 5u);
  EXPECT_EQ(moved.ops()[0].value.as_string(), "a string of its own");
  EXPECT_EQ(moved.ops()[1].path.to_string(), "made.now");
  EXPECT_EQ(moved.ops()[1].path[1].quoted, "\"now\":");
  EXPECT_EQ(moved.ops()[1].value.as_json(), R"({"a":1})");
  EXPECT_EQ(moved.ops()[2].value.as_int64(), 7);
  EXPECT_EQ(moved.ops()[3].value.as_string(), "a literal");
  EXPECT_TRUE(moved.ops()[4].value.absent());
}

TEST(Value, numbers_are_what_they_are) {
  EXPECT_EQ(Value(-5).as_int64(), -5);
  EXPECT_EQ(Value(UINT64_MAX).as_uint64(), UINT64_MAX);
  EXPECT_FALSE(Value(UINT64_MAX).as_int64());
  EXPECT_EQ(Value(7u).as_int64(), 7);
  EXPECT_EQ(Value::number("1e400").as_double(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Value::number("-1e400").as_double(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Value::number("1e-400").as_double(), 0.0);
  EXPECT_EQ(Value::number("123456789012345678901").as_double(), 123456789012345678901.0);
  EXPECT_EQ(Value::number("1.10").as_json(), "1.10");
  EXPECT_FALSE(Value("1").as_double());
  EXPECT_FALSE(Value(true).as_int64());
}

}  // namespace
}  // namespace logbraid
