#include "engine/memory_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace logbraid::test {
namespace {

TEST(MemoryBudget, says_what_all_owners_hold_together_and_held_at_most) {
  MemoryBudget budget(100);
  std::size_t one = 0;
  std::size_t two = 0;
  budget.charge(one, 60);
  budget.charge(two, 30);
  budget.charge(one, 10);
  EXPECT_EQ(budget.used(), 40u);
  EXPECT_EQ(budget.peak(), 90u);
  EXPECT_EQ(one, 10u);
}

TEST(MemoryBudget, has_room_up_to_its_limit_and_counts_beyond_it) {
  MemoryBudget budget(100);
  std::size_t account = 0;
  budget.charge(account, 99);
  EXPECT_TRUE(budget.has_room(1));
  EXPECT_FALSE(budget.has_room(2));
  EXPECT_FALSE(budget.used_up());
  budget.charge(account, 150);
  EXPECT_TRUE(budget.used_up());
  budget.charge(account, 0);
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_EQ(budget.peak(), 150u);
}

TEST(MemoryBudget, many_threads_leave_nothing_behind) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  for (std::size_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&budget, t] {
      std::size_t account = 0;
      for (std::size_t i = 0; i < 1000; ++i) budget.charge(account, i * t % 97);
      budget.charge(account, 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_LE(budget.peak(), 4u * 96u);
  EXPECT_GE(budget.peak(), 96u);
}

}  // namespace
}  // namespace logbraid::test
