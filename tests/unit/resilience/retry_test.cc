#include "resilience/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace logbraid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kNow{hours(1)};
constexpr TimePoint kFar = kNow + hours(1);

RetryOptions with_retries(std::uint32_t retries, Jitter jitter = Jitter::none) {
  RetryOptions options;
  options.retries = retries;
  options.jitter = jitter;
  return options;
}

TEST(RetryTest, by_default_nothing_is_made_again) {
  Retry retry(RetryOptions(), 1, 1);
  EXPECT_EQ(retry.next(0, kNow, kFar), std::nullopt);
  EXPECT_EQ(retry.over_budget(), 0u);
}

TEST(RetryTest, waits_twice_as_long_each_time_up_to_the_most) {
  RetryOptions options = with_retries(6);
  options.budget_floor = 100;
  Retry retry(options, 1, 1);
  std::uint32_t retries = 0;
  for (const int expected : {25, 50, 100, 200, 250, 250}) {
    EXPECT_EQ(retry.next(retries++, kNow, kFar), milliseconds(expected));
  }
  EXPECT_EQ(retry.next(6, kNow, kFar), std::nullopt);
}

TEST(RetryTest, waits_at_least_as_long_as_was_asked_for_where_that_is_in_time) {
  Retry retry(with_retries(1), 1, 1);
  const TimePoint deadline = kNow + seconds(3);
  EXPECT_EQ(retry.next(0, kNow, deadline, seconds(2)), seconds(2) + milliseconds(25));
  EXPECT_EQ(retry.next(0, kNow, deadline, seconds(3)), std::nullopt);
  EXPECT_EQ(retry.next(0, kNow, deadline, hours(24)), std::nullopt);
  EXPECT_EQ(retry.over_budget(), 0u);
}

TEST(RetryTest, jitter_spreads_the_waiting) {
  const struct {
    Jitter jitter;
    Duration least;
  } rows[] = {{Jitter::full, Duration::zero()}, {Jitter::equal, milliseconds(12)}};
  for (const auto& row : rows) {
    RetryOptions options = with_retries(1, row.jitter);
    options.budget_floor = 1e6;
    Retry retry(options, 1, 7);
    Duration shortest = hours(1);
    Duration longest{};
    for (int i = 0; i < 1000; ++i) {
      const auto delay = retry.next(0, kNow, kFar);
      ASSERT_TRUE(delay);
      shortest = std::min(shortest, *delay);
      longest = std::max(longest, *delay);
    }
    EXPECT_GE(shortest, row.least);
    EXPECT_LT(shortest, row.least + milliseconds(1));
    EXPECT_GT(longest, milliseconds(24));
    EXPECT_LE(longest, milliseconds(25));
  }
}

TEST(RetryTest, no_retry_that_would_begin_at_the_deadline_or_later) {
  Retry retry(with_retries(1), 1, 1);
  EXPECT_EQ(retry.next(0, kNow, kNow + milliseconds(25)), std::nullopt);
  EXPECT_EQ(retry.next(0, kNow, kNow - seconds(1)), std::nullopt);
  EXPECT_EQ(retry.over_budget(), 0u) << "and the budget is not asked";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(retry.next(0, kNow, kNow + milliseconds(26))) << i;
}

TEST(RetryTest, few_calls_have_three_retries_a_second) {
  Retry retry(with_retries(1), 1, 1);
  for (int second = 0; second < 5; ++second) {
    const TimePoint now = kNow + seconds(second);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(retry.next(0, now, kFar)) << second;
    EXPECT_FALSE(retry.next(0, now, kFar)) << second;
  }
  EXPECT_EQ(retry.over_budget(), 5u);
}

TEST(RetryTest, many_calls_have_a_fifth_of_them) {
  RetryOptions options = with_retries(1);
  options.budget_floor = 0;
  Retry retry(options, 1, 1);
  int retries = 0;
  for (int i = 0; i < 100'000; ++i) {
    retry.count_call();
    if (retry.next(0, kNow, kFar)) ++retries;
  }
  EXPECT_NEAR(retries, 20'000, 1);
}

TEST(RetryTest, a_long_quiet_time_saves_up_ten_seconds_of_the_floor) {
  Retry retry(with_retries(1), 1, 1);
  ASSERT_TRUE(retry.next(0, kNow, kFar));
  int retries = 0;
  while (retry.next(0, kNow + hours(10), kFar + hours(20))) ++retries;
  EXPECT_EQ(retries, 30);
}

TEST(RetryTest, shards_divide_the_floor) {
  RetryOptions options = with_retries(1);
  options.budget_floor = 8;
  Retry retry(options, 4, 1);
  int retries = 0;
  for (int i = 0; i <= 1000; ++i) {
    if (retry.next(0, kNow + milliseconds(10 * i), kFar)) ++retries;
  }
  EXPECT_NEAR(retries, 22, 1) << "10 s of 2 a second, and the 2 it starts with";
}

TEST(RetryTest, the_budget_holds_over_any_mix_of_calls_and_failures) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    RetryOptions options = with_retries(3, Jitter::full);
    Retry retry(options, 1, static_cast<std::uint64_t>(round));
    double calls = 0;
    double retries = 0;
    TimePoint now = kNow;
    for (int step = 0; step < 5000; ++step) {
      now += milliseconds(random() % 20);
      if (random() % 2 == 0) {
        retry.count_call();
        ++calls;
      }
      if (random() % 3 == 0 &&
          retry.next(static_cast<std::uint32_t>(random() % 3), now, now + seconds(2)))
        ++retries;
      const double passed = std::chrono::duration<double>(now - kNow).count();
      ASSERT_LE(retries, 0.2 * calls + 3 * passed + 3 + 1e-6);
    }
  }
}

TEST(RetryTest, a_clock_that_goes_back_gives_no_tokens) {
  Retry retry(with_retries(1), 1, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(retry.next(0, kNow, kFar));
  EXPECT_FALSE(retry.next(0, kNow - seconds(100), kFar));
  EXPECT_FALSE(retry.next(0, kNow, kFar));
}

}  // namespace
}  // namespace logbraid
