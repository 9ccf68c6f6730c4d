// In which order events come out, and who waits for whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <sstream>

#include "tests/support/plan_driver.h"
#include "tests/support/run_pipeline.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;

// Lets the stragglers go when it has seen what must not have to wait for them.
class ReleasingSink final : public Sink {
 public:
  ReleasingSink(std::string& into, std::size_t lines, std::shared_ptr<std::latch> release)
      : into_(into), lines_(lines), release_(std::move(release)) {}

  Result<bool> write(std::string_view lines) override {
    into_ += lines;
    seen_ += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    if (seen_ >= lines_ && !released_) {
      released_ = true;
      release_->count_down();
    }
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override { return "releasing"; }

 private:
  std::string& into_;
  const std::size_t lines_;
  const std::shared_ptr<std::latch> release_;
  std::size_t seen_ = 0;
  bool released_ = false;
};

// A call for an event with the message "slow" hangs in the pool until the latch is down.
struct Stragglers {
  std::shared_ptr<std::latch> release = std::make_shared<std::latch>(1);
  std::shared_ptr<const ExecutionPlan> plan;

  Stragglers() {
    auto script = std::make_shared<Script>();
    script->name = "e";
    script->writes = FieldPath("e");
    script->hang = release;
    script->hanging = std::make_shared<std::latch>(1000);
    script->step = [](std::string_view message) {
      return Step{message == "slow" ? Step::What::hangs : Step::What::ok, {}};
    };
    PlanPart part{script, Placement::pool, {}};
    part.metadata.timeout = std::chrono::hours(1);
    plan = plan_of({part});
  }
};

std::string line(std::string_view key, int n, std::string_view message = "m") {
  return "{\"key\":\"" + std::string(key) + "\",\"n\":" + std::to_string(n) + ",\"message\":\"" +
         std::string(message) + "\"}\n";
}

// The numbers of the events, in the order they came out; only those of one key where it is given.
std::vector<int> numbers(const std::string& output, std::string_view key = "") {
  std::vector<int> found;
  std::istringstream lines(output);
  for (std::string each; std::getline(lines, each);) {
    if (!key.empty() && each.find("\"key\":\"" + std::string(key) + "\"") == std::string::npos) {
      continue;
    }
    found.push_back(std::stoi(each.substr(each.find("\"n\":") + 4)));
  }
  return found;
}

class PipelineOrder : public ::testing::TestWithParam<std::size_t> {
 protected:
  // Stragglers go when `seen` lines have been written.
  std::string run(const std::string& input, Order order, std::size_t seen,
                  std::optional<Duration> hold = std::nullopt) {
    Stragglers stragglers;
    std::string output;
    PipelineParts parts = memory_parts(input, stragglers.plan, output, GetParam());
    parts.options.shards = 2;
    parts.options.order = order;
    parts.options.order_key = FieldPath("key");
    parts.options.hold = hold;
    parts.sink = std::make_unique<ReleasingSink>(output, seen, stragglers.release);
    auto pipeline = Pipeline::create(std::move(parts));
    report_ = run_to_end(**pipeline);
    EXPECT_EQ(report_.metrics.order_waiting.events,
              order == Order::any ? 0 : report_.counts.written);
    return output;
  }

  RunReport report_;
};

TEST_P(PipelineOrder, preserve_writes_what_stands_before_a_straggler_without_waiting_for_it) {
  const std::string output =
      run(line("a", 0) + line("a", 1) + line("a", 2, "slow") + line("a", 3), Order::preserve, 2);
  EXPECT_EQ(numbers(output), (std::vector{0, 1, 2, 3}));
}

TEST_P(PipelineOrder, any_lets_a_straggler_hold_up_nobody) {
  const std::string output =
      run(line("a", 0, "slow") + line("a", 1) + line("b", 2) + line("a", 3), Order::any, 3);
  std::vector<int> came = numbers(output);
  ASSERT_EQ(came.size(), 4u);
  EXPECT_EQ(came.back(), 0);
}

TEST_P(PipelineOrder, by_key_lets_a_straggler_hold_up_its_own_key_only) {
  // Seven keys that share no lane with `a`, or this would wait for itself; and what has no key.
  std::string input = line("a", 0, "slow") + line("a", 1);
  const std::size_t lane = std::hash<std::string_view>()("a") % 64;
  std::size_t others = 0;
  for (int n = 2; others < 7; ++n) {
    const std::string key = "k" + std::to_string(n);
    if (std::hash<std::string_view>()(key) % 64 == lane) continue;
    input += line(key, n) + line(key, n + 1000);
    ++others;
  }
  const std::string output = run(input, Order::by_key, 2 * others);
  EXPECT_EQ(numbers(output, "a"), (std::vector{0, 1}));
  const std::vector<int> all = numbers(output);
  EXPECT_EQ(all.size(), 2 * others + 2);
  EXPECT_EQ(all[all.size() - 2], 0);
  for (int n = 2; n < 20; ++n) {
    const std::vector<int> one = numbers(output, "k" + std::to_string(n));
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end())) << n;
  }
}

TEST_P(PipelineOrder, hold_turns_a_stragglers_calls_into_timeouts) {
  // Nobody lets it go; its own timeout is an hour.
  Stragglers stragglers;
  std::string output;
  PipelineParts parts =
      memory_parts(line("a", 0) + line("a", 1, "slow") + line("a", 2) + line("a", 3),
                   stragglers.plan, output, GetParam());
  parts.options.shards = 2;
  parts.options.hold = 20ms;
  parts.options.event_timeout = std::chrono::hours(2);
  auto pipeline = Pipeline::create(std::move(parts));
  const RunReport report = run_to_end(**pipeline);
  stragglers.release->count_down();
  EXPECT_EQ(numbers(output), (std::vector{0, 1, 2, 3}));
  const EnricherMetrics& metrics = report.metrics.enrichers[0];
  EXPECT_EQ(metrics.outcomes[static_cast<std::size_t>(Outcome::timeout)], 1u);
  EXPECT_EQ(metrics.outcomes[static_cast<std::size_t>(Outcome::ok)], 3u);
  EXPECT_EQ(report.metrics.order_waiting.events, 4u);
  EXPECT_GE(report.metrics.order_waiting.sum, 20ms);
}

// All in one batch, and a line a batch.
INSTANTIATE_TEST_SUITE_P(Pieces, PipelineOrder, ::testing::Values(100'000, 34),
                         [](const auto& row) {
                           return row.param == 34 ? "many_batches" : "one_batch";
                         });

// Waits on the loop for an event with the message "slow" until the latch is down.
class HangsOnTheLoop final : public AsyncEnricher {
 public:
  explicit HangsOnTheLoop(std::shared_ptr<std::latch> release) : release_(std::move(release)) {}
  Task<EnrichStatus> enrich(const EventView& event, Patch&, AsyncContext& context) override {
    bool waiting = event.get_string(message_) == "slow";
    while (waiting && !release_->try_wait()) waiting = co_await context.sleep(1ms);
    co_return CallResult::ok;
  }

 private:
  const std::shared_ptr<std::latch> release_;
  const FieldPath message_{"message"};
};

// Each keeps a batch, and there are more of them than were ever under way otherwise.
TEST(PipelineOrders, events_that_hang_keep_no_others_from_being_read) {
  constexpr int kSlow = 500;
  std::string input;
  for (int i = 0; i < kSlow; ++i)
    input += line("a", 1000 + i, "slow") + line("b", 1000 + i, "fast");
  const auto release = std::make_shared<std::latch>(1);
  std::string output;
  PipelineParts parts =
      memory_parts(input, plan_of_async(std::make_shared<HangsOnTheLoop>(release)), output,
                   line("a", 1000, "slow").size() * 2);
  parts.options.shards = 2;
  parts.options.order = Order::any;
  parts.options.memory_limit = std::size_t{1} << 30;
  parts.options.enricher_timeout = 10s;  // so that it fails, not hangs
  parts.sink = std::make_unique<ReleasingSink>(output, kSlow, release);
  const RunReport report = run_to_end(std::move(parts));
  const auto& outcomes = report.metrics.enrichers[0].outcomes;
  EXPECT_EQ(outcomes[static_cast<std::size_t>(Outcome::ok)], 2u * kSlow);
}

TEST(PipelineOrders, each_gives_the_same_lines_under_random_delays) {
  std::string input;
  for (int n = 0; n < 3000; ++n) {
    input += line("k" + std::to_string(n * n % 13), n,
                  std::string(static_cast<std::size_t>(n % 50), 'm'));
  }
  auto script = std::make_shared<Script>();
  script->name = "e";
  script->writes = FieldPath("e");
  script->step = [](std::string_view message) {
    return Step{Step::What::ok, std::chrono::microseconds(message.size() * 7919 % 1500)};
  };
  for (const Placement placement : {Placement::async, Placement::inline_}) {
    const auto plan = plan_of({PlanPart{script, placement, {}}});
    std::vector<std::string> expected;
    for (const Order order : {Order::preserve, Order::any, Order::by_key}) {
      for (const unsigned shards : {1u, 2u, 5u}) {
        std::string output;
        PipelineParts parts = memory_parts(input, plan, output, 3000);
        parts.options.shards = shards;
        parts.options.order = order;
        parts.options.order_key = FieldPath("key");
        run_to_end(std::move(parts));
        std::vector<std::string> lines;
        std::istringstream text(output);
        for (std::string each; std::getline(text, each);) lines.push_back(each);
        if (order == Order::preserve) {
          const std::vector<int> came = numbers(output);
          EXPECT_TRUE(std::is_sorted(came.begin(), came.end()));
        }
        if (order == Order::by_key) {
          for (int key = 0; key < 13; ++key) {
            const std::vector<int> came = numbers(output, "k" + std::to_string(key));
            EXPECT_TRUE(std::is_sorted(came.begin(), came.end())) << key;
          }
        }
        std::sort(lines.begin(), lines.end());
        if (expected.empty()) expected = lines;
        ASSERT_EQ(lines, expected);
      }
    }
  }
}

}  // namespace
}  // namespace logbraid::test
