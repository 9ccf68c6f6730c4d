#include "engine/watchdog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

namespace logbraid {
namespace {

using std::chrono::milliseconds;

class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() {
    watchdog_.add(first_);
    watchdog_.add(second_);
  }
  void look_at(int ms) { watchdog_.look(TimePoint(milliseconds(1000 + ms))); }

  Activity first_;
  Activity second_;
  std::vector<Stall> stalls_;
  Watchdog watchdog_{[this](const Stall& stall) { stalls_.push_back(stall); }};
};

TEST_F(WatchdogTest, names_the_enricher_that_does_not_return_once) {
  second_.enter(7);
  for (int ms = 0; ms <= 200; ms += 10) look_at(ms);
  ASSERT_EQ(stalls_.size(), 1u);
  EXPECT_EQ(stalls_[0].shard, 1u);
  EXPECT_EQ(stalls_[0].node, 7u);
  EXPECT_EQ(stalls_[0].lasted, milliseconds(50));
  second_.leave();
  look_at(210);
  second_.enter(7);
  for (int ms = 220; ms <= 300; ms += 10) look_at(ms);
  EXPECT_EQ(stalls_.size(), 2u) << "another stretch is another stall";
}

TEST_F(WatchdogTest, is_quiet_while_stretches_are_short_or_nothing_runs) {
  for (int ms = 0; ms <= 300; ms += 10) {
    first_.enter(3);  // the same enricher, each time anew
    look_at(ms);
  }
  first_.leave();
  for (int ms = 310; ms <= 600; ms += 10) look_at(ms);
  EXPECT_TRUE(stalls_.empty());
}

TEST(Watchdog, looks_on_a_thread_of_its_own) {
  std::promise<Stall> reported;
  Activity shard;
  const SteadyClock clock;
  Watchdog watchdog([&](const Stall& stall) { reported.set_value(stall); });
  watchdog.add(shard);
  shard.enter(1);
  watchdog.start(clock);
  EXPECT_EQ(reported.get_future().get().node, 1u);
}

}  // namespace
}  // namespace logbraid
