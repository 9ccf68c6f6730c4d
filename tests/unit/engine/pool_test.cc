#include "engine/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <vector>

namespace logbraid {
namespace {

struct Count : PoolTask {
  explicit Count(std::latch& what)
      : PoolTask([](PoolTask& task) noexcept { static_cast<Count&>(task).left.count_down(); }),
        left(what) {}
  std::latch& left;
};

// Says that it runs and waits to be let go.
struct Hold : PoolTask {
  Hold()
      : PoolTask([](PoolTask& task) noexcept {
          auto& hold = static_cast<Hold&>(task);
          hold.running.count_down();
          hold.release.wait();
        }) {}
  std::latch running{1};
  std::latch release{1};
};

TEST(Pool, makes_a_thread_when_it_is_needed_and_no_more_than_it_may) {
  Pool pool(2, "test");
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
  first.release.count_down();
  left.wait();
  second.release.count_down();
}

TEST(Pool, two_tasks_at_once_get_two_threads_though_one_is_idle) {
  Pool pool(2, "test");
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
  first.release.count_down();
  second.release.count_down();
}

TEST(Pool, a_queued_task_can_be_taken_back_and_one_that_runs_cannot) {
  Pool pool(1, "test");
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
  running.release.count_down();
  left.wait();
  EXPECT_FALSE(never.try_wait());
}

TEST(Pool, runs_everything_that_many_hand_over) {
  std::latch left(4000);
  std::vector<std::unique_ptr<Count>> tasks;
  for (int i = 0; i < 4000; ++i) tasks.push_back(std::make_unique<Count>(left));
  Pool pool(4, "test");
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
