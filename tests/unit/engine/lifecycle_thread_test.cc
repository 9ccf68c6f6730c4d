#include "engine/lifecycle_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "logbraid/registry.h"
#include "tests/support/scripted_life.h"

namespace logbraid::test {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Code = LifecycleCode;
using Lived = std::pair<std::string, EnricherInstance>;

std::shared_ptr<const ExecutionPlan> plan_of(const std::vector<Lived>& enrichers,
                                             LifecycleOptions options = {}) {
  Registry registry;
  std::vector<std::string> names;
  for (const auto& [name, instance] : enrichers) {
    EnricherMetadata metadata;
    metadata.name = name;
    metadata.lifecycle = options;
    names.push_back(name);
    const auto added = registry.add(metadata, instance);
    if (!added) throw std::runtime_error(added.error().to_string());
  }
  return *registry.resolve(names);
}

class lifecycle_thread : public testing::TestWithParam<Placement> {
 protected:
  std::shared_ptr<LifeRecord> record(LifeRecord::Script script = {}) {
    records_.push_back(std::make_shared<LifeRecord>(std::move(script)));
    return records_.back();
  }
  EnricherInstance lived(std::shared_ptr<LifeRecord> record) const {
    return make_lived(std::move(record), GetParam());
  }
  void TearDown() override {
    for (const auto& each : records_) EXPECT_EQ(each->violations(), std::vector<std::string>());
  }

 private:
  std::vector<std::shared_ptr<LifeRecord>> records_;
};

TEST_P(lifecycle_thread, lives_with_the_first_lease_until_after_the_last) {
  const auto life = record();
  const EnricherInstance instance = lived(life);
  const auto first_plan = plan_of({{"lived", instance}});
  const auto second_plan = plan_of({{"lived", instance}, {"alias", instance}});
  const SteadyClock clock;
  LifecycleThread thread(clock);
  auto first = thread.take(*first_plan);
  thread.wait_until_started(*first);
  EXPECT_TRUE(first->health(0)->may_be_called());
  auto second = thread.take(*second_plan);
  EXPECT_TRUE(thread.is_started(*second)) << "it lives already";
  EXPECT_EQ(second->reports().size(), 1u) << "registered under two names it lives once";
  first.reset();
  EXPECT_TRUE(second->health(1)->may_be_called());
  EXPECT_EQ(life->begun(Code::stop), 0);
  second.reset();
  EXPECT_TRUE(thread.wait_until_quiet(TimePoint::max()));
  EXPECT_EQ(life->begun(Code::start), 1);
  EXPECT_EQ(life->begun(Code::stop), 1);
  auto again = thread.take(*first_plan);
  thread.wait_until_started(*again);
  EXPECT_EQ(life->begun(Code::start), 2);
}

TEST_P(lifecycle_thread, ends_what_lives_when_it_goes) {
  const auto life = record();
  {
    const SteadyClock clock;
    LifecycleThread thread(clock);
    (void)thread.take(*plan_of({{"lived", lived(life)}}));
  }
  // Told to stop before it was started, maybe: then there was nothing to stop.
  EXPECT_EQ(life->begun(Code::start), life->begun(Code::stop));
}

TEST_P(lifecycle_thread, who_waits_for_a_start_that_hangs_waits_as_long_as_it_may_take) {
  const auto hangs = record(every(Code::start, LifeStep::deaf));
  LifecycleOptions options;
  options.start_timeout = 1ms;
  const SteadyClock clock;
  LifecycleThread thread(clock);
  auto lease = thread.take(*plan_of({{"hangs", lived(hangs)}}, options));
  thread.wait_until_started(*lease);
  EXPECT_TRUE(thread.is_started(*lease));
  EXPECT_FALSE(lease->health(0)->may_be_called());
  EXPECT_EQ(thread.running().at(0).enricher, "hangs");
  EXPECT_EQ(thread.running().at(0).running, Code::start);
  lease.reset();
  EXPECT_TRUE(thread.wait_until_settled(TimePoint::max())) << "it had its time";
  EXPECT_FALSE(thread.wait_until_quiet(clock.now()));
  hangs->let_go();
  EXPECT_TRUE(thread.wait_until_quiet(TimePoint::max()));
  EXPECT_EQ(hangs->begun(Code::stop), 1) << "in the end it was started";
}

TEST_P(lifecycle_thread, stops_all_but_those_that_are_still_called) {
  const auto idle = record();
  const auto called = record();
  const SteadyClock clock;
  LifecycleThread thread(clock);
  auto lease = thread.take(*plan_of({{"idle", lived(idle)}, {"called", lived(called)}}));
  thread.wait_until_started(*lease);
  thread.close_all_but([](std::string_view enricher) { return enricher == "called"; });
  EXPECT_TRUE(thread.wait_until_settled(TimePoint::max()));
  EXPECT_EQ(idle->begun(Code::stop), 1);
  EXPECT_EQ(called->begun(Code::stop), 0);
  EXPECT_FALSE(thread.wait_until_quiet(clock.now()));
  lease.reset();
  EXPECT_TRUE(thread.wait_until_quiet(TimePoint::max()));
  EXPECT_EQ(idle->begun(Code::stop), 1);
  EXPECT_EQ(called->begun(Code::stop), 1);
}

TEST_P(lifecycle_thread, tells_once_when_a_plan_is_started) {
  const auto hangs = record(every(Code::start, LifeStep::deaf));
  const auto fine = record();
  const SteadyClock clock;
  LifecycleThread thread(clock);
  std::atomic<int> told{0};
  std::promise<void> all;
  const EnricherInstance hanging = lived(hangs);
  const auto lease = thread.take(*plan_of({{"hangs", hanging}, {"fine", lived(fine)}}));
  EXPECT_FALSE(thread.is_started_or(lease, [&] {
    ++told;
    all.set_value();
  }));
  {
    const auto gone = thread.take(*plan_of({{"hangs", hanging}}));
    EXPECT_FALSE(thread.is_started_or(gone, [&] { told += 100; }));
  }
  EXPECT_EQ(told, 0);
  hangs->let_go();
  all.get_future().wait();
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(thread.is_started_or(lease, [&] { ++told; }));
}

TEST_P(lifecycle_thread, leases_come_and_go_on_many_threads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 50;
  std::vector<std::shared_ptr<LifeRecord>> lives;
  std::vector<Lived> enrichers;
  for (int i = 0; i < 3; ++i) {
    lives.push_back(record([](Code code, int nth) {
      return code != Code::stop && nth % 3 == 2 ? LifeStep::error : LifeStep::ok;
    }));
    enrichers.emplace_back("lived" + std::to_string(i), lived(lives.back()));
  }
  LifecycleOptions options;
  options.health_period = options.start_again_after = options.start_again_after_most = 1ms;
  const auto whole = plan_of(enrichers, options);
  const auto part = plan_of({enrichers[0]}, options);
  const SteadyClock clock;
  LifecycleThread thread(clock);
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int round = 0; round < kRounds; ++round) {
        const auto lease = thread.take(random() % 2 == 0 ? *whole : *part);
        if (random() % 2 == 0) thread.wait_until_started(*lease);
        for (std::uint32_t node = 0; node < part->size(); ++node) {
          if (!thread.is_started(*lease) || !lease->health(node)->may_be_called()) continue;
          lives[node]->begin_call();
          lives[node]->end_call();
        }
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(thread.wait_until_quiet(TimePoint::max()));
  for (const auto& life : lives) {
    EXPECT_LE(life->begun(Code::stop), life->begun(Code::start));
    EXPECT_GT(life->begun(Code::stop), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(kinds, lifecycle_thread,
                         testing::Values(Placement::pool, Placement::async),
                         [](const auto& instance) {
                           return std::string(instance.param == Placement::pool ? "by_functions"
                                                                                : "by_coroutines");
                         });

TEST(lifecycle_thread_starts, all_run_at_the_same_time) {
  constexpr int kEnrichers = 20;
  std::latch all_begun(kEnrichers);
  std::vector<Lived> enrichers;
  for (int i = 0; i < kEnrichers; ++i) {
    // Each waits for all others.
    const auto life = std::make_shared<LifeRecord>([&all_begun](Code code, int) {
      if (code == Code::start) all_begun.arrive_and_wait();
      return LifeStep::ok;
    });
    enrichers.emplace_back("lived" + std::to_string(i), make_lived(life, Placement::pool));
  }
  LifecycleOptions options;
  options.start_timeout = 1h;
  const SteadyClock clock;
  LifecycleThread thread(clock);
  const auto lease = thread.take(*plan_of(enrichers, options));
  thread.wait_until_started(*lease);
  for (std::uint32_t node = 0; node < kEnrichers; ++node) {
    EXPECT_TRUE(lease->health(node)->may_be_called());
  }
}

}  // namespace
}  // namespace logbraid::test
