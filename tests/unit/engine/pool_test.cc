#include "engine/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <semaphore>
#include <vector>

namespace logbraid {
namespace {

struct Count : PoolTask {
  explicit Count(std::latch& what)
      : PoolTask([](PoolTask& task) noexcept { static_cast<Count&>(task).left.count_down(); }),
        left(what) {}
  std::latch& left;
};

// Told when a thread that ran a task has ended.
using ThreadsEnded = std::counting_semaphore<>;
struct EndTeller {
  ~EndTeller() {
    if (ended != nullptr) ended->release();
  }
  std::shared_ptr<ThreadsEnded> ended;
};

// Says that it runs and waits to be let go; may be gone then before its thread is back.
struct Hold : PoolTask {
  Hold()
      : PoolTask([](PoolTask& task) noexcept {
          auto& hold = static_cast<Hold&>(task);
          const std::shared_ptr<std::latch> gate = hold.release;
          thread_local EndTeller teller;
          teller.ended = hold.thread_ended;
          hold.running.count_down();
          gate->wait();
        }) {}
  void let_go() { release->count_down(); }

  std::latch running{1};
  std::shared_ptr<ThreadsEnded> thread_ended;  // may be null
  const std::shared_ptr<std::latch> release = std::make_shared<std::latch>(1);
};

TEST(Pool, makes_a_thread_when_it_is_needed_and_no_more_than_it_may) {
  Pool pool({.most = 2});
  EXPECT_EQ(pool.threads(), 0u);
  Hold first;
  ASSERT_TRUE(pool.submit(first));
  first.running.wait();
  EXPECT_EQ(pool.threads(), 1u);
  Hold second;
  ASSERT_TRUE(pool.submit(second));
  second.running.wait();
  std::latch left(1);
  Count third(left);
  ASSERT_TRUE(pool.submit(third));
  EXPECT_EQ(pool.threads(), 2u);
  first.let_go();
  left.wait();
  second.let_go();
}

// One that looked for the next task awake and saw none must not fall asleep on one that counted on
// it.
TEST(Pool, brief_tasks_that_come_one_by_one_are_all_run) {
  Pool pool({.most = 2, .cores_left = [] { return 1u; }});
  for (int i = 0; i < 2000; ++i) {
    std::latch left(1);
    Count task(left);
    task.brief = true;
    ASSERT_TRUE(pool.submit(task));
    left.wait();
  }
  EXPECT_EQ(pool.metrics().calls, 2000u);
}

TEST(Pool, knows_the_most_that_ran_and_waited_at_once) {
  Pool pool({.most = 2, .most_stuck = 5});
  EXPECT_EQ(pool.metrics().calls, 0u);
  Hold first;
  Hold second;
  ASSERT_TRUE(pool.submit(first));
  ASSERT_TRUE(pool.submit(second));
  first.running.wait();
  second.running.wait();
  std::latch left(3);
  Count waiting[] = {Count(left), Count(left), Count(left)};
  for (Count& each : waiting) ASSERT_TRUE(pool.submit(each));
  EXPECT_EQ(pool.metrics().queued_peak, 3u);
  first.let_go();
  left.wait();
  const PoolMetrics metrics = pool.metrics();
  EXPECT_EQ(metrics.threads, 2u);
  EXPECT_EQ(metrics.threads_limit, 2u);
  EXPECT_EQ(metrics.calls, 5u);
  EXPECT_EQ(metrics.busy_peak, 2u);
  EXPECT_EQ(metrics.queued_peak, 3u) << "it is a peak";
  EXPECT_EQ(metrics.stuck, 0u);
  pool.give_up(second);
  EXPECT_EQ(pool.metrics().stuck, 1u);
  second.let_go();
}

TEST(Pool, two_tasks_at_once_get_two_threads_though_one_is_idle) {
  Pool pool({.most = 2});
  std::latch warm(1);
  Count only(warm);
  ASSERT_TRUE(pool.submit(only));
  warm.wait();
  Hold first;
  Hold second;
  ASSERT_TRUE(pool.submit(first));
  ASSERT_TRUE(pool.submit(second));
  first.running.wait();
  second.running.wait();
  first.let_go();
  second.let_go();
}

TEST(Pool, a_queued_task_can_be_taken_back_and_one_that_runs_cannot) {
  Pool pool({.most = 1});
  Hold running;
  ASSERT_TRUE(pool.submit(running));
  running.running.wait();
  std::latch never(1);
  Count a(never);
  std::latch left(2);
  Count b(left);
  Count c(left);
  ASSERT_TRUE(pool.submit(b));
  ASSERT_TRUE(pool.submit(a));
  ASSERT_TRUE(pool.submit(c));
  EXPECT_TRUE(pool.cancel(a));
  EXPECT_FALSE(pool.cancel(a));
  EXPECT_FALSE(pool.cancel(running));
  running.let_go();
  left.wait();
  EXPECT_FALSE(never.try_wait());
}

TEST(Pool, another_thread_takes_the_place_of_one_that_is_stuck_which_ends_when_it_is_back) {
  Pool pool({.most = 1});
  Hold stuck;
  stuck.thread_ended = std::make_shared<ThreadsEnded>(0);
  ASSERT_TRUE(pool.submit(stuck));
  stuck.running.wait();
  std::latch left(1);
  Count waiting(left);
  ASSERT_TRUE(pool.submit(waiting));
  EXPECT_EQ(pool.queued(), 1u);
  ASSERT_FALSE(pool.cancel(stuck));
  pool.give_up(stuck);
  left.wait();  // it has a thread now
  EXPECT_EQ(pool.stuck(), 1u);
  EXPECT_EQ(pool.threads(), 2u);
  stuck.let_go();
  stuck.thread_ended->acquire();
  EXPECT_EQ(pool.stuck(), 0u);
  EXPECT_EQ(pool.threads(), 1u);
  std::latch next_left(1);
  Count next(next_left);
  ASSERT_TRUE(pool.submit(next));
  next_left.wait();  // by the one that took its place
}

TEST(Pool, no_more_stuck_threads_are_replaced_than_it_may) {
  Pool pool({.most = 1, .most_stuck = 1});
  Hold first;
  ASSERT_TRUE(pool.submit(first));
  first.running.wait();
  EXPECT_FALSE(pool.exhausted());
  pool.give_up(first);
  EXPECT_TRUE(pool.exhausted());
  Hold second;
  ASSERT_TRUE(pool.submit(second));
  second.running.wait();
  pool.give_up(second);
  EXPECT_EQ(pool.stuck(), 2u);
  std::latch left(1);
  Count third(left);
  ASSERT_TRUE(pool.submit(third));
  EXPECT_EQ(pool.threads(), 2u);
  EXPECT_EQ(pool.queued(), 1u) << "both threads are held";
  first.let_go();
  left.wait();  // the thread that is back does it, since the other one still hangs
  EXPECT_TRUE(pool.exhausted());
  second.let_go();
}

TEST(Pool, giving_up_a_task_that_has_ended_counts_no_thread_as_stuck) {
  Pool pool({.most = 1});
  std::latch first_left(1);
  Count first(first_left);
  ASSERT_TRUE(pool.submit(first));
  first_left.wait();
  std::latch second_left(1);
  Count second(second_left);
  ASSERT_TRUE(pool.submit(second));
  second_left.wait();  // so the first is behind it, and the thread has said so
  pool.give_up(first);
  EXPECT_EQ(pool.stuck(), 0u);
}

TEST(Pool, tasks_that_share_one_wake_up_are_fetched_when_they_turn_out_long) {
  Pool pool({.most = 3});
  std::vector<std::unique_ptr<Hold>> holds;
  std::vector<PoolTask*> tasks;
  for (int i = 0; i < 3; ++i) {
    holds.push_back(std::make_unique<Hold>());
    tasks.push_back(holds.back().get());
  }
  ASSERT_TRUE(pool.submit(tasks, 1));
  holds[0]->running.wait();
  EXPECT_EQ(pool.threads(), 1u);
  EXPECT_EQ(pool.queued(), 2u);
  pool.nudge();
  holds[1]->running.wait();
  holds[2]->running.wait();
  EXPECT_EQ(pool.threads(), 3u);
  for (const auto& hold : holds) hold->let_go();
}

TEST(Pool, runs_everything_that_many_hand_over) {
  std::latch left(4000);
  std::vector<std::unique_ptr<Count>> tasks;
  for (int i = 0; i < 4000; ++i) tasks.push_back(std::make_unique<Count>(left));
  Pool pool({.most = 4});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(pool.submit(*tasks[static_cast<std::size_t>(t * 1000 + i)]));
      }
    });
  }
  left.wait();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace logbraid
