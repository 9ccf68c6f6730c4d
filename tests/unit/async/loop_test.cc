#include "async/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace logbraid {
namespace {

struct Count : Posted {
  explicit Count(std::vector<int>& to, int with)
      : Posted([](Posted& posted) noexcept {
          auto& count = static_cast<Count&>(posted);
          count.order.push_back(count.number);
        }),
        order(to),
        number(with) {}
  std::vector<int>& order;
  int number;
};

struct Stop : Posted {
  explicit Stop(Loop& what)
      : Posted([](Posted& posted) noexcept { static_cast<Stop&>(posted).loop.stop(); }),
        loop(what) {}
  Loop& loop;
};

TEST(Loop, runs_posted_work_in_the_order_it_was_posted) {
  const SteadyClock clock;
  Loop loop(clock);
  std::vector<int> order;
  Count first(order, 1);
  Count second(order, 2);
  Stop stop(loop);
  loop.post(first);
  loop.post(second);
  loop.post(stop);
  loop.run([] { return false; });
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loop, a_turn_with_more_to_do_is_followed_by_posted_work_and_timers_not_by_sleep) {
  const SteadyClock clock;
  Loop loop(clock);
  std::vector<int> order;
  Count posted(order, 7);
  Stop stop(loop);
  int turns = 0;
  loop.run([&] {
    ++turns;
    order.push_back(turns);
    if (turns == 2) loop.post(posted);
    if (turns == 3) loop.post(stop);
    return true;
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 7, 3, 4}));
}

struct Alarm : Timer {
  explicit Alarm(Loop& what)
      : Timer([](Timer& timer) noexcept { static_cast<Alarm&>(timer).loop.stop(); }), loop(what) {}
  Loop& loop;
};

TEST(Loop, wakes_for_a_timer) {
  const SteadyClock clock;
  Loop loop(clock);
  Alarm alarm(loop);
  loop.timers().set(alarm, std::chrono::milliseconds(1));
  loop.run([] { return false; });
  EXPECT_FALSE(alarm.waiting());
}

struct Ping : Posted {
  explicit Ping(std::atomic<int>& what)
      : Posted([](Posted& posted) noexcept {
          auto& count = static_cast<Ping&>(posted).seen;
          count.fetch_add(1);
          count.notify_one();
        }),
        seen(what) {}
  std::atomic<int>& seen;
};

TEST(Loop, loses_no_wake_up_between_two_threads) {
  // One thread posts only when the other has seen the last one: every post meets a loop that is
  // about to sleep, asleep, or just awake. A lost wake-up never ends.
  const SteadyClock clock;
  Loop loop(clock);
  constexpr int kRounds = 20'000;
  std::atomic<int> seen{0};
  Ping ping(seen);
  std::thread poster([&] {
    for (int round = 0; round < kRounds; ++round) {
      loop.post(ping);
      seen.wait(round);
    }
    loop.stop();
  });
  loop.run([] { return false; });
  poster.join();
  EXPECT_EQ(seen.load(), kRounds);
}

TEST(Loop, takes_posts_from_many_threads_at_once) {
  const SteadyClock clock;
  Loop loop(clock);
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  std::vector<int> order;
  std::vector<std::unique_ptr<Count>> posts;
  for (int i = 0; i < kThreads * kEach; ++i) posts.push_back(std::make_unique<Count>(order, i));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) loop.post(*posts[static_cast<std::size_t>(t * kEach + i)]);
    });
  }
  loop.run([&] {
    if (order.size() == posts.size()) loop.stop();
    return false;
  });
  for (std::thread& thread : threads) thread.join();
  // Each thread's own posts kept their order.
  std::vector<int> last(kThreads, -1);
  for (const int number : order) {
    const auto thread = static_cast<std::size_t>(number / kEach);
    ASSERT_LT(last[thread], number);
    last[thread] = number;
  }
}

}  // namespace
}  // namespace logbraid
