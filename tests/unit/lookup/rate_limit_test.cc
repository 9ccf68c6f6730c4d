#include "lookup/rate_limit.h"

#include <gtest/gtest.h>

#include <random>

namespace logbraid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr TimePoint kNow{hours(1)};

TEST(RateLimitTest, one_at_a_time_then_one_an_interval) {
  RateLimit limit(10, 1);
  EXPECT_EQ(limit.next_allowed(kNow), kNow);
  EXPECT_TRUE(limit.try_take(kNow));
  EXPECT_FALSE(limit.try_take(kNow));
  EXPECT_EQ(limit.next_allowed(kNow), kNow + milliseconds(100));
  EXPECT_FALSE(limit.try_take(kNow + milliseconds(100) - nanoseconds(1)));
  EXPECT_TRUE(limit.try_take(kNow + milliseconds(100)));
}

TEST(RateLimitTest, a_burst_goes_at_once_after_a_pause) {
  RateLimit limit(10, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limit.try_take(kNow)) << i;
  EXPECT_EQ(limit.next_allowed(kNow), kNow + milliseconds(100));
  EXPECT_TRUE(limit.try_take(kNow + milliseconds(250)));
  EXPECT_TRUE(limit.try_take(kNow + milliseconds(250)));
  EXPECT_FALSE(limit.try_take(kNow + milliseconds(250)));
  const TimePoint later = kNow + hours(1);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limit.try_take(later)) << i;
  EXPECT_FALSE(limit.try_take(later)) << "a long pause saves up no more than the burst";
}

TEST(RateLimitTest, asking_takes_nothing) {
  RateLimit limit(1, 1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.next_allowed(kNow), kNow);
  EXPECT_TRUE(limit.try_take(kNow));
}

TEST(RateLimitTest, a_burst_of_none_is_one) {
  RateLimit limit(1, 0);
  EXPECT_TRUE(limit.try_take(kNow));
  EXPECT_FALSE(limit.try_take(kNow));
}

TEST(RateLimitTest, a_clock_that_goes_back_gives_nothing_away) {
  RateLimit limit(1, 1);
  EXPECT_TRUE(limit.try_take(kNow));
  EXPECT_FALSE(limit.try_take(kNow - hours(1)));
  EXPECT_EQ(limit.next_allowed(kNow - hours(1)), kNow + seconds(1));
}

TEST(RateLimitTest, holds_over_any_mix_of_times) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    const double rate = std::uniform_real_distribution<>(0.5, 1000)(random);
    const auto burst = static_cast<std::uint32_t>(1 + random() % 20);
    RateLimit limit(rate, burst);
    double taken = 0;
    TimePoint now = kNow;
    for (int i = 0; i < 5'000; ++i) {
      now += nanoseconds(random() % 5'000'000);
      if (limit.try_take(now)) {
        ++taken;
      } else if (random() % 4 == 0) {
        now = limit.next_allowed(now);
        EXPECT_TRUE(limit.try_take(now));
        ++taken;
      }
      const double passed = std::chrono::duration<double>(now - kNow).count();
      ASSERT_LE(taken, burst + rate * passed + 1e-6);
    }
  }
}

}  // namespace
}  // namespace logbraid
