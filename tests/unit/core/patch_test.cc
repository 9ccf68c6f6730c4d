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

// {"a": 1}, as an enricher keeps it for all events.
class ConstantStepsOfAPatch : public testing::Test {
 protected:
  const FieldPath a_{"a"};
  const FieldPath b_{"b"};
  const std::vector<PatchOp> ops_ = {{a_, Value(1)}};
  const ConstantSteps steps_{ops_, "\"a\":1", a_.view().front().bit, 0};
  Arena arena_;
  Patch patch_{&arena_};
};

TEST_F(ConstantStepsOfAPatch, are_taken_without_a_copy_until_something_is_added) {
  patch_.set_constant(steps_);
  EXPECT_EQ(patch_.constant(), &steps_);
  EXPECT_EQ(patch_.ops().data(), ops_.data());
  EXPECT_EQ(patch_.key_mask(), steps_.key_mask);
  Arena other;
  EXPECT_EQ(patch_.moved_to(other).constant(), &steps_);

  patch_.set(b_, 2);
  EXPECT_EQ(patch_.constant(), nullptr);
  ASSERT_EQ(patch_.ops().size(), 2u);
  EXPECT_EQ(ops_[0].value.as_int64(), 1);  // it has its own now
  EXPECT_EQ(patch_.ops()[1].value.as_int64(), 2);
}

TEST_F(ConstantStepsOfAPatch, after_others_follow_them) {
  patch_.set(b_, 2);
  patch_.set_constant(steps_);
  EXPECT_EQ(patch_.constant(), nullptr);
  ASSERT_EQ(patch_.ops().size(), 2u);
  EXPECT_EQ(patch_.ops()[1].value.as_int64(), 1);
}

TEST_F(ConstantStepsOfAPatch, are_left_alone_by_what_is_cleared) {
  patch_.set_constant(steps_);
  patch_.clear();
  EXPECT_TRUE(patch_.empty());
  EXPECT_EQ(patch_.constant(), nullptr);
  patch_.set(b_, 2);
  EXPECT_EQ(ops_[0].value.as_int64(), 1);
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
