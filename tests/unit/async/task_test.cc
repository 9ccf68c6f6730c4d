#include "logbraid/task.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "async/timers.h"
#include "logbraid/async_context.h"

namespace logbraid {
namespace {

using std::chrono::milliseconds;

Task<int> gives(AsyncContext&, int value) { co_return value; }
Task<int> waits(AsyncContext& context, int value) {
  co_await context.sleep(milliseconds(1));
  co_return value;
}
Task<int> throws(AsyncContext& context) {
  co_await context.sleep(milliseconds(1));
  throw std::runtime_error("no");
}
Task<int> sums(AsyncContext& context) {
  const int a = co_await gives(context, 1);
  const int b = co_await waits(context, 2);
  const int c = co_await waits(context, 3);
  co_return a + b + c;
}
Task<long> many(AsyncContext& context, int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await gives(context, i);
  co_return sum;
}
Task<bool> sleeps(AsyncContext& context) { co_return co_await context.sleep(milliseconds(5)); }

class TaskTest : public testing::Test {
 protected:
  template <class T>
  void start(Task<T>& task) {
    task.start([](void* ended) noexcept { *static_cast<bool*>(ended) = true; }, &ended_);
  }
  void pass(Duration time) { timers_.advance(timers_.now() + time); }

  Timers timers_{TimePoint(std::chrono::hours(1))};
  FramePool frames_;
  AsyncContext context_{timers_, frames_};
  bool ended_ = false;
};

TEST_F(TaskTest, starts_when_started_and_ends_at_once_without_waiting) {
  Task<int> task = gives(context_, 7);
  EXPECT_FALSE(ended_);
  start(task);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(task.take_result(), 7);
}

TEST_F(TaskTest, awaits_others_that_wait_and_others_that_do_not) {
  Task<int> task = sums(context_);
  start(task);
  EXPECT_FALSE(ended_);
  pass(milliseconds(1));
  EXPECT_FALSE(ended_);
  pass(milliseconds(1));
  EXPECT_TRUE(ended_);
  EXPECT_EQ(task.take_result(), 6);
}

TEST_F(TaskTest, an_exception_leaves_through_the_result) {
  Task<int> task = throws(context_);
  start(task);
  pass(milliseconds(1));
  EXPECT_TRUE(ended_);
  EXPECT_THROW(task.take_result(), std::runtime_error);
}

TEST_F(TaskTest, a_million_awaits_that_end_at_once_need_no_stack) {
  Task<long> task = many(context_, 1'000'000);
  start(task);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(task.take_result(), 499'999'500'000);
}

TEST_F(TaskTest, a_sleep_is_called_off_when_the_call_is_told_to_stop) {
  Task<bool> task = sleeps(context_);
  start(task);
  context_.request_stop();
  EXPECT_TRUE(ended_);
  EXPECT_FALSE(task.take_result());
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(TaskTest, told_to_stop_before_it_sleeps_it_does_not_sleep) {
  context_.request_stop();
  Task<bool> task = sleeps(context_);
  start(task);
  EXPECT_TRUE(ended_);
  EXPECT_FALSE(task.take_result());
}

Task<int> never_listens(AsyncContext& context) {
  for (;;) co_await context.sleep(std::chrono::hours(1));
}

TEST_F(TaskTest, one_that_sleeps_on_when_told_to_stop_leaves_the_loop_its_turns) {
  Task<int> task = never_listens(context_);
  start(task);
  context_.request_stop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(timers_.next_due(), timers_.now() + milliseconds(1));
    pass(milliseconds(1));
  }
  EXPECT_FALSE(ended_);
}

TEST_F(TaskTest, destroying_a_task_that_sleeps_frees_its_frames_and_its_timer) {
  {
    std::optional<Task<int>> task = sums(context_);
    start(*task);
    EXPECT_EQ(timers_.size(), 1u);
    EXPECT_EQ(frames_.in_use(), 2u);
  }
  EXPECT_EQ(timers_.size(), 0u);
  EXPECT_EQ(frames_.in_use(), 0u);
}

TEST_F(TaskTest, frames_come_from_the_pool_of_the_context) {
  Task<int> task = waits(context_, 1);
  EXPECT_EQ(frames_.in_use(), 1u);
  start(task);
  pass(milliseconds(1));
  EXPECT_TRUE(ended_);
}

}  // namespace
}  // namespace logbraid
