#include "engine/lifecycle_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace logbraid::test {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Code = LifecycleCode;
using Orders = LifecycleState::Orders;

const Result<void> kFine;
const Result<void> kFailed = Error("no route");

// A life, its time, and what it ordered last.
class Life {
 public:
  explicit Life(LifecycleState::Has has = {true, true}, LifecycleOptions options = {})
      : state(options, has, 7) {}

  void open() { take(state.open(now)); }
  void close() { take(state.close(now)); }
  void end(const Result<void>& result) { take(state.ended(result, now)); }
  void wait(Duration duration) {
    const TimePoint until = now + duration;
    while (state.due() <= until) {
      now = std::max(now, state.due());
      take(state.pass(now));
    }
    now = until;
  }
  void start() {
    open();
    end(kFine);
  }
  // Nothing was ordered since the last look.
  bool idle() { return !std::exchange(began, std::nullopt) && !std::exchange(told, false); }
  std::optional<Code> take_begun() { return std::exchange(began, std::nullopt); }
  bool take_told() { return std::exchange(told, false); }

  LifecycleState state;
  TimePoint now{std::chrono::hours(1)};
  std::optional<Code> began;
  bool told = false;

 private:
  void take(const Orders& orders) {
    if (orders.begin) began = orders.begin;
    told = told || orders.tell;
  }
};

TEST(lifecycle_state, is_called_only_between_a_start_that_succeeded_and_the_end) {
  Life life;
  EXPECT_FALSE(life.state.may_be_called());
  life.open();
  EXPECT_EQ(life.take_begun(), Code::start);
  EXPECT_FALSE(life.state.may_be_called());
  EXPECT_FALSE(life.state.decided());
  life.end(kFine);
  EXPECT_TRUE(life.state.may_be_called());
  EXPECT_TRUE(life.state.decided());
  life.close();
  EXPECT_EQ(life.take_begun(), Code::stop);
  EXPECT_FALSE(life.state.may_be_called());
  EXPECT_FALSE(life.state.settled());
  life.end(kFine);
  EXPECT_TRUE(life.state.through());
  EXPECT_TRUE(life.idle());
  EXPECT_EQ(life.state.times_unhealthy(), 0u);
  EXPECT_EQ(life.state.first_error(), "");
}

TEST(lifecycle_state, one_that_only_checks_its_health_is_called_at_once) {
  Life life({.start_and_stop = false, .health_check = true});
  life.open();
  EXPECT_TRUE(life.idle());
  EXPECT_TRUE(life.state.may_be_called());
  EXPECT_TRUE(life.state.decided());
  life.wait(10s);
  EXPECT_EQ(life.take_begun(), Code::check_health);
  life.end(kFine);
  life.close();
  EXPECT_TRUE(life.idle());
  EXPECT_TRUE(life.state.through());
}

TEST(lifecycle_state, without_a_health_check_nothing_is_due_after_the_start) {
  Life life({.start_and_stop = true, .health_check = false});
  life.start();
  EXPECT_EQ(life.state.due(), TimePoint::max());
}

TEST(lifecycle_state, a_failed_start_is_made_again_at_growing_distances) {
  Life life;
  life.open();
  Duration longest = 1s;
  for (int attempt = 0; attempt < 8; ++attempt) {
    ASSERT_EQ(life.take_begun(), Code::start);
    life.end(kFailed);
    EXPECT_TRUE(life.state.decided());
    EXPECT_FALSE(life.state.may_be_called());
    const Duration pause = life.state.due() - life.now;
    EXPECT_GE(pause, longest / 2);
    EXPECT_LE(pause, longest);
    longest = std::min<Duration>(2 * longest, 30s);
    life.wait(pause);
  }
  life.end(kFine);
  EXPECT_TRUE(life.state.may_be_called());
  EXPECT_EQ(life.state.times_unhealthy(), 1u);
  EXPECT_EQ(life.state.first_error(), "its start failed: no route");
}

TEST(lifecycle_state, one_whose_start_failed_is_not_stopped) {
  Life life;
  life.open();
  life.take_begun();
  life.end(kFailed);
  life.close();
  EXPECT_TRUE(life.idle());
  EXPECT_TRUE(life.state.through());
  life.wait(3600s);
  EXPECT_TRUE(life.idle()) << "nor started again";
}

TEST(lifecycle_state, a_start_that_hangs_is_told_to_stop_and_nobody_waits_for_it) {
  Life life;
  life.open();
  life.take_begun();
  life.wait(9999ms);
  EXPECT_FALSE(life.state.decided());
  EXPECT_FALSE(life.take_told());
  life.wait(1ms);
  EXPECT_TRUE(life.take_told());
  EXPECT_TRUE(life.state.decided());
  EXPECT_FALSE(life.state.may_be_called());
  life.wait(3600s);
  EXPECT_TRUE(life.idle()) << "no second start while the first one runs";
  EXPECT_EQ(life.state.first_error(), "its start has not ended within 10s");
}

TEST(lifecycle_state, a_start_that_ends_late_makes_it_healthy_or_is_made_again) {
  for (const bool fine : {true, false}) {
    Life life;
    life.open();
    life.take_begun();
    life.wait(60s);
    life.end(fine ? kFine : kFailed);
    EXPECT_EQ(life.state.may_be_called(), fine);
    life.wait(1s);
    EXPECT_EQ(life.take_begun(), fine ? std::nullopt : std::optional(Code::start));
    EXPECT_EQ(life.state.times_unhealthy(), 1u);
  }
}

TEST(lifecycle_state, a_start_that_ends_after_the_close_is_stopped_where_it_succeeded) {
  for (const bool fine : {true, false}) {
    Life life;
    life.open();
    life.take_begun();
    life.close();
    EXPECT_TRUE(life.take_told());
    EXPECT_FALSE(life.take_begun()) << "no stop while the start runs";
    EXPECT_FALSE(life.state.settled());
    life.end(fine ? kFine : kFailed);
    EXPECT_EQ(life.take_begun(), fine ? std::optional(Code::stop) : std::nullopt);
    EXPECT_FALSE(life.state.may_be_called());
    EXPECT_EQ(life.state.through(), !fine);
  }
}

TEST(lifecycle_state, the_end_waits_for_a_start_as_long_as_for_a_stop) {
  Life life;
  life.open();
  life.close();
  life.wait(4999ms);
  EXPECT_FALSE(life.state.settled());
  life.wait(1ms);
  EXPECT_TRUE(life.state.settled());
  EXPECT_FALSE(life.state.through());

  Life hangs_already;
  hangs_already.open();
  hangs_already.wait(10s);
  hangs_already.close();
  EXPECT_TRUE(hangs_already.state.settled()) << "it had its time";
}

TEST(lifecycle_state, turns_unhealthy_at_the_second_failed_check_in_a_row) {
  Life life;
  life.start();
  for (const Result<void>& result : {kFailed, kFine, kFailed}) {
    life.wait(10s);
    ASSERT_EQ(life.take_begun(), Code::check_health);
    life.end(result);
    EXPECT_TRUE(life.state.may_be_called());
  }
  life.wait(10s);
  EXPECT_TRUE(life.state.may_be_called()) << "while the check runs";
  life.end(kFailed);
  EXPECT_FALSE(life.state.may_be_called());
  EXPECT_EQ(life.state.first_error(), "its health check failed: no route");
}

TEST(lifecycle_state, one_good_check_makes_it_healthy_again) {
  LifecycleOptions options;
  options.unhealthy_after = 1;
  Life life({true, true}, options);
  life.start();
  for (int i = 0; i < 3; ++i) {
    life.wait(10s);
    life.end(kFailed);
    EXPECT_FALSE(life.state.may_be_called());
    life.wait(10s);
    life.end(kFine);
    EXPECT_TRUE(life.state.may_be_called());
  }
  EXPECT_EQ(life.state.times_unhealthy(), 3u);
}

TEST(lifecycle_state, a_check_that_hangs_fails_once_a_turn_and_no_other_begins) {
  Life life;
  life.start();
  life.wait(10s);
  life.take_begun();
  life.wait(1s);
  EXPECT_TRUE(life.take_told());
  EXPECT_TRUE(life.state.may_be_called()) << "one failure";
  life.wait(9999ms);
  EXPECT_TRUE(life.state.may_be_called());
  life.wait(1ms);
  EXPECT_FALSE(life.state.may_be_called()) << "the next would have had its turn";
  life.wait(3600s);
  EXPECT_TRUE(life.idle());
  EXPECT_EQ(life.state.first_error(), "its health check has not ended within 1s");
  // What it says now is too late; the next one counts.
  life.end(kFine);
  EXPECT_FALSE(life.state.may_be_called());
  life.wait(10s);
  EXPECT_EQ(life.take_begun(), Code::check_health);
  life.end(kFine);
  EXPECT_TRUE(life.state.may_be_called());
}

TEST(lifecycle_state, is_stopped_after_the_check_that_runs) {
  Life life;
  life.start();
  life.wait(10s);
  life.take_begun();
  life.close();
  EXPECT_TRUE(life.take_told());
  EXPECT_FALSE(life.take_begun());
  life.end(kFailed);
  EXPECT_EQ(life.take_begun(), Code::stop);
  EXPECT_EQ(life.state.first_error(), "") << "it was told to stop: that it failed says nothing";
}

TEST(lifecycle_state, a_stop_that_hangs_is_told_to_and_given_up) {
  Life life;
  life.start();
  life.close();
  life.wait(4999ms);
  EXPECT_FALSE(life.state.settled());
  EXPECT_FALSE(life.take_told());
  life.wait(1ms);
  EXPECT_TRUE(life.take_told());
  EXPECT_TRUE(life.state.settled());
  EXPECT_FALSE(life.state.through());
  EXPECT_EQ(life.state.first_error(), "its stop has not ended within 5s");
  life.end(kFailed);
  EXPECT_TRUE(life.state.through());
  life.wait(3600s);
  EXPECT_FALSE(life.take_told());
}

TEST(lifecycle_state, a_failed_stop_is_told_and_not_made_again) {
  Life life;
  life.start();
  life.close();
  life.take_begun();
  life.end(kFailed);
  EXPECT_TRUE(life.state.through());
  EXPECT_TRUE(life.idle());
  EXPECT_EQ(life.state.first_error(), "its stop failed: no route");
}

TEST(lifecycle_state, is_started_again_when_it_is_wanted_again) {
  Life life;
  life.start();
  life.close();
  life.take_begun();
  life.open();
  EXPECT_FALSE(life.state.decided());
  EXPECT_FALSE(life.take_begun()) << "no start while the stop runs";
  life.end(kFine);
  EXPECT_EQ(life.take_begun(), Code::start);
  life.end(kFine);
  EXPECT_TRUE(life.state.may_be_called());
}

TEST(lifecycle_state, nobody_waits_for_one_that_is_wanted_again_and_hangs) {
  Life stops;
  stops.start();
  stops.close();
  stops.open();
  stops.wait(5s);
  EXPECT_TRUE(stops.state.decided());
  EXPECT_FALSE(stops.state.may_be_called());

  Life starts;
  starts.open();
  starts.wait(10s);
  starts.close();
  starts.open();
  EXPECT_TRUE(starts.state.decided());
  EXPECT_FALSE(starts.state.may_be_called());
}

// Code that ends when it likes, with whatever result; opened and closed at any time.
TEST(lifecycle_state, holds_its_invariants_whatever_happens) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    const auto one_in = [&random](unsigned n) { return random() % n == 0; };
    Life life({true, !one_in(4)});
    bool wanted = false;
    bool started = false;  // a start has succeeded, its stop has not ended
    std::optional<Code> runs;
    for (int step = 0; step < 60; ++step) {
      switch (random() % 4) {
        case 0:
          if ((wanted = !wanted)) {
            life.open();
          } else {
            life.close();
          }
          break;
        case 1:
        case 2:
          if (runs) {
            const bool fine = !one_in(3);
            if (runs == Code::start) started = fine;
            if (runs == Code::stop) started = false;
            runs.reset();
            life.end(fine ? kFine : kFailed);
          }
          break;
        default:
          life.wait(std::chrono::milliseconds(random() % 15000));
      }
      if (const auto begun = life.take_begun()) {
        ASSERT_FALSE(runs) << "one at a time, seed " << seed;
        ASSERT_EQ(started, *begun != Code::start) << "seed " << seed;
        ASSERT_EQ(wanted, *begun != Code::stop) << "seed " << seed;
        runs = begun;
      }
      ASSERT_TRUE(!life.take_told() || runs) << "seed " << seed;
      ASSERT_EQ(life.state.running(), runs) << "seed " << seed;
      ASSERT_TRUE(!life.state.may_be_called() || (wanted && started && runs != Code::stop))
          << "seed " << seed;
      ASSERT_TRUE(!life.state.through() || !(wanted || started || runs)) << "seed " << seed;
      // Something is always on its way to an end: code, a time, or nobody wants anything.
      const bool rests = started && wanted && life.state.may_be_called();
      ASSERT_TRUE(runs || life.state.due() != TimePoint::max() || life.state.through() || rests)
          << "seed " << seed;
      ASSERT_TRUE(life.state.decided() || !wanted || runs || started) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace logbraid::test
