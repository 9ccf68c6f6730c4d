#include "async/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace logbraid::test {
namespace {

TEST(gate, lets_nobody_in_once_it_is_closed) {
  Gate gate;
  ASSERT_TRUE(gate.enter());
  gate.close();
  EXPECT_FALSE(gate.enter());
  EXPECT_EQ(gate.inside(), 1u);
  EXPECT_FALSE(gate.wait_until(TimePoint::min()));
  gate.leave();
  EXPECT_TRUE(gate.wait_until(TimePoint::max()));
}

TEST(gate, can_be_destroyed_when_the_last_one_has_left) {
  constexpr int kThreads = 4;
  auto gate = std::make_unique<Gate>();
  std::atomic<int> inside{0};
  std::atomic<bool> begun{false};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      while (gate->enter()) {
        ++inside;
        begun = true;
        --inside;
        gate->leave();
        if (inside < 0) return;
      }
      begun = true;
    });
  }
  while (!begun) std::this_thread::yield();
  gate->close();
  ASSERT_TRUE(gate->wait_until(TimePoint::max()));
  EXPECT_EQ(inside, 0);
  threads.clear();  // who was refused may have looked at it until now
  gate.reset();
}

}  // namespace
}  // namespace logbraid::test
