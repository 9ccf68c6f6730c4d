// Random plans on real threads: for equal outcomes the same bytes in every mode, for any number of
// shards, and nothing after close.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "logbraid/engine.h"
#include "tests/support/random_enricher.h"
#include "tests/support/random_plan.h"
#include "tests/support/reference_interpreter.h"
#include "tests/support/run_pipeline.h"
#include "tests/support/seeds.h"

namespace logbraid::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kEvents = 72;

struct Variant {
  const char* name;
  Mode mode;
  Schedule schedule;
  unsigned shards;
  std::uint32_t in_flight = 4096;
  Order order = Order::preserve;
  double sequential_share = 0;
  std::size_t memory_limit = 64 * 1024 * 1024;
};

constexpr Variant kVariants[] = {
    {"sequential, 1 shard", Mode::sequential, Schedule::ready, 1},
    {"levels, 1 shard", Mode::parallel, Schedule::levels, 1},
    {"ready, 1 shard", Mode::parallel, Schedule::ready, 1},
    {"sequential, 2 shards", Mode::sequential, Schedule::ready, 2},
    {"levels, 2 shards", Mode::parallel, Schedule::levels, 2},
    {"ready, 2 shards, a window of 3", Mode::parallel, Schedule::ready, 2, 3},
    {"sequential, 8 shards", Mode::sequential, Schedule::ready, 8},
    {"levels, 8 shards", Mode::parallel, Schedule::levels, 8},
    {"ready, 8 shards", Mode::parallel, Schedule::ready, 8},
    {"any order", Mode::parallel, Schedule::ready, 2, 16, Order::any},
    {"half in sequence", Mode::parallel, Schedule::ready, 2, 16, Order::preserve, 0.5},
    {"one byte of memory", Mode::parallel, Schedule::ready, 2, 16, Order::preserve, 0, 1},
};

// What all events together must give.
struct ExpectedRun {
  ExpectedRun(const RandomPlan& random, const ExecutionPlan& plan) : outcomes(plan.size()) {
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      const Expected expected = interpret(random, plan, i);
      if (!expected.dead_letter.empty()) {
        dead_letters.push_back(expected.dead_letter);
      } else if (!expected.dropped) {
        lines.push_back(expected.line);
      }
      dropped += expected.dropped ? 1 : 0;
      for (std::uint32_t node = 0; node < plan.size(); ++node) {
        ++outcomes[node][static_cast<std::size_t>(expected.outcomes[node])];
      }
    }
    std::sort(dead_letters.begin(), dead_letters.end());
  }

  std::vector<std::string> lines;
  std::vector<std::string> dead_letters;  // sorted: several shards write them
  std::uint64_t dropped = 0;
  std::vector<std::array<std::uint64_t, kOutcomes>> outcomes;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void expect_as_interpreted(const RandomPlan& random, const Variant& variant) {
  RandomRun run(kEvents, microseconds(20));
  const auto plan = resolve(random, run);
  std::string input;
  for (std::uint64_t i = 0; i < kEvents; ++i) input += RandomPlan::event(i) + "\n";
  std::string output;
  std::string buried;
  PipelineParts parts = memory_parts(input, plan, output, 300 + random.seed * 177 % 3000);
  parts.dead_letter = std::make_unique<MemorySink>(buried);
  parts.options.mode = variant.mode;
  parts.options.schedule = variant.schedule;
  parts.options.shards = variant.shards;
  parts.options.in_flight = variant.in_flight;
  parts.options.order = variant.order;
  parts.options.sequential_share = variant.sequential_share;
  parts.options.memory_limit = variant.memory_limit;
  parts.options.max_parallel_threads = 4;
  parts.options.max_stuck_threads = 10'000;  // none is refused because others hang
  parts.options.breakers = false;
  auto pipeline = Pipeline::create(std::move(parts));
  ASSERT_TRUE(pipeline.has_value()) << pipeline.error().to_string();
  const RunReport report = run_to_end(**pipeline);
  run.hangs.release();
  (*pipeline).reset();  // waits for late calls

  ExpectedRun expected(random, *plan);
  std::vector<std::string> lines = split(output);
  std::vector<std::string> dead_letters = split(buried);
  std::sort(dead_letters.begin(), dead_letters.end());
  if (variant.order == Order::any) {
    std::sort(lines.begin(), lines.end());
    std::sort(expected.lines.begin(), expected.lines.end());
  }
  ASSERT_EQ(lines, expected.lines);
  ASSERT_EQ(dead_letters, expected.dead_letters);
  EXPECT_EQ(report.counts.dropped_for(DropReason::enricher_failed), expected.dropped);
  for (std::uint32_t node = 0; node < plan->size(); ++node) {
    EXPECT_EQ(report.metrics.enrichers[node].outcomes, expected.outcomes[node])
        << plan->nodes()[node].name;
  }
  EXPECT_EQ(run.ledger.complaints(), "");
}

TEST(PipelineProperty, random_plans_give_the_same_bytes_in_every_mode_and_number_of_shards) {
  for (const std::uint64_t seed : seeds(6)) {
    const RandomPlan random = random_plan(seed, 3 + seed * 5 % 22);
    for (const Variant& variant : kVariants) {
      SCOPED_TRACE(seed_text(seed) + ", " + variant.name);
      expect_as_interpreted(random, variant);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(EngineProperty, no_call_begins_and_nobody_is_told_after_close) {
  int checked = 0;
  for (const std::uint64_t seed : seeds(40)) {
    SCOPED_TRACE(seed_text(seed));
    const RandomPlan random = random_plan(seed, 2 + seed * 3 % 13);
    RandomRun run(kEvents, microseconds(100));
    run.ledger.ignore_order();
    (void)resolve(random, run);
    Registry registry;
    register_nodes(random, run, registry);
    EngineOptions options;
    options.execution.enricher_timeout = kNever;
    options.execution.shards = 1 + static_cast<unsigned>(seed % 3);
    options.execution.in_flight = 8;  // many have not begun when it ends
    options.execution.breakers = false;
    auto engine = Engine::create(registry, registry.names(), options);
    ASSERT_TRUE(engine.has_value()) << engine.error().to_string();
    std::atomic<std::uint64_t> told{0};
    std::atomic<bool> closed{false};
    std::atomic<bool> told_late{false};
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      auto event = OwnedEvent::from_json(RandomPlan::event(i));
      ASSERT_TRUE(event.has_value());
      (*engine)->enrich_async(*std::move(event), [&](const Result<EnrichedEvent>& result) {
        ++told;
        if (closed.load()) told_late = true;
        EXPECT_TRUE(!result || result->enrichers() == random.nodes.size());
      });
    }
    CloseReport report = (*engine)->close(milliseconds(seed % 4));
    run.ledger.close();
    closed = true;
    // A shard on which enrichers' code runs for 20 ms, or is seen to on a busy machine, is named
    // without a name. All others have told, and of theirs nothing begins but what a pool thread had
    // taken and not brought to the enricher's first line.
    std::uint64_t named = 0;
    bool answered = true;
    for (const auto& each : report.still_running()) {
      named += each.calls;
      answered &= !each.enricher.empty();
    }
    EXPECT_TRUE(!answered || told == kEvents) << told;
    run.hangs.release();
    EXPECT_TRUE(report.wait(kNever));
    EXPECT_EQ(told, kEvents) << "each is told once";
    if (!answered) continue;
    ++checked;
    EXPECT_LE(run.ledger.calls_after_close(), named) << run.ledger.complaints();
    EXPECT_FALSE(told_late);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(checked, 0) << "no close was looked at to its end";
}

}  // namespace
}  // namespace logbraid::test
