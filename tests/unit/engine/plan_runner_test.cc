#include "engine/plan_runner.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = Step::What;

PlanPart after(PlanPart made, std::vector<std::string> dependencies) {
  for (const std::string& name : dependencies) {
    made.script->looks_at.emplace_back(name);
  }
  made.metadata.dependencies = std::move(dependencies);
  return made;
}
Step waits(Duration delay) { return {What::ok, delay}; }

TEST(PlanRunner, three_independent_waits_take_as_long_as_one) {
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(5))),
                             part("b", Placement::async, waits(milliseconds(5))),
                             part("c", Placement::async, waits(milliseconds(5)))}),
                    {});
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.latency(0), milliseconds(5));
  const RunMetrics metrics = driver.runner().metrics();
  EXPECT_EQ(metrics.groups.at(0).wall, milliseconds(5));
  EXPECT_EQ(metrics.groups.at(0).sum, milliseconds(15));
}

TEST(PlanRunner, sequential_takes_the_sum) {
  ExecutionOptions options;
  options.mode = Mode::sequential;
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(5))),
                             part("b", Placement::async, waits(milliseconds(5))),
                             part("c", Placement::async, waits(milliseconds(5)))}),
                    options);
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.latency(0), milliseconds(15));
}

// a (1 ms) -> c (1 ms); b (10 ms) stands in a's group and nobody waits for it.
std::vector<PlanPart> one_slow_beside_a_chain() {
  return {part("a", Placement::async, waits(milliseconds(1))),
          part("b", Placement::async, waits(milliseconds(10))),
          after(part("c", Placement::async, waits(milliseconds(10))), {"a"})};
}

// With an inline enricher in front, as in most plans.
TEST(PlanRunner, a_share_of_the_events_runs_in_sequence_to_be_compared) {
  for (const double share : {0.25, 1.0}) {
    ExecutionOptions options;
    options.sequential_share = share;
    options.in_flight = 2;
    PlanDriver driver(plan_of({part("first", Placement::inline_),
                               part("a", Placement::async, waits(milliseconds(5))),
                               part("b", Placement::async, waits(milliseconds(5)))}),
                      options);
    driver.add(std::vector<std::string>(8, "x"));
    driver.run();
    const auto in_sequence = static_cast<std::uint64_t>(8 * share);
    const RunMetrics metrics = driver.runner().metrics();
    EXPECT_EQ(metrics.in_sequence.events, in_sequence);
    EXPECT_EQ(metrics.in_sequence.wall, milliseconds(10) * in_sequence);
    EXPECT_EQ(metrics.events.events, 8 - in_sequence);
    EXPECT_EQ(metrics.events.wall, milliseconds(5) * (8 - in_sequence));
    EXPECT_EQ(metrics.enrichers.at(0).outcomes.at(0), 8u);
  }
}

TEST(PlanRunner, ready_starts_a_node_when_its_own_dependencies_are_done) {
  PlanDriver driver(plan_of(one_slow_beside_a_chain()), {});
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.latency(0), milliseconds(11));
}

TEST(PlanRunner, levels_waits_for_the_whole_group) {
  ExecutionOptions options;
  options.schedule = Schedule::levels;
  PlanDriver driver(plan_of(one_slow_beside_a_chain()), options);
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.latency(0), milliseconds(20));
}

TEST(PlanRunner, the_window_bounds_what_is_in_flight) {
  ExecutionOptions options;
  options.in_flight = 2;
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(5)))}), options);
  driver.add({"1", "2", "3", "4", "5"});
  driver.step(true);
  EXPECT_EQ(driver.runner().in_flight(), 2u);
  driver.run();
  EXPECT_EQ(driver.clock().now() - ManualClock().now(), milliseconds(15));
}

struct Failure {
  std::string name;
  What what;
  Outcome outcome;
};

class Failures : public testing::TestWithParam<std::tuple<Failure, Placement>> {};

TEST_P(Failures, harm_no_neighbour_and_leave_no_field) {
  const auto& [failure, placement] = GetParam();
  auto bad = part("bad", placement, {failure.what, milliseconds(1)});
  auto good = part("good", placement, waits(milliseconds(1)));
  auto dependent = after(part("dependent", placement, waits(milliseconds(1))), {"bad"});
  auto requiring = after(part("requiring", placement, waits(milliseconds(1))), {"bad"});
  requiring.metadata.dependencies.clear();
  requiring.metadata.required = {"bad"};
  PlanDriver driver(plan_of({bad, good, dependent, requiring}), {});
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "bad"), failure.outcome);
  EXPECT_EQ(driver.outcome(0, "good"), Outcome::ok);
  EXPECT_EQ(driver.outcome(0, "dependent"), Outcome::ok);
  EXPECT_EQ(driver.outcome(0, "requiring"), Outcome::dependency_unmet);
  const std::string line = driver.lines().at(0);
  EXPECT_EQ(line.find("\"bad\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"good\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"dependent\""), std::string::npos) << line;
}

INSTANTIATE_TEST_SUITE_P(
    PlanRunner, Failures,
    testing::Combine(testing::Values(Failure{"returns_error", What::error, Outcome::error},
                                     Failure{"throws_exception", What::throws_exception,
                                             Outcome::error},
                                     Failure{"throws_an_int", What::throws_int, Outcome::error},
                                     Failure{"writes_10_mib", What::huge, Outcome::error},
                                     Failure{"no_match", What::no_match, Outcome::no_match}),
                     testing::Values(Placement::inline_, Placement::pool, Placement::async)),
    [](const auto& each) {
      std::string placement(to_string(std::get<1>(each.param)));
      std::erase(placement, '_');
      return std::get<0>(each.param).name + "_" + placement;
    });

TEST(PlanRunner, says_why_the_first_call_failed) {
  PlanDriver driver(plan_of({part("bad", Placement::pool, {What::throws_exception, {}})}), {});
  driver.add({"x", "y"});
  driver.run();
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).first_error, "bad threw");
}

TEST(PlanRunner, an_enricher_that_hangs_times_out_and_the_event_goes_on) {
  ExecutionOptions options;
  options.enricher_timeout = milliseconds(50);
  PlanDriver driver(
      plan_of({part("hangs", Placement::async, {What::hangs, {}}),
               part("good", Placement::async, waits(milliseconds(5))),
               after(part("later", Placement::async, waits(milliseconds(5))), {"hangs"})}),
      options);
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.latency(0), milliseconds(55));
  EXPECT_EQ(driver.outcome(0, "hangs"), Outcome::timeout);
  EXPECT_EQ(driver.outcome(0, "later"), Outcome::ok);
  EXPECT_EQ(driver.runner().calls_out(), 0u) << "told to stop, it ended";
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).late, 1u);
}

TEST(PlanRunner, the_end_of_a_group_cuts_what_runs_and_what_waits) {
  ExecutionOptions options;
  options.group_timeout = milliseconds(10);
  // In sequence the second one has half of the group's time, the third none.
  options.mode = Mode::sequential;
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(6))),
                             part("b", Placement::async, waits(milliseconds(6))),
                             part("c", Placement::async, waits(milliseconds(6)))}),
                    options);
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "a"), Outcome::ok);
  EXPECT_EQ(driver.outcome(0, "b"), Outcome::timeout);
  EXPECT_EQ(driver.outcome(0, "c"), Outcome::timeout);
  EXPECT_EQ(driver.latency(0), milliseconds(10));
}

TEST(PlanRunner, time_a_group_leaves_is_the_next_ones) {
  ExecutionOptions options;
  options.group_timeout = milliseconds(10);
  // A group's end is the start plus the budgets up to it: the second group has 18 ms.
  options.enricher_timeout = milliseconds(10);
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(2))),
                             after(part("b", Placement::async, waits(milliseconds(9))), {"a"}),
                             after(part("c", Placement::async, waits(milliseconds(9))), {"b"}),
                             after(part("d", Placement::async, {What::hangs, {}}), {"c"})}),
                    options);
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "c"), Outcome::ok);
  EXPECT_EQ(driver.outcome(0, "d"), Outcome::timeout);
  EXPECT_EQ(driver.latency(0), milliseconds(30));
}

TEST(PlanRunner, the_event_timeout_ends_everything) {
  ExecutionOptions options;
  options.event_timeout = milliseconds(7);
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(5))),
                             after(part("b", Placement::async, waits(milliseconds(5))), {"a"}),
                             after(part("c", Placement::async, waits(milliseconds(5))), {"b"})}),
                    options);
  driver.add({"x"});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "a"), Outcome::ok);
  EXPECT_EQ(driver.outcome(0, "b"), Outcome::timeout);
  EXPECT_EQ(driver.outcome(0, "c"), Outcome::timeout);
  EXPECT_EQ(driver.latency(0), milliseconds(7));
}

TEST(PlanRunner, a_late_pool_call_touches_neither_its_event_nor_freed_memory) {
  auto stuck = part("stuck", Placement::pool, {What::hangs, {}});
  stuck.script->hang = std::make_shared<std::latch>(1);
  stuck.script->hanging = std::make_shared<std::latch>(1);
  ExecutionOptions options;
  options.enricher_timeout = milliseconds(50);
  options.group_timeout = milliseconds(100);
  PlanDriver driver(plan_of({stuck, part("good", Placement::async, waits(milliseconds(5)))}),
                    options);
  driver.add({"x"});
  driver.step(false);
  stuck.script->hanging->wait();
  driver.run(/*wait_for_pool=*/false);
  EXPECT_EQ(driver.outcome(0, "stuck"), Outcome::timeout);
  EXPECT_EQ(driver.outcome(0, "good"), Outcome::ok);
  EXPECT_EQ(driver.runner().pool_calls_out(), 1u);
  EXPECT_EQ(driver.batches_released(), 0u) << "the call may still read the event";
  stuck.script->hang->count_down();
  driver.wait_for_late_calls();
  EXPECT_EQ(driver.batches_released(), 1u);
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).late, 1u);
  EXPECT_EQ(driver.lines().at(0).find("stuck"), std::string::npos);
}

// Nobody would tell this shard when the others' calls are done: it would sleep with events to
// admit.
TEST(PlanRunner, a_stuck_call_does_not_wait_for_the_queue_of_other_shards) {
  struct OthersCall : PoolTask {
    explicit OthersCall(std::latch& until)
        : PoolTask([](PoolTask& task) noexcept { static_cast<OthersCall&>(task).end.wait(); }),
          end(until) {}
    std::latch& end;
  };
  auto stuck = part("stuck", Placement::pool, {What::hangs, {}});
  stuck.script->hang = std::make_shared<std::latch>(1);
  stuck.script->hanging = std::make_shared<std::latch>(1);
  std::latch end(1);
  std::vector<std::unique_ptr<OthersCall>> others;
  ExecutionOptions options;
  options.max_parallel_threads = 1;
  options.enricher_timeout = milliseconds(50);
  PlanDriver driver(plan_of({stuck}), options);
  driver.add({"x"});
  driver.step(false);
  stuck.script->hanging->wait();
  for (int i = 0; i < 4; ++i) {
    others.push_back(std::make_unique<OthersCall>(end));
    ASSERT_TRUE(driver.pool().submit(*others.back()));
  }
  EXPECT_FALSE(driver.runner().accepts()) << "its own call may come back and will say so";
  driver.run(/*wait_for_pool=*/false);
  EXPECT_EQ(driver.outcome(0, "stuck"), Outcome::timeout);
  EXPECT_GT(driver.pool().queued(), driver.pool().most());
  EXPECT_TRUE(driver.runner().accepts());
  end.count_down();
  stuck.script->hang->count_down();
  driver.wait_for_late_calls();
}

TEST(PlanRunner, waiting_for_a_thread_is_not_counted_against_the_enrichers_own_limit) {
  // One thread, held for 90 ms by the first event; the second event's call waits and then runs.
  auto stuck = part("stuck", Placement::pool, {});
  stuck.script->step = [](std::string_view message) {
    return Step{message == "first" ? What::hangs : What::ok, {}};
  };
  stuck.script->hang = std::make_shared<std::latch>(1);
  stuck.script->hanging = std::make_shared<std::latch>(1);
  ExecutionOptions options;
  options.max_parallel_threads = 1;
  options.max_stuck_threads = 0;  // or another thread would take the second at once
  options.enricher_timeout = milliseconds(50);
  options.group_timeout = milliseconds(200);
  PlanDriver driver(plan_of({stuck}), options);
  driver.add({"first", "second"});
  driver.step(false);
  stuck.script->hanging->wait();
  while (driver.clock().now() - ManualClock().now() < milliseconds(90)) {
    ASSERT_TRUE(driver.step(false));
  }
  EXPECT_EQ(driver.done(), 1u) << "the first timed out at 50 ms, the second still waits";
  stuck.script->hang->count_down();
  driver.wait_for_late_calls();
  driver.run();
  EXPECT_EQ(driver.outcome(0, "stuck"), Outcome::timeout);
  EXPECT_EQ(driver.outcome(1, "stuck"), Outcome::ok);
}

TEST(PlanRunner, a_queued_pool_call_that_expires_never_starts) {
  auto stuck = part("stuck", Placement::pool, {What::hangs, {}});
  stuck.script->hang = std::make_shared<std::latch>(1);
  stuck.script->hanging = std::make_shared<std::latch>(1);
  ExecutionOptions options;
  options.max_parallel_threads = 1;
  options.max_stuck_threads = 0;  // or another thread would take the second at once
  options.group_timeout = milliseconds(100);
  PlanDriver driver(plan_of({stuck}), options);
  driver.add({"first", "second", "third"});
  driver.step(false);
  stuck.script->hanging->wait();
  driver.run(/*wait_for_pool=*/false);
  // The call that the thread took is out; the others were taken back from the queue.
  EXPECT_EQ(driver.runner().pool_calls_out(), 1u);
  EXPECT_EQ(driver.batches_released(), 2u);
  EXPECT_EQ(driver.runner().metrics().enrichers.at(0).outcomes.at(
                static_cast<std::size_t>(Outcome::timeout)),
            3u);
  stuck.script->hang->count_down();
}

TEST(PlanRunner, conditions_and_when_leave_the_enricher_out_for_that_event_only) {
  auto picky = part("picky", Placement::inline_);
  Setting when;
  when.set("field", "message");
  when.set("equals", "yes");
  picky.metadata.when = *Predicate::parse(when);
  PlanDriver driver(
      plan_of({picky, after(part("next", Placement::async, waits(milliseconds(1))), {"picky"})}),
      {});
  driver.add({"no", "yes"});
  driver.run();
  EXPECT_EQ(driver.outcome(0, "picky"), Outcome::condition_false);
  EXPECT_EQ(driver.outcome(0, "next"), Outcome::ok);
  EXPECT_EQ(driver.outcome(1, "picky"), Outcome::ok);
}

TEST(PlanRunner, an_event_for_which_every_enricher_is_off_is_done_once) {
  Setting when;
  when.set("field", "message");
  when.set("equals", "yes");
  for (const Placement other : {Placement::async, Placement::inline_}) {
    std::vector<PlanPart> parts = {part("a", Placement::async), part("b", Placement::pool),
                                   part("c", other)};
    for (PlanPart& each : parts) each.metadata.when = *Predicate::parse(when);
    PlanDriver driver(plan_of(parts), {});
    driver.add({"no", "no", "no"});
    driver.run();
    EXPECT_EQ(driver.done(), 3u);
    EXPECT_EQ(driver.runner().in_flight(), 0u);
    EXPECT_EQ(driver.outcome(2, "a"), Outcome::condition_false);
  }
}

TEST(PlanRunner, what_waits_for_one_that_is_off_still_waits_for_the_inline_ones) {
  Setting when;
  when.set("field", "message");
  when.set("equals", "yes");
  for (const Placement placement : {Placement::inline_, Placement::pool, Placement::async}) {
    auto off = part("off", Placement::async);
    off.metadata.when = *Predicate::parse(when);
    auto next = after(part("next", placement), {"off", "cheap"});
    next.metadata.required = {"cheap"};
    PlanDriver driver(plan_of({off, part("cheap", Placement::inline_), next}), {});
    driver.add({"no"});
    driver.run();
    EXPECT_EQ(driver.outcome(0, "off"), Outcome::condition_false);
    const std::string cheap = digest("cheap", "no", {});
    EXPECT_EQ(driver.lines().at(0), "{\"message\":\"no\",\"cheap\":\"" + cheap + "\",\"next\":\"" +
                                        digest("next", "no", {"", cheap}) + "\"}");
  }
}

TEST(PlanRunner, cancelling_gives_every_open_call_an_outcome_and_stops_it) {
  PlanDriver driver(plan_of({part("a", Placement::async, {What::hangs, {}}),
                             after(part("b", Placement::async), {"a"})}),
                    {});
  driver.add({"x", "y"});
  driver.step(true);
  driver.runner().cancel_all();
  EXPECT_EQ(driver.done(), 2u);
  EXPECT_EQ(driver.outcome(1, "a"), Outcome::cancelled);
  EXPECT_EQ(driver.outcome(1, "b"), Outcome::cancelled);
  EXPECT_EQ(driver.runner().calls_out(), 0u);
}

// So many events in one turn of the loop that an inline enricher of 200 us takes 100 ms for them.
class SlowInline : public testing::Test {
 protected:
  static constexpr std::size_t kEvents = 500;

  explicit SlowInline(Duration event_timeout = std::chrono::hours(1)) {
    PlanPart slow = after(part("slow", Placement::inline_), {"before"});
    slow.script->step = [this](std::string_view) {
      ++calls_;
      driver_->clock().advance(std::chrono::microseconds(200));
      return Step{};
    };
    ExecutionOptions options;
    options.event_timeout = event_timeout;
    options.group_timeout = options.enricher_timeout = event_timeout;
    driver_ =
        std::make_unique<PlanDriver>(plan_of({part("before", Placement::async), slow,
                                              after(part("last", Placement::async), {"slow"})}),
                                     options);
    driver_->add(std::vector<std::string>(kEvents, "x"));
  }

  std::size_t calls_ = 0;
  std::unique_ptr<PlanDriver> driver_;
};

TEST_F(SlowInline, leaves_the_loop_its_turns) {
  const auto slice = PlanRunner::kInlineSlice;
  driver_->step(true);
  EXPECT_GE(calls_, slice);
  EXPECT_LT(calls_, 2 * slice) << "2 ms are 10 calls: one slice";
  EXPECT_TRUE(driver_->runner().has_more());
  driver_->run();
  EXPECT_EQ(calls_, kEvents);
  EXPECT_FALSE(driver_->runner().has_more());
  for (std::size_t i = 0; i < kEvents; ++i) EXPECT_EQ(driver_->outcome(i, "last"), Outcome::ok);
}

class SlowInlineWithADeadline : public SlowInline {
 protected:
  SlowInlineWithADeadline() : SlowInline(std::chrono::milliseconds(20)) {}
};

TEST_F(SlowInlineWithADeadline, what_was_given_up_before_its_turn_never_runs) {
  while (driver_->done() < kEvents) {
    driver_->step(true);
    driver_->timers().advance(driver_->clock().now());
  }
  std::size_t ran = 0;
  for (std::size_t i = 0; i < kEvents; ++i) {
    ran += driver_->outcome(i, "slow") == Outcome::ok;
    if (driver_->outcome(i, "slow") != Outcome::ok) {
      EXPECT_EQ(driver_->outcome(i, "slow"), Outcome::timeout);
    }
    EXPECT_LE(driver_->latency(i), std::chrono::milliseconds(25));
  }
  EXPECT_FALSE(driver_->runner().has_more());
  EXPECT_EQ(calls_, ran);
  EXPECT_LT(ran, kEvents);
  EXPECT_GT(ran, 0u);
}

// Nothing of it would run: an idle shard would turn once more instead of going to sleep.
TEST(PlanRunner, an_enricher_whose_ready_events_were_all_given_up_is_not_ready) {
  constexpr std::size_t kEvents = PlanRunner::kInlineSlice + 1;
  std::unique_ptr<PlanDriver> driver;
  PlanPart takes_its_turn = after(part("takes_its_turn", Placement::inline_), {"at_once"});
  takes_its_turn.script->step = [&](std::string_view) {
    driver->clock().advance(PlanRunner::kTurn);
    return Step{};
  };
  PlanPart differs = part("differs", Placement::async);
  differs.script->step = [](std::string_view message) {
    return message == "first" ? Step{} : waits(milliseconds(100));
  };
  driver = std::make_unique<PlanDriver>(
      plan_of({part("at_once", Placement::async), differs, takes_its_turn,
               after(part("last", Placement::inline_), {"differs"})}),
      ExecutionOptions());
  std::vector<std::string> messages(kEvents, "other");
  messages[0] = "first";
  driver->add(messages);
  driver->step(true);  // a slice of takes_its_turn: one event is left, and all that `last` has
  driver->expire(0);
  driver->step(true);  // the one that is left; `last` is not looked at in this turn
  EXPECT_EQ(driver->outcome(0, "last"), Outcome::timeout);
  EXPECT_EQ(driver->done(), 1u);
  EXPECT_FALSE(driver->runner().has_more());
  driver->run();
  for (std::size_t i = 1; i < kEvents; ++i) EXPECT_EQ(driver->outcome(i, "last"), Outcome::ok);
}

TEST(PlanRunner, a_frame_whose_call_never_ended_is_freed_with_the_runner) {
  // Leaks are the sanitizer's to see.
  PlanDriver driver(plan_of({part("a", Placement::async, waits(milliseconds(5)))}), {});
  driver.add({"x"});
  driver.step(true);
  EXPECT_EQ(driver.runner().calls_out(), 1u);
}

}  // namespace
}  // namespace logbraid::test
