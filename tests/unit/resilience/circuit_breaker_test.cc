#include "resilience/circuit_breaker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "resilience/breaker_front.h"

namespace logbraid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kTimeout = seconds(1);
constexpr Duration kQuick = milliseconds(5);
constexpr Duration kSlow = milliseconds(900);

// One breaker with one front, and a time that moves when the test says so. No jitter unless asked.
class CircuitBreakerTest : public testing::Test {
 protected:
  CircuitBreakerTest() { options_.jitter = Jitter::none; }

  void build(CircuitBreaker::Callback callback = {}, std::uint64_t seed = 1) {
    front_.reset();
    breaker_ = std::make_unique<CircuitBreaker>(options_, kTimeout, seed, std::move(callback));
    front_ = std::make_unique<BreakerFront>(*breaker_);
  }
  BreakerFront& front() {
    if (front_ == nullptr) build();
    return *front_;
  }
  BreakerPermit ask() { return front().try_acquire(now_); }
  void succeed(int times = 1, Duration took = kQuick) {
    for (int i = 0; i < times; ++i) front().success(ask(), took, now_);
  }
  void fail(int times = 1, Duration took = kQuick) {
    for (int i = 0; i < times; ++i) front().failure(ask(), took, now_);
  }
  void drop(int times = 1) {
    for (int i = 0; i < times; ++i) static_cast<void>(ask().admission());
  }
  void pass(Duration time) { now_ += time; }
  void merge() {
    pass(BreakerFront::kMergeEvery);
    front().merge(now_);
  }
  BreakerState state() const { return breaker_->state(); }
  BreakerStats stats() const { return breaker_->stats(); }
  void open() { fail(5); }
  // Open, its time over: whoever asks next gets a probe's permit.
  void open_and_wait() {
    open();
    pass(seconds(5));
  }

  BreakerOptions options_;
  TimePoint now_{hours(100)};
  std::unique_ptr<CircuitBreaker> breaker_;
  std::unique_ptr<BreakerFront> front_;
};

// Closed.

TEST_F(CircuitBreakerTest, opens_after_five_failures_in_a_row) {
  fail(4);
  EXPECT_EQ(state(), BreakerState::closed);
  fail();
  EXPECT_EQ(state(), BreakerState::open);
  EXPECT_EQ(ask().admission(), Admission::refused);
  EXPECT_EQ(stats().opened, 1u);
}

TEST_F(CircuitBreakerTest, a_success_between_begins_the_row_anew) {
  fail(4);
  succeed();
  fail(4);
  EXPECT_EQ(state(), BreakerState::closed);
  fail();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, a_success_of_another_shard_counts_once_it_is_merged) {
  BreakerFront other((front(), *breaker_));
  other.merge(now_);
  fail(4);
  other.success(other.try_acquire(now_), kQuick, now_);
  pass(BreakerFront::kMergeEvery);
  other.merge(now_);
  fail(4);
  EXPECT_EQ(state(), BreakerState::closed);
  other.success(other.try_acquire(now_), kQuick, now_);  // not merged: nobody has seen it
  fail();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, opens_at_half_the_calls_from_twenty_calls_on) {
  for (int i = 0; i < 9; ++i) {
    succeed();
    fail();
  }
  succeed();
  EXPECT_EQ(state(), BreakerState::closed) << "19 calls";
  fail();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, stays_closed_under_half_the_calls) {
  for (int i = 0; i < 200; ++i) {
    succeed(2);
    fail();
    pass(milliseconds(20));
  }
  EXPECT_EQ(state(), BreakerState::closed);
}

TEST_F(CircuitBreakerTest, from_twenty_calls_on_five_in_a_row_are_nothing) {
  succeed(40);
  fail(5);
  EXPECT_EQ(state(), BreakerState::closed);
}

TEST_F(CircuitBreakerTest, opens_when_four_of_five_calls_were_slow) {
  succeed(4);
  succeed(15, kSlow);
  merge();
  EXPECT_EQ(state(), BreakerState::closed) << "19 calls";
  succeed(1, kSlow);
  merge();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, a_call_of_four_fifths_of_its_timeout_is_not_slow) {
  succeed(100, milliseconds(800));
  merge();
  EXPECT_EQ(state(), BreakerState::closed);
  EXPECT_EQ(stats().window.slow, 0u);
}

TEST_F(CircuitBreakerTest, forgets_calls_after_ten_seconds) {
  fail(4);
  succeed();
  fail(4);
  merge();
  EXPECT_EQ(stats().window.calls, 9u);
  pass(seconds(11));
  succeed();
  merge();
  EXPECT_EQ(stats().window.calls, 1u);
}

TEST_F(CircuitBreakerTest, an_outage_under_load_opens_within_a_second_of_failures) {
  for (int i = 0; i < 100; ++i) {
    succeed(1000);
    pass(milliseconds(100));
  }
  front().merge(now_);
  fail(30);
  EXPECT_EQ(state(), BreakerState::closed) << "a connection may have broken under 30 calls";
  pass(milliseconds(999));
  fail();
  EXPECT_EQ(state(), BreakerState::closed);
  pass(milliseconds(1));
  fail();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, a_burst_of_failures_between_successes_is_no_outage) {
  succeed(10000);
  merge();
  for (int i = 0; i < 10; ++i) {
    fail(100);
    pass(milliseconds(500));
    succeed(500);
    front().merge(now_);
    pass(milliseconds(500));
  }
  EXPECT_EQ(state(), BreakerState::closed);
}

TEST_F(CircuitBreakerTest, a_dropped_permit_counts_for_nothing) {
  drop(100);
  fail(4);
  drop(100);
  fail();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, calls_made_in_place_count_without_permits) {
  ASSERT_TRUE(front().closed());
  front().successes(19, now_);
  front().merge(now_ += BreakerFront::kMergeEvery);
  EXPECT_EQ(stats().window.calls, 19u);
  for (int i = 0; i < 18; ++i) front().failure(kQuick, now_);
  EXPECT_EQ(state(), BreakerState::closed);
  front().failure(kQuick, now_);
  EXPECT_EQ(state(), BreakerState::open);
  EXPECT_FALSE(front().closed());
}

TEST_F(CircuitBreakerTest, calls_made_in_place_across_an_opening_count_for_nothing) {
  ASSERT_TRUE(front().closed());
  for (int i = 0; i < 5; ++i) front().failure(kQuick, now_);
  front().successes(7, now_ += seconds(1));
  EXPECT_EQ(state(), BreakerState::open);
  EXPECT_EQ(stats().stale, 7u);
}

// Open.

TEST_F(CircuitBreakerTest, lets_nobody_through_for_five_seconds) {
  open();
  pass(seconds(5) - Duration(1));
  EXPECT_EQ(ask().admission(), Admission::refused);
  pass(Duration(1));
  EXPECT_EQ(ask().admission(), Admission::probe);
}

TEST_F(CircuitBreakerTest, stays_open_twice_as_long_each_time_probes_fail_up_to_thirty_seconds) {
  open();
  for (const int expected : {5, 10, 20, 30, 30}) {
    pass(seconds(expected) - Duration(1));
    EXPECT_EQ(ask().admission(), Admission::refused) << expected;
    pass(Duration(1));
    fail(3);
    ASSERT_EQ(state(), BreakerState::open) << expected;
  }
}

TEST_F(CircuitBreakerTest, once_it_was_closed_it_opens_for_five_seconds_again) {
  open_and_wait();
  fail(3);
  pass(seconds(10));
  succeed(3);
  ASSERT_EQ(state(), BreakerState::closed);
  open();
  pass(seconds(5));
  EXPECT_EQ(ask().admission(), Admission::probe);
}

TEST_F(CircuitBreakerTest, jitter_is_between_half_and_whole_and_repeats_with_its_seed) {
  options_.jitter = Jitter::equal;
  std::vector<Duration> times;
  const auto note = [&](const BreakerChange& change) { times.push_back(change.open_for); };
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    build(note, seed);
    open();
  }
  for (const Duration time : times) {
    EXPECT_GE(time, milliseconds(2500));
    EXPECT_LE(time, seconds(5));
  }
  EXPECT_LT(*std::min_element(times.begin(), times.end()), milliseconds(2600));
  EXPECT_GT(*std::max_element(times.begin(), times.end()), milliseconds(4900));
  build(note, 7);
  open();
  EXPECT_EQ(times.back(), times[7]);
}

TEST_F(CircuitBreakerTest, counts_whom_it_refused) {
  open();
  drop(10);
  merge();
  EXPECT_EQ(stats().refused, 10u);
}

// Half-open.

TEST_F(CircuitBreakerTest, gives_five_permits_half_open) {
  open_and_wait();
  std::vector<BreakerPermit> permits;
  for (int i = 0; i < 5; ++i) {
    permits.push_back(ask());
    EXPECT_EQ(permits.back().admission(), Admission::probe);
  }
  EXPECT_EQ(ask().admission(), Admission::refused);
  EXPECT_EQ(stats().probes, 5u);
}

TEST_F(CircuitBreakerTest, closes_when_most_probes_passed) {
  open_and_wait();
  fail(2);
  succeed(2);
  EXPECT_EQ(state(), BreakerState::half_open);
  succeed();
  EXPECT_EQ(state(), BreakerState::closed);
}

TEST_F(CircuitBreakerTest, opens_again_when_most_probes_failed) {
  open_and_wait();
  succeed(2);
  fail(2);
  EXPECT_EQ(state(), BreakerState::half_open);
  fail();
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, probe_never_returns) {
  open_and_wait();
  std::vector<BreakerPermit> lost;
  for (int i = 0; i < 5; ++i) lost.push_back(ask());
  pass(seconds(10) - Duration(1));
  EXPECT_EQ(ask().admission(), Admission::refused);
  EXPECT_EQ(state(), BreakerState::half_open);
  pass(Duration(1));
  EXPECT_EQ(ask().admission(), Admission::refused);
  EXPECT_EQ(state(), BreakerState::open);
  pass(seconds(10));
  EXPECT_EQ(ask().admission(), Admission::probe) << "and it is tried again";
  front().success(std::move(lost[0]), kQuick, now_);
  EXPECT_EQ(stats().stale, 1u) << "too late to count";
}

TEST_F(CircuitBreakerTest, a_half_open_time_runs_out_without_anybody_asking) {
  open_and_wait();
  const BreakerPermit lost = ask();
  pass(seconds(10));
  front().merge(now_);
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, long_timeouts_give_probes_twice_their_time) {
  breaker_ = std::make_unique<CircuitBreaker>(options_, seconds(30), 1);
  front_ = std::make_unique<BreakerFront>(*breaker_);
  open_and_wait();
  const BreakerPermit lost = ask();
  pass(seconds(60) - Duration(1));
  front().merge(now_);
  EXPECT_EQ(state(), BreakerState::half_open);
  pass(BreakerFront::kMergeEvery);
  front().merge(now_);
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, probe_cancelled_gives_its_permit_back_and_closes_nothing) {
  open_and_wait();
  for (int i = 0; i < 100; ++i) {
    const BreakerPermit cancelled = ask();
    ASSERT_EQ(cancelled.admission(), Admission::probe);
  }
  EXPECT_EQ(state(), BreakerState::half_open);
  succeed(2);
  drop(100);
  EXPECT_EQ(state(), BreakerState::half_open);
}

TEST_F(CircuitBreakerTest, probes_that_are_all_cancelled_open_it_again_at_the_limit) {
  open_and_wait();
  drop();
  pass(seconds(10));
  EXPECT_EQ(ask().admission(), Admission::refused);
  EXPECT_EQ(state(), BreakerState::open);
}

TEST_F(CircuitBreakerTest, stale_success_in_half_open_counts_for_nothing) {
  std::vector<BreakerPermit> old;
  for (int i = 0; i < 20; ++i) old.push_back(ask());
  open_and_wait();
  const BreakerPermit probe = ask();
  for (BreakerPermit& permit : old) front().success(std::move(permit), kQuick, now_);
  EXPECT_EQ(state(), BreakerState::half_open);
  merge();
  EXPECT_EQ(stats().stale, 20u);
}

TEST_F(CircuitBreakerTest, stale_failure_after_closing_counts_for_nothing) {
  std::vector<BreakerPermit> old;
  for (int i = 0; i < 20; ++i) old.push_back(ask());
  open_and_wait();
  succeed(3);
  ASSERT_EQ(state(), BreakerState::closed);
  for (BreakerPermit& permit : old) front().failure(std::move(permit), kQuick, now_);
  EXPECT_EQ(state(), BreakerState::closed);
  EXPECT_EQ(stats().window.calls, 0u);
}

TEST_F(CircuitBreakerTest, a_probe_of_an_older_half_open_time_counts_for_nothing) {
  open_and_wait();
  BreakerPermit old = ask();
  fail(3);
  pass(seconds(10));
  const BreakerPermit probe = ask();
  ASSERT_EQ(state(), BreakerState::half_open);
  succeed(2);
  front().success(std::move(old), kQuick, now_);
  EXPECT_EQ(state(), BreakerState::half_open);
}

TEST_F(CircuitBreakerTest, an_enricher_called_once_a_minute_closes_again) {
  open_and_wait();
  succeed();
  pass(minutes(1));
  EXPECT_EQ(ask().admission(), Admission::allowed);
  EXPECT_EQ(state(), BreakerState::closed);
}

TEST_F(CircuitBreakerTest, at_the_limit_probes_still_out_count_as_failed) {
  open_and_wait();
  const BreakerPermit lost = ask();
  succeed();
  pass(seconds(10));
  front().merge(now_);
  EXPECT_EQ(state(), BreakerState::open) << "one of two is half";
}

TEST_F(CircuitBreakerTest, time_that_nobody_looked_at_has_passed) {
  open_and_wait();
  const BreakerPermit lost = ask();
  pass(hours(1));
  EXPECT_EQ(ask().admission(), Admission::probe) << "opened again an hour ago, and over since";
}

// Callbacks.

TEST_F(CircuitBreakerTest, tells_each_change_in_order) {
  std::vector<BreakerChange> changes;
  build([&](const BreakerChange& change) { changes.push_back(change); });
  open_and_wait();
  succeed(3);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].to, BreakerState::open);
  EXPECT_EQ(changes[0].cause, BreakerCause::consecutive_failures);
  EXPECT_EQ(changes[0].open_for, seconds(5));
  EXPECT_EQ(changes[1].to, BreakerState::half_open);
  EXPECT_EQ(changes[2].to, BreakerState::closed);
  EXPECT_EQ(changes[2].cause, BreakerCause::probes_passed);
  EXPECT_EQ(changes[2].generation, 3u);
}

TEST_F(CircuitBreakerTest, callback_throws) {
  int told = 0;
  build([&](const BreakerChange&) {
    if (++told % 2 == 1) throw std::runtime_error("no");
    throw 42;
  });
  open_and_wait();
  succeed(3);
  EXPECT_EQ(state(), BreakerState::closed);
  EXPECT_EQ(told, 3);
  EXPECT_EQ(stats().callback_failures, 3u);
}

TEST_F(CircuitBreakerTest, callback_re_enters) {
  std::vector<BreakerState> told;
  build([&](const BreakerChange& change) {
    told.push_back(change.to);
    if (told.size() > 1) return;
    pass(seconds(5));
    drop();  // half-open now, and told when this has returned
    succeed(3);
    EXPECT_EQ(told.size(), 1u);
    EXPECT_EQ(stats().state, BreakerState::closed);
  });
  open();
  EXPECT_EQ(told, (std::vector{BreakerState::open, BreakerState::half_open, BreakerState::closed}));
}

TEST_F(CircuitBreakerTest, a_callback_that_sets_the_mode_is_told_of_it_when_it_has_returned) {
  bool inside = false;
  std::vector<BreakerState> told;
  build([&](const BreakerChange& change) {
    EXPECT_FALSE(inside);
    inside = true;
    told.push_back(change.to);
    breaker_->set_mode(BreakerMode::disabled, now_);
    inside = false;
  });
  open();
  EXPECT_EQ(told, (std::vector{BreakerState::open, BreakerState::closed}));
}

TEST_F(CircuitBreakerTest, callback_blocks) {
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  std::vector<std::uint64_t> told;
  build([&](const BreakerChange& change) {
    std::unique_lock lock(mutex);
    told.push_back(change.generation);
    inside = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
  });
  std::thread blocked([&] {
    BreakerFront own(*breaker_);
    for (int i = 0; i < 5; ++i) own.failure(own.try_acquire(now_), kQuick, now_);
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside; });
  }
  // This thread goes on, through more changes than are kept.
  for (int i = 0; i < 50; ++i) {
    pass(seconds(30));
    fail(3);
  }
  EXPECT_EQ(state(), BreakerState::open);
  EXPECT_EQ(stats().changes_lost, 36u);
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  blocked.join();
  ASSERT_EQ(told.size(), 65u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 101u);
}

// Time.

TEST_F(CircuitBreakerTest, wall_clock_set_back_one_hour) {
  succeed(10);
  merge();
  pass(-hours(1));
  succeed(9);
  EXPECT_EQ(state(), BreakerState::closed);
  fail(19);
  EXPECT_EQ(state(), BreakerState::open) << "counts go on";
  EXPECT_EQ(ask().admission(), Admission::refused);
  pass(hours(1) + seconds(5));
  EXPECT_EQ(ask().admission(), Admission::probe) << "and it is not open an hour longer";
}

TEST_F(CircuitBreakerTest, shards_whose_clocks_differ_agree) {
  BreakerFront late((front(), *breaker_));
  open_and_wait();
  ASSERT_EQ(ask().admission(), Admission::probe);
  const TimePoint earlier = now_ - milliseconds(3);
  EXPECT_EQ(late.try_acquire(earlier).admission(), Admission::probe);
  succeed(3);
  late.failure(late.try_acquire(earlier), kQuick, earlier);
  EXPECT_EQ(stats().window.calls, 1u);
}

// Modes.

TEST_F(CircuitBreakerTest, disabled_lets_all_through_and_counts_nothing) {
  options_.mode = BreakerMode::disabled;
  fail(1000);
  merge();
  EXPECT_EQ(ask().admission(), Admission::allowed);
  EXPECT_EQ(stats().window.calls, 0u);
  EXPECT_EQ(stats().opened, 0u);
}

TEST_F(CircuitBreakerTest, forced_open_lets_nobody_through) {
  options_.mode = BreakerMode::forced_open;
  pass(hours(1000));
  EXPECT_EQ(ask().admission(), Admission::refused);
  EXPECT_FALSE(front().closed());
}

TEST_F(CircuitBreakerTest, metrics_only_counts_how_often_it_would_have_opened) {
  options_.mode = BreakerMode::metrics_only;
  fail(11);
  EXPECT_EQ(ask().admission(), Admission::allowed);
  EXPECT_EQ(stats().would_have_opened, 2u);
  EXPECT_EQ(stats().opened, 0u);
}

TEST_F(CircuitBreakerTest, a_mode_set_starts_anew) {
  std::vector<BreakerChange> changes;
  build([&](const BreakerChange& change) { changes.push_back(change); });
  fail(4);
  breaker_->set_mode(BreakerMode::forced_open, now_);
  EXPECT_EQ(ask().admission(), Admission::refused);
  breaker_->set_mode(BreakerMode::forced_open, now_);
  breaker_->set_mode(BreakerMode::normal, now_);
  fail(4);
  EXPECT_EQ(state(), BreakerState::closed);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].cause, BreakerCause::mode_set);
  EXPECT_EQ(changes[1].to, BreakerState::closed);
}

TEST_F(CircuitBreakerTest, a_permit_moves_and_is_spent_once) {
  open_and_wait();
  BreakerPermit first = ask();
  BreakerPermit second = std::move(first);
  EXPECT_EQ(first.admission(), Admission::refused);  // NOLINT(bugprone-use-after-move)
  front().success(std::move(second), kQuick, now_);
  EXPECT_EQ(second.admission(), Admission::refused);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(stats().probes, 1u);
}

}  // namespace
}  // namespace logbraid
