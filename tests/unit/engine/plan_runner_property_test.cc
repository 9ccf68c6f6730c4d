// Random graphs, forms, placements, delays, failures and hangs on the manual clock, against an
// interpreter that knows nothing of time: whatever runs when, the same lines and outcomes.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/support/json_rows.h"
#include "tests/support/plan_driver.h"
#include "tests/support/random_enricher.h"
#include "tests/support/random_plan.h"
#include "tests/support/reference_interpreter.h"
#include "tests/support/run_pipeline.h"
#include "tests/support/seeds.h"
#include "tests/support/shared_data.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;

struct Variant {
  const char* name;
  Mode mode = Mode::parallel;
  Schedule schedule = Schedule::ready;
  double sequential_share = 0;
};

constexpr Variant kVariants[] = {{"sequential", Mode::sequential},
                                 {"levels", Mode::parallel, Schedule::levels},
                                 {"ready", Mode::parallel, Schedule::ready},
                                 {"half in sequence", Mode::parallel, Schedule::ready, 0.5}};

ExecutionOptions options_of(const Variant& variant) {
  ExecutionOptions options;
  options.mode = variant.mode;
  options.schedule = variant.schedule;
  options.sequential_share = variant.sequential_share;
  options.enricher_timeout = kNever;
  options.max_parallel_threads = 2;
  options.max_stuck_threads = 10'000;  // none is refused because others hang
  options.breakers = false;
  return options;
}

void add_events(PlanDriver& driver, std::uint64_t events) {
  std::vector<std::string> lines;
  for (std::uint64_t i = 0; i < events; ++i) lines.push_back(RandomPlan::event(i));
  driver.add_events(lines);
}

void run_through(PlanDriver& driver, std::uint64_t events) {
  add_events(driver, events);
  driver.run();
}

using Counts = std::vector<std::array<std::uint64_t, kOutcomes>>;  // by node

// After the last event: the metrics say what the outcomes were, and nothing is left.
void expect_counted_and_released(PlanDriver& driver, const ExecutionPlan& plan, RandomRun& run,
                                 const Counts& counts) {
  const RunMetrics metrics = driver.runner().metrics();
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    ASSERT_EQ(metrics.enrichers[node].outcomes, counts[node]) << plan[node].name;
  }
  run.hangs.release();
  driver.wait_for_late_calls();
  while (driver.runner().calls_out() != 0 && driver.step(true)) continue;
  ASSERT_EQ(driver.runner().calls_out(), 0u);
  ASSERT_EQ(driver.batches_released(), driver.done());
}

// Runs a plan and compares every line and every outcome; and that each call began in its turn.
void expect_as_interpreted(const RandomPlan& random, const ExecutionOptions& options,
                           std::uint64_t events) {
  RandomRun run(events, milliseconds(1));
  const auto plan = resolve(random, run);
  PlanDriver driver(plan, options, &run.hangs);
  run_through(driver, events);
  ASSERT_EQ(run.ledger.complaints(), "");
  Counts counts(plan->size());
  for (std::uint64_t i = 0; i < events; ++i) {
    const Expected expected = interpret(random, *plan, i);
    for (std::uint32_t node = 0; node < plan->size(); ++node) {
      const std::string& name = plan->nodes()[node].name;
      ASSERT_EQ(driver.outcome(i, name), expected.outcomes[node]) << name << ", event " << i;
      ++counts[node][static_cast<std::size_t>(expected.outcomes[node])];
    }
    ASSERT_EQ(driver.lines().at(i), expected.line) << "event " << i;
  }
  expect_counted_and_released(driver, *plan, run, counts);
  ASSERT_EQ(run.ledger.complaints(), "");
}

TEST(PlanRunnerProperty, random_plans_give_what_an_interpreter_gives_in_every_mode) {
  for (const std::uint64_t seed : seeds(60)) {
    const RandomPlan random = random_plan(seed, 2 + seed * 7 % 59);
    for (const Variant& variant : kVariants) {
      SCOPED_TRACE(seed_text(seed) + ", " + variant.name);
      ExecutionOptions options = options_of(variant);
      options.in_flight = 1 + static_cast<std::uint32_t>(seed % 4);
      expect_as_interpreted(random, options, 9);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// The graphs that fapilog resolved, with enrichers that behave in every way.
TEST(PlanRunnerProperty, the_shared_graphs_give_what_an_interpreter_gives) {
  LOGBRAID_SHARED_OR_SKIP(file, "compat/graphs.jsonl");
  std::uint64_t row = 0;
  for (const std::string& line : lines_of(file)) {
    ++row;
    if (!member(line, "error").empty()) continue;
    const auto enabled = strings_of(member(line, "enabled"));
    RandomPlan random;
    random.seed = row;
    for (const std::string_view enricher : items_of(member(line, "registered"))) {
      const std::string name = string_of(member(enricher, "name"));
      if (std::count(enabled.begin(), enabled.end(), name) == 0) continue;
      RandomNode node = random_node(row * 1000 + random.nodes.size(), name);
      node.priority = std::stoi(std::string(member(enricher, "priority")));
      node.dependencies = strings_of(member(enricher, "dependencies"));
      random.nodes.push_back(std::move(node));
    }
    const Variant& variant = kVariants[row % std::size(kVariants)];
    SCOPED_TRACE("row " + std::to_string(row) + ", " + variant.name);
    expect_as_interpreted(random, options_of(variant), 4);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(row, 0u);
}

// Events and groups have less time than their calls take, and what runs in place takes time too.
// How far an event comes depends on that; what it is then does not.
TEST(PlanRunnerProperty, what_a_deadline_cuts_short_changes_nothing_else) {
  constexpr std::uint64_t kEvents = 24;
  std::uint64_t cut = 0;
  std::uint64_t whole = 0;
  for (const std::uint64_t seed : seeds(60)) {
    const Variant& variant = kVariants[seed % std::size(kVariants)];
    SCOPED_TRACE(seed_text(seed) + ", " + variant.name);
    const RandomPlan random = random_plan(seed, 2 + seed * 7 % 29);
    RandomRun run(kEvents, milliseconds(1));
    const auto plan = resolve(random, run);
    run.ledger.ignore_order();  // an event does not wait for what it has given up
    ExecutionOptions options = options_of(variant);
    options.in_flight = 1 + static_cast<std::uint32_t>(seed * 5 % kEvents);
    options.event_timeout = milliseconds(3 + seed % 40);
    if (seed % 3 == 0) options.group_timeout = *options.event_timeout / 3;
    PlanDriver driver(plan, options, &run.hangs);
    run.compute = [&driver](Duration time) { driver.clock().advance(time); };
    add_events(driver, kEvents);
    while (driver.done() < kEvents) {
      ASSERT_TRUE(driver.step(true)) << "nothing moves any more, and events are not done";
      driver.timers().advance(driver.clock().now());  // as between two turns of a loop
    }
    Counts counts(plan->size());
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      std::vector<Outcome> made;
      for (const PlanNode& node : plan->nodes()) made.push_back(driver.outcome(i, node.name));
      const Expected expected = interpret(random, *plan, i, made);
      for (std::uint32_t node = 0; node < plan->size(); ++node) {
        ASSERT_EQ(made[node], expected.outcomes[node])
            << plan->nodes()[node].name << ", event " << i;
        ++counts[node][static_cast<std::size_t>(made[node])];
      }
      ASSERT_EQ(driver.lines().at(i), expected.line) << "event " << i;
      ++(made == interpret(random, *plan, i).outcomes ? whole : cut);
    }
    expect_counted_and_released(driver, *plan, run, counts);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(cut, 0u);
  EXPECT_GT(whole, 0u);
}

// Which calls a breaker lets through depends on the time; what holds for each event does not.
TEST(PlanRunnerProperty, with_breakers_each_event_still_has_one_outcome_of_each_enricher) {
  std::uint64_t refused = 0;
  for (const std::uint64_t seed : seeds(40)) {
    SCOPED_TRACE(seed_text(seed));
    const RandomPlan random = random_plan(seed, 2 + seed * 5 % 29);
    constexpr std::uint64_t kEvents = 40;
    RandomRun run(kEvents, milliseconds(200));  // probes get their turn
    const auto plan = resolve(random, run);
    run.ledger.ignore_order();
    ExecutionOptions options = options_of(kVariants[seed % std::size(kVariants)]);
    options.breakers = true;
    options.in_flight = 2;
    PlanDriver driver(plan, options, &run.hangs);
    run_through(driver, kEvents);
    if (testing::Test::HasFatalFailure()) return;
    Counts counts(plan->size());
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      for (std::uint32_t node = 0; node < plan->size(); ++node) {
        const Outcome outcome = driver.outcome(i, plan->nodes()[node].name);
        ASSERT_LT(static_cast<std::size_t>(outcome), kOutcomes) << "no outcome";
        ++counts[node][static_cast<std::size_t>(outcome)];
        refused += outcome == Outcome::breaker_open ? 1 : 0;
        // Where none of its own calls fails there is nothing to open its breaker.
        const RandomNode& own = random.node(plan->nodes()[node].name);
        const bool fails = own.failing != 0 || own.retries != 0 || own.hangs || own.always_throws;
        if (!fails && outcome == Outcome::breaker_open) {
          ADD_FAILURE() << own.name << " was refused although it never fails";
        }
      }
    }
    expect_counted_and_released(driver, *plan, run, counts);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(refused, 0u) << "no breaker ever opened: nothing was tried";
}

}  // namespace
}  // namespace logbraid::test
