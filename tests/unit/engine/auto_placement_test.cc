#include "engine/auto_placement.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;

TEST(AutoPlacement, says_why_it_moved_last_and_what_was_measured_then) {
  AutoPlacement placement;
  EXPECT_EQ(placement.reason(), MoveReason::none);
  EXPECT_FALSE(placement.move_back(1ms, false)) << "it is in the pool";
  EXPECT_TRUE(placement.move_inline(2us));
  EXPECT_EQ(placement.reason(), MoveReason::cheap);
  EXPECT_EQ(placement.moved_at_mean(), 2us);
  EXPECT_FALSE(placement.move_inline(3us)) << "another shard was first";
  EXPECT_EQ(placement.moved_at_mean(), 2us);
  EXPECT_TRUE(placement.move_back(30us, false));
  EXPECT_EQ(placement.reason(), MoveReason::dear);
  EXPECT_EQ(placement.moved_at_mean(), 30us);
  EXPECT_FALSE(placement.move_inline(1us)) << "back is for good";
}

TEST(AutoPlacement, a_stall_is_a_reason_of_its_own) {
  AutoPlacement placement;
  EXPECT_TRUE(placement.move_inline(2us));
  EXPECT_TRUE(placement.move_back(70ms, true));
  EXPECT_EQ(placement.reason(), MoveReason::stall);
  EXPECT_EQ(placement.moved_at_mean(), 70ms);
}

// On the manual clock every call takes no time at all.
TEST(AutoPlacement, the_state_of_an_enricher_tells_where_it_runs_now) {
  PlanDriver driver(plan_of({part("cheap", Placement::automatic)}), {});
  EXPECT_EQ(driver.state().state_of(0, Placement::automatic).runs, Placement::pool);
  driver.add(std::vector<std::string>(2 * CostProbe::kCalls, "x"));
  driver.run();
  const EnricherState state = driver.state().state_of(0, Placement::automatic);
  EXPECT_EQ(state.runs, Placement::inline_);
  EXPECT_EQ(state.moved, MoveReason::cheap);
  EXPECT_EQ(state.moved_at_mean, Duration::zero());
  EXPECT_EQ(state.breaker_state, "closed");
}

TEST(RunMetrics, the_most_in_flight_is_what_the_window_let_in) {
  for (const Placement placement : {Placement::async, Placement::inline_}) {
    ExecutionOptions options;
    options.in_flight = 3;
    PlanDriver driver(plan_of({part("each", placement, {Step::What::ok, 1ms})}), options);
    driver.add({"a", "b", "c", "d", "e"});
    driver.run();
    const std::uint64_t peak = driver.runner().metrics().in_flight_peak;
    EXPECT_LE(peak, 3u);
    EXPECT_GE(peak, placement == Placement::async ? 3u : 1u);
  }
}

}  // namespace
}  // namespace logbraid::test
