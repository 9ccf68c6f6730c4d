// Pool calls that the shard runs itself: where that is known to cost less than a hop.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;

// A condition variable may wake a thread of the pool that nobody has called. Such a thread takes
// what it finds, so that of many calls nearly all are counted, not all.
constexpr int kNearlyAll = 55;  // of 60

// A driver whose enrichers, `a`, `b` and `c`, take `cost` of its clock a call.
class SharedCalls : public testing::Test {
 protected:
  void make(unsigned enrichers, Duration cost, std::uint32_t window = 1) {
    cost_ = cost;
    std::vector<PlanPart> parts;
    for (unsigned i = 0; i < enrichers; ++i) {
      parts.push_back(part(std::string(1, static_cast<char>('a' + i)), Placement::automatic));
      parts.back().script->step = [this](std::string_view) { return call(); };
    }
    ExecutionOptions options;
    options.in_flight = window;
    options.enricher_timeout = 1h;
    driver_ = std::make_unique<PlanDriver>(plan_of(parts), options);
  }

  Step call() {
    driver_->clock().advance(cost_);
    if (meets_) {
      meeting_->count_down();
      met_ = met_ && wait_for(*meeting_);
    }
    (std::this_thread::get_id() == shard_ ? here_ : in_pool_) += 1;
    return {};
  }

  // Bounded, so that calls that do not run at the same time fail and do not hang.
  static bool wait_for(std::latch& latch) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!latch.try_wait()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // The calls of so many events, one event at a time.
  void run(std::uint32_t events) {
    here_ = in_pool_ = 0;
    driver_->add(std::vector<std::string>(events, "x"));
    driver_->run();
  }
  // Enough calls to know what they cost.
  void measure() {
    run(CostProbe::kCalls);
    EXPECT_EQ(here_, 0) << "nothing was known of them";
  }
  // The same, of calls that the shard shares.
  void measure_shared() {
    driver_->set_computes(true);
    measure();
    for (int i = 0; i < 10'000 && (here_ == 0 || in_pool_ != 0); ++i) run(20);
    settle();
  }
  // A thread that was woken for an earlier call may come late and takes what it finds. Afterwards
  // all have come, and sleep.
  void settle() {
    struct Meeting : PoolTask {
      explicit Meeting(std::latch& latch) : PoolTask(&meet), all(latch) {}
      static void meet(PoolTask& task) noexcept {
        static_cast<Meeting&>(task).all.arrive_and_wait();
      }
      std::latch& all;
    };
    Pool& pool = driver_->pool();
    wait_until_idle(pool);
    const unsigned threads = pool.threads();
    std::latch all(threads);
    std::deque<Meeting> meetings;
    std::vector<PoolTask*> tasks;
    for (unsigned i = 0; i < threads; ++i) tasks.push_back(&meetings.emplace_back(all));
    ASSERT_TRUE(pool.submit(tasks, threads));
    all.wait();
    wait_until_idle(pool);
  }
  static void wait_until_idle(const Pool& pool) {
    while (pool.busy() != 0) std::this_thread::yield();
  }

  const std::thread::id shard_ = std::this_thread::get_id();
  std::unique_ptr<PlanDriver> driver_;
  Duration cost_{};
  std::atomic<int> here_{0};
  std::atomic<int> in_pool_{0};
  bool meets_ = false;  // all calls of an event wait for each other
  std::atomic<bool> met_{true};
  std::unique_ptr<std::latch> meeting_;
};

TEST_F(SharedCalls, run_on_the_shard_when_they_compute_and_no_core_is_idle) {
  make(3, 100us);
  measure_shared();
  run(20);
  EXPECT_GE(here_, kNearlyAll);
  EXPECT_EQ(here_ + in_pool_, 60);
}

TEST_F(SharedCalls, stay_in_the_pool_when_they_wait) {
  make(3, 100us);
  measure();
  run(20);
  EXPECT_EQ(here_, 0);
}

TEST_F(SharedCalls, stay_in_the_pool_when_they_are_long) {
  make(3, 1ms);
  driver_->set_computes(true);
  measure();
  run(20);
  EXPECT_EQ(here_, 0);
}

TEST_F(SharedCalls, are_divided_with_a_thread_when_a_core_is_idle) {
  make(2, 100us);
  measure_shared();
  driver_->set_idle_cores(1);
  meets_ = true;
  int divided = 0;
  for (int i = 0; i < 60 && met_; ++i) {
    meeting_ = std::make_unique<std::latch>(2);
    run(1);
    EXPECT_EQ(here_ + in_pool_, 2);
    divided += here_;
    settle();
  }
  EXPECT_GE(divided, kNearlyAll);
  EXPECT_TRUE(met_) << "they did not run at the same time";
}

// Whoever wakes a thread then waits longer for it than 300 us of work take.
TEST_F(SharedCalls, run_on_the_shard_after_a_rest) {
  make(3, 100us);
  measure_shared();
  driver_->set_idle_cores(1);
  int on_the_shard = 0;
  for (int i = 0; i < 20; ++i) {
    driver_->clock().advance(2ms);
    driver_->timers().advance(driver_->clock().now());
    run(1);
    on_the_shard += here_;
  }
  EXPECT_GE(on_the_shard, kNearlyAll);
}

TEST_F(SharedCalls, never_run_on_the_shard_again_after_a_stall) {
  make(1, 100us);
  measure_shared();
  cost_ = kStall;
  here_ = 0;
  for (int i = 0; i < 100 && here_ == 0; ++i) run(1);
  EXPECT_EQ(here_, 1);
  cost_ = 100us;
  run(2 * CostProbe::kCalls);
  EXPECT_EQ(here_, 0);
}

TEST_F(SharedCalls, leave_the_loop_its_turns) {
  make(3, 400us, 100);
  measure_shared();
  // Nobody is to be woken for calls of before that turned out long.
  driver_->clock().advance(1ms);
  driver_->timers().advance(driver_->clock().now());
  struct Ring : Timer {
    Ring() : Timer([](Timer& timer) noexcept { static_cast<Ring&>(timer).rung = true; }) {}
    bool rung = false;
  } ring;
  driver_->timers().set(ring, 1ms);
  here_ = in_pool_ = 0;
  driver_->add(std::vector<std::string>(20, "x"));
  ASSERT_TRUE(driver_->step(true));
  EXPECT_LE(here_, 5) << "2 ms of 24";
  EXPECT_GE(here_, 1);
  driver_->timers().advance(driver_->clock().now());
  EXPECT_TRUE(ring.rung);
  driver_->run();
  EXPECT_GE(here_, kNearlyAll);
  EXPECT_EQ(here_ + in_pool_, 60);
  driver_->timers().remove(ring);
}

}  // namespace
}  // namespace logbraid::test
