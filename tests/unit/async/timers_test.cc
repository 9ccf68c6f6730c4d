#include "async/timers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace logbraid {
namespace {

using std::chrono::milliseconds;

struct Ring : Timer {
  explicit Ring(std::vector<int>& to, int with)
      : Timer([](Timer& timer) noexcept {
          auto& ring = static_cast<Ring&>(timer);
          ring.rung.push_back(ring.number);
        }),
        rung(to),
        number(with) {}
  std::vector<int>& rung;
  int number;
};

class TimersTest : public testing::Test {
 protected:
  const TimePoint start_{std::chrono::hours(1)};
  Timers timers_{start_};
  std::vector<int> rung_;
};

TEST_F(TimersTest, fires_what_is_due_and_nothing_else) {
  Ring a(rung_, 1);
  Ring b(rung_, 2);
  timers_.set(a, milliseconds(5));
  timers_.set(b, milliseconds(6));
  EXPECT_EQ(timers_.next_due(), start_ + milliseconds(5));
  timers_.advance(start_ + milliseconds(5));
  EXPECT_EQ(rung_, (std::vector<int>{1}));
  EXPECT_FALSE(a.waiting());
  EXPECT_TRUE(b.waiting());
  timers_.advance(start_ + milliseconds(6));
  EXPECT_EQ(rung_, (std::vector<int>{1, 2}));
  EXPECT_EQ(timers_.next_due(), TimePoint::max());
}

TEST_F(TimersTest, a_removed_timer_never_fires) {
  Ring a(rung_, 1);
  Ring b(rung_, 2);
  Ring c(rung_, 3);
  for (Ring* each : {&a, &b, &c}) timers_.set(*each, milliseconds(5));
  timers_.remove(b);
  timers_.remove(b);
  timers_.advance(start_ + milliseconds(5));
  EXPECT_EQ(rung_, (std::vector<int>{1, 3}));
}

TEST_F(TimersTest, a_few_are_on_time_and_many_are_gathered) {
  std::vector<std::unique_ptr<Ring>> rings;
  const auto add_until = [&](std::size_t count) {
    while (rings.size() < count) {
      rings.push_back(std::make_unique<Ring>(rung_, 1));
      timers_.set(*rings.back(), milliseconds(5));
    }
  };
  const TimePoint due = start_ + milliseconds(5);
  EXPECT_EQ(timers_.next_turn(), TimePoint::max());
  add_until(20);
  EXPECT_LT(timers_.next_turn() - due, std::chrono::microseconds(1));
  add_until(5000);
  EXPECT_EQ(timers_.next_turn() - due, 5000 * Timers::kLateATimer);
  add_until(100'000);
  EXPECT_EQ(timers_.next_turn() - due, Timers::kMostLate);
  EXPECT_EQ(timers_.next_due(), due);
  timers_.advance(timers_.next_turn());
  EXPECT_EQ(rung_.size(), rings.size());
}

struct Again : Timer {
  explicit Again(Timers& in) : Timer(&Again::ring), timers(in) {}
  static void ring(Timer& timer) noexcept {
    auto& again = static_cast<Again&>(timer);
    ++again.count;
    again.timers.set(again, Duration::zero());
  }
  Timers& timers;
  int count = 0;
};

TEST_F(TimersTest, a_timer_set_at_once_again_waits_for_the_next_round) {
  Again again(timers_);
  timers_.set(again, Duration::zero());
  timers_.advance(start_);
  EXPECT_EQ(again.count, 1);
  timers_.advance(start_);
  EXPECT_EQ(again.count, 2);
  timers_.remove(again);
}

struct Killer : Timer {
  Killer(Timers& in, Timer& what)
      : Timer([](Timer& timer) noexcept {
          auto& killer = static_cast<Killer&>(timer);
          killer.timers.remove(killer.victim);
        }),
        timers(in),
        victim(what) {}
  Timers& timers;
  Timer& victim;
};

TEST_F(TimersTest, one_that_fires_may_remove_another_that_is_due) {
  Ring victim(rung_, 1);
  Killer killer(timers_, victim);
  timers_.set(killer, milliseconds(5));
  timers_.set(victim, milliseconds(5));
  timers_.advance(start_ + milliseconds(9));
  EXPECT_TRUE(rung_.empty());
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(TimersTest, many_durations_fire_in_order_whether_in_a_queue_or_in_the_heap) {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Ring>> rings;
  std::vector<int> expected;
  for (int i = 0; i < 500; ++i) {
    rings.push_back(std::make_unique<Ring>(rung_, i));
    timers_.set(*rings.back(), milliseconds(1 + (i * 37) % 500));
    expected.push_back(i);
  }
  std::erase_if(expected, [&](int i) {
    if (random() % 4 != 0) return false;
    timers_.remove(*rings[static_cast<std::size_t>(i)]);
    return true;
  });
  std::sort(expected.begin(), expected.end(),
            [](int a, int b) { return (a * 37) % 500 < (b * 37) % 500; });
  for (int now = 0; now <= 500; ++now) timers_.advance(start_ + milliseconds(now));
  EXPECT_EQ(rung_, expected);
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(TimersTest, a_duration_without_end_never_overflows) {
  Ring a(rung_, 1);
  timers_.set(a, Duration::max());
  timers_.advance(start_ + std::chrono::hours(24 * 365));
  EXPECT_TRUE(rung_.empty());
  timers_.remove(a);
}

TEST_F(TimersTest, time_never_goes_back) {
  timers_.advance(start_ + milliseconds(10));
  timers_.advance(start_);
  EXPECT_EQ(timers_.now(), start_ + milliseconds(10));
}

}  // namespace
}  // namespace logbraid
