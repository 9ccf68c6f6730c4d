#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "resilience/breaker_front.h"
#include "tests/support/manual_clock.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;

// Shards that ask and tell at the same time, permits that end on other threads, modes that are set,
// and whatever they do the breaker's own story must be one that could have happened.
TEST(BreakerThreadsTest, whatever_threads_do_changes_follow_each_other_and_probes_are_few) {
  constexpr int kThreads = 4;
  constexpr int kSteps = 2000;
  BreakerOptions options;
  options.open_for = milliseconds(20);
  options.open_for_most = milliseconds(40);
  options.undecided_after = milliseconds(50);
  ManualClock clock;

  // Only ever told one at a time: no lock here, and a race is one that the sanitizer sees.
  std::uint64_t told_generation = 0;
  BreakerState told = BreakerState::closed;
  std::uint64_t half_opened = 0;
  bool in_order = true;
  {
    CircuitBreaker breaker(options, milliseconds(5), 1, [&](const BreakerChange& change) {
      in_order = in_order && change.from == told && change.generation > told_generation;
      told = change.to;
      told_generation = change.generation;
      half_opened += change.to == BreakerState::half_open ? 1 : 0;
      if (change.generation % 7 == 0) throw change.generation;
    });
    std::atomic<std::uint64_t> judged_probes{0};
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < kThreads; ++number) {
      threads.emplace_back([&, number] {
        std::mt19937 random(number);
        BreakerFront front(breaker);
        std::vector<BreakerPermit> held;
        for (int step = 0; step < kSteps; ++step) {
          clock.advance(Duration(random() % 20'000));
          const TimePoint now = clock.now();
          held.push_back(front.try_acquire(now));
          if (held.size() < random() % 6) continue;
          BreakerPermit permit = std::move(held.front());
          held.erase(held.begin());
          const bool probe = permit.admission() == Admission::probe;
          if (permit.admission() == Admission::refused || random() % 8 == 0) continue;
          if (probe) judged_probes.fetch_add(1, std::memory_order_relaxed);
          if (random() % 3 != 0) {
            front.failure(std::move(permit), milliseconds(1), now);
          } else {
            front.success(std::move(permit), milliseconds(1), now);
          }
          if (front.closed() && random() % 16 == 0) front.successes(1, now);
        }
        front.merge(clock.now() + BreakerFront::kMergeEvery);
      });
    }
    for (std::thread& thread : threads) thread.join();

    const BreakerStats stats = breaker.stats();
    EXPECT_TRUE(in_order);
    EXPECT_EQ(told, stats.state);
    EXPECT_EQ(told_generation, stats.generation) << "none is left undelivered";
    EXPECT_GT(stats.opened, 0u);
    EXPECT_EQ(stats.changes_lost, 0u);
    // Judged in time or too late, no half-open time had more than its permits.
    EXPECT_LE(judged_probes.load(), half_opened * options.half_open_permits);
  }
}

// A probe's permit may end on a thread that has no front: a call that was cancelled.
TEST(BreakerThreadsTest, permits_come_back_from_any_thread) {
  BreakerOptions options;
  options.jitter = Jitter::none;
  CircuitBreaker breaker(options, milliseconds(5), 1);
  BreakerFront front(breaker);
  TimePoint now{std::chrono::hours(1)};
  for (int i = 0; i < 5; ++i) front.failure(front.try_acquire(now), milliseconds(1), now);
  now += std::chrono::seconds(5);
  for (int round = 0; round < 20; ++round) {
    std::array<BreakerPermit, 5> permits;
    for (BreakerPermit& permit : permits) {
      permit = front.try_acquire(now);
      ASSERT_EQ(permit.admission(), Admission::probe) << round;
    }
    EXPECT_EQ(front.try_acquire(now).admission(), Admission::refused);
    std::vector<std::thread> threads;
    for (BreakerPermit& permit : permits) {
      threads.emplace_back(
          [own = std::move(permit)]() mutable { const BreakerPermit end(std::move(own)); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
}

}  // namespace
}  // namespace logbraid::test
