#include "lookup/adaptive_limit.h"

#include <gtest/gtest.h>

#include "tests/support/seeds.h"
#include "tests/support/simulated_service.h"

namespace logbraid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

AdaptiveLimitOptions up_to(std::uint32_t most, std::uint32_t first = 8) {
  AdaptiveLimitOptions options;
  options.most = most;
  options.first = first;
  return options;
}

// A client that is always at its limit, each answer 1 ms after the one before.
struct Busy {
  explicit Busy(const AdaptiveLimitOptions& options) : limit(options) {}

  void answers(int count, Duration latency) {
    for (int i = 0; i < count; ++i) {
      limit.answered(now += milliseconds(1), latency, limit.limit());
    }
  }

  AdaptiveLimit limit;
  TimePoint now{hours(1)};
};

TEST(AdaptiveLimitTest, keeps_busy_a_service_that_changes_and_lets_few_wait) {
  for (const double spread : {0.3, 1.0}) {
    for (const std::uint64_t seed : test::seeds(5)) {
      SCOPED_TRACE(test::seed_text(seed));
      test::SimulatedService service(AdaptiveLimit(up_to(256)), spread, seed);
      for (const test::ServicePhase& phase : test::kEventfulDay) {
        const test::PhaseResult result = service.run(phase, test::kPhaseLength);
        EXPECT_GT(result.answers, 0.75) << phase.name << ", spread " << spread;
        EXPECT_LT(result.latency, 3) << phase.name << ", spread " << spread;
        EXPECT_LT(result.overloaded, 0.05) << phase.name << ", spread " << spread;
      }
    }
  }
}

TEST(AdaptiveLimitTest, grows_while_latency_stays) {
  Busy busy(up_to(64));
  EXPECT_EQ(busy.limit.limit(), 8u);
  busy.answers(10'000, milliseconds(10));
  EXPECT_EQ(busy.limit.limit(), 64u);
}

TEST(AdaptiveLimitTest, halves_itself_to_measure_and_comes_back) {
  Busy busy(up_to(64));
  busy.answers(49, milliseconds(10));
  EXPECT_EQ(busy.limit.limit(), 8u);
  busy.answers(1, milliseconds(10));
  EXPECT_EQ(busy.limit.limit(), 4u) << "a first round is over";
  busy.answers(8 + 49, milliseconds(10));
  EXPECT_EQ(busy.limit.limit(), 4u);
  busy.answers(1, milliseconds(10));
  EXPECT_EQ(busy.limit.limit(), 8u);
}

TEST(AdaptiveLimitTest, shrinks_when_answers_take_longer_than_at_half_the_limit) {
  Busy busy(up_to(64, 40));
  const auto latency = [&] { return milliseconds(busy.limit.limit() <= 20 ? 10 : 20); };
  for (int i = 0; i < 5'000; ++i) busy.answers(1, latency());
  EXPECT_LT(busy.limit.limit(), 30u);
}

TEST(AdaptiveLimitTest, says_nothing_while_few_are_in_flight) {
  AdaptiveLimit limit(up_to(64));
  TimePoint now{hours(1)};
  for (int i = 0; i < 10'000; ++i) {
    limit.answered(now += milliseconds(1), milliseconds(10), 3);
    ASSERT_EQ(limit.limit(), 8u);
  }
}

TEST(AdaptiveLimitTest, overload_takes_a_tenth_off_once_for_all_that_were_in_flight) {
  AdaptiveLimit limit(up_to(256, 100));
  for (int i = 0; i < 99; ++i) limit.overloaded();
  EXPECT_EQ(limit.limit(), 100u);
  limit.overloaded();
  EXPECT_EQ(limit.limit(), 90u);
  for (int i = 0; i < 89; ++i) limit.overloaded();
  EXPECT_EQ(limit.limit(), 90u);
  limit.overloaded();
  EXPECT_EQ(limit.limit(), 81u);
}

TEST(AdaptiveLimitTest, overload_while_it_measures_ends_the_measuring) {
  Busy busy(up_to(256, 100));
  busy.answers(400, milliseconds(10));
  ASSERT_EQ(busy.limit.limit(), 50u);
  busy.limit.overloaded();
  EXPECT_EQ(busy.limit.limit(), 90u) << "a tenth of what it was before";
}

TEST(AdaptiveLimitTest, never_leaves_its_bounds) {
  AdaptiveLimitOptions options = up_to(6, 4);
  options.least = 2;
  AdaptiveLimit limit(options);
  for (int i = 0; i < 1'000; ++i) {
    limit.overloaded();
    ASSERT_GE(limit.limit(), 2u);
  }
  EXPECT_EQ(limit.limit(), 2u);
  TimePoint now{hours(1)};
  for (int i = 0; i < 10'000; ++i) {
    limit.answered(now += milliseconds(1), milliseconds(i % 7), limit.limit());
    ASSERT_GE(limit.limit(), 2u);
    ASSERT_LE(limit.limit(), 6u);
  }
}

TEST(AdaptiveLimitTest, answers_that_take_no_time_do_no_harm) {
  Busy busy(up_to(64));
  busy.answers(5'000, Duration(0));
  EXPECT_GE(busy.limit.limit(), 4u);
  busy.now -= hours(1);
  busy.answers(5'000, milliseconds(1));
  EXPECT_GE(busy.limit.limit(), 4u);
}

}  // namespace
}  // namespace logbraid
