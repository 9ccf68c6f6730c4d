// The budget in bytes, and what happens to events there is no room for.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <string_view>

#include "logbraid/async_context.h"
#include "logbraid/registry.h"
#include "lookup/cached_lookup.h"
#include "tests/support/plan_driver.h"
#include "tests/support/run_pipeline.h"
#include "tests/support/timed_service.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMiB = 1024 * 1024;

std::string events(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "{\"n\":" + std::to_string(i) + ",\"message\":\"" + std::string(i % 300, 'm') + "\"}\n";
  }
  return text;
}

std::shared_ptr<const ExecutionPlan> plan_that_waits(Placement placement) {
  std::vector<PlanPart> parts;
  for (const char* name : {"a", "b", "c"}) {
    auto script = std::make_shared<Script>();
    script->name = name;
    script->writes = FieldPath(name);
    script->step = [](std::string_view) { return Step{Step::What::ok, 1ms}; };
    parts.push_back({std::move(script), placement, {}});
  }
  return plan_of(parts);
}

RunReport run(std::size_t memory_limit, Placement placement, std::string& output) {
  PipelineParts parts = memory_parts(events(40'000), plan_that_waits(placement), output);
  parts.options.shards = 2;
  parts.options.in_flight = 100'000;
  parts.options.memory_limit = memory_limit;
  return run_to_end(std::move(parts));
}

TEST(PipelineMemory, stays_within_the_limit_and_a_batch_a_shard) {
  // A batch of 64 KiB of these lines needs less, with its patches and its output.
  constexpr std::size_t kBatch = kMiB;
  std::string free_output;
  EXPECT_GT(run(64 * kMiB, Placement::async, free_output).memory_peak, 4 * kMiB + 2 * kBatch)
      << "or the next check says nothing";
  for (const Placement placement : {Placement::async, Placement::inline_}) {
    std::string output;
    const RunReport report = run(4 * kMiB, placement, output);
    EXPECT_LE(report.memory_peak, 4 * kMiB + 2 * kBatch);
    EXPECT_EQ(report.counts.written, 40'000u);
    EXPECT_TRUE(output == free_output) << "not the same bytes";  // too long for a diff
  }
}

TEST(PipelineMemory, a_budget_of_one_byte_works) {
  for (const Placement placement : {Placement::async, Placement::inline_, Placement::pool}) {
    std::string output;
    std::string expected;
    for (const std::size_t limit : {64 * kMiB, std::size_t{1}}) {
      PipelineParts parts = memory_parts(events(500), plan_that_waits(placement), output, 5000);
      parts.options.shards = 2;
      parts.options.memory_limit = limit;
      output.clear();
      run_to_end(std::move(parts));
      if (expected.empty()) expected = output;
      EXPECT_TRUE(output == expected) << "not the same bytes";
    }
  }
}

// Each event has a key of its own, so that the cache would grow for ever.
TEST(PipelineMemory, caches_give_way_before_the_source_has_to_wait) {
  TimedService service(100us);
  LookupOptions options;
  options.max_batch = 256;
  std::vector<KeyTemplate> key;
  key.push_back(KeyTemplate::parse("{{message}}", KeyEscape::none).value());
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "user";
  ASSERT_TRUE(registry
                  .add(metadata, make_lookup({KeySpec(std::move(key)),
                                              {FieldPath::parse("user").value()},
                                              options,
                                              service.maker()}))
                  .has_value());
  std::string input;
  for (int i = 0; i < 50'000; ++i) {
    input += "{\"message\":\"a key that is not the same twice " + std::to_string(i) + "\"}\n";
  }
  std::string output;
  PipelineParts parts =
      memory_parts(input, registry.resolve(std::vector<std::string>{"user"}).value(), output);
  parts.options.shards = 2;
  parts.options.memory_limit = 4 * kMiB;
  const RunReport report = run_to_end(std::move(parts));
  EXPECT_EQ(report.counts.written, 50'000u);
  const EnricherMetrics& user = report.metrics.enrichers.at(0);
  EXPECT_EQ(user.outcomes[static_cast<std::size_t>(Outcome::ok)], 50'000u);
  ASSERT_TRUE(user.lookup.has_value());
  EXPECT_GT(user.lookup->cache_bytes, 0u);
  EXPECT_LE(user.lookup->cache_bytes, 2 * kMiB);
  EXPECT_LE(report.memory_peak, 4 * kMiB + 2 * kMiB);
}

// Counts down when all of it was read.
class EndingSource final : public Source {
 public:
  EndingSource(std::string text, std::shared_ptr<std::latch> at_end, std::size_t piece = 2000)
      : source_(std::move(text), piece), at_end_(std::move(at_end)) {}
  Result<std::size_t> read(std::span<char> into) override {
    Result<std::size_t> got = source_.read(into);
    if (got && *got == 0 && !at_end_->try_wait()) at_end_->count_down();
    return got;
  }
  void interrupt() noexcept override { source_.interrupt(); }
  std::string description() const override { return "ending"; }

 private:
  MemorySource source_;
  std::shared_ptr<std::latch> at_end_;
};

// Answers when the source has given all.
class AnswersAtTheEnd final : public AsyncEnricher {
 public:
  explicit AnswersAtTheEnd(std::shared_ptr<std::latch> at_end) : at_end_(std::move(at_end)) {}
  Task<EnrichStatus> enrich(const EventView&, Patch&, AsyncContext& context) override {
    bool waiting = true;
    while (waiting && !at_end_->try_wait()) waiting = co_await context.sleep(1ms);
    co_return CallResult::ok;
  }

 private:
  const std::shared_ptr<std::latch> at_end_;
};

// How far a source was ahead of the calls, at the most, in lines.
struct ReadAhead {
  std::atomic<std::uint64_t> started{0};
  std::uint64_t read = 0;  // of the thread that reads
  std::uint64_t most = 0;
};

// Gives so many lines at a time.
class AheadSource final : public Source {
 public:
  AheadSource(ReadAhead& ahead, std::uint64_t lines, std::uint64_t at_a_time)
      : ahead_(ahead), lines_(lines), at_a_time_(at_a_time) {}
  Result<std::size_t> read(std::span<char> into) override {
    constexpr std::string_view kLine = "{\"n\":1}\n";
    const std::uint64_t count = std::min(at_a_time_, lines_ - ahead_.read);
    for (std::uint64_t i = 0; i < count; ++i)
      kLine.copy(into.data() + i * kLine.size(), kLine.size());
    ahead_.read += count;
    ahead_.most = std::max(ahead_.most, ahead_.read - ahead_.started);
    return count * kLine.size();
  }
  void interrupt() noexcept override {}
  std::string description() const override { return "ahead"; }

 private:
  ReadAhead& ahead_;
  const std::uint64_t lines_;
  const std::uint64_t at_a_time_;
};

class CountsStarts final : public AsyncEnricher {
 public:
  explicit CountsStarts(ReadAhead& ahead) : ahead_(ahead) {}
  Task<EnrichStatus> enrich(const EventView&, Patch&, AsyncContext& context) override {
    ++ahead_.started;
    co_await context.sleep(1ms);
    co_return CallResult::ok;
  }

 private:
  ReadAhead& ahead_;
};

TEST(PipelineMemory, what_is_read_ahead_is_bounded_where_calls_and_not_the_window_are_the_limit) {
  constexpr std::uint64_t kLines = 6'000;
  constexpr std::uint64_t kAtATime = 100;
  constexpr std::uint32_t kCalls = 16;
  ReadAhead ahead;
  EnricherMetadata metadata;
  metadata.bulkhead.max_in_flight = kCalls;
  std::string output;
  PipelineParts parts =
      memory_parts("", plan_of_async(std::make_shared<CountsStarts>(ahead), metadata), output);
  parts.source = std::make_unique<AheadSource>(ahead, kLines, kAtATime);
  parts.options.shards = 1;
  const RunReport report = run_to_end(std::move(parts));
  EXPECT_EQ(report.counts.written, kLines);
  // 1,024 before the last batch is read, and what waits for a call inside of the window.
  EXPECT_LE(ahead.most, 1024 + kAtATime + 3 * kCalls);
  EXPECT_GE(ahead.most, 1024u) << "or the source was never ahead, and this says nothing";
}

// The window takes all but the last lines, and nothing ends before the last are read.
TEST(PipelineMemory, the_next_batch_is_read_while_the_window_is_full) {
  constexpr std::uint32_t kEvents = 300;  // in three batches
  constexpr std::uint32_t kWindow = 250;
  std::string text;
  for (std::uint32_t i = 0; i < kEvents; ++i) text += "{\"n\":" + std::to_string(1000 + i) + "}\n";
  const auto at_end = std::make_shared<std::latch>(1);
  std::string output;
  PipelineParts parts =
      memory_parts("", plan_of_async(std::make_shared<AnswersAtTheEnd>(at_end)), output);
  parts.source = std::make_unique<EndingSource>(text, at_end, text.size() / 3);
  parts.options.shards = 1;
  parts.options.in_flight = kWindow;
  parts.options.enricher_timeout = 10s;  // so that it fails, not hangs
  const RunReport report = run_to_end(std::move(parts));
  EXPECT_EQ(report.metrics.enrichers[0].outcomes[static_cast<std::size_t>(Outcome::ok)], kEvents);
}

class PipelineOverflow : public ::testing::TestWithParam<Overflow> {};

// Every call waits until the source has given all: what does not fit must be dropped, or this never
// ends.
TEST_P(PipelineOverflow, a_source_that_cannot_wait_never_does_and_what_is_lost_is_counted) {
  auto script = std::make_shared<Script>();
  script->name = "e";
  script->writes = FieldPath("e");
  script->hang = std::make_shared<std::latch>(1);
  script->hanging = std::make_shared<std::latch>(1'000'000);
  script->step = [](std::string_view) { return Step{Step::What::hangs, {}}; };
  PlanPart part{script, Placement::pool, {}};
  part.metadata.timeout = std::chrono::hours(1);
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    const bool error = i == 777 || i == 15'000;
    text += "{\"level\":\"" + std::string(error ? "ERROR" : "INFO") +
            "\",\"n\":" + std::to_string(i) + "}\n";
  }
  std::string output;
  PipelineParts parts = memory_parts("", plan_of({part}), output);
  parts.source = std::make_unique<EndingSource>(text, script->hang);
  parts.options.shards = 1;
  parts.options.in_flight = 10;
  parts.overflow.policy = GetParam();
  parts.overflow.events = 1000;
  const RunReport report = run_to_end(std::move(parts));
  EXPECT_EQ(report.counts.read, 20'000u);
  EXPECT_GE(report.counts.written, 1000u);
  EXPECT_GT(report.counts.dropped_in_all(), 10'000u);
  const auto came = [&](int n) {
    return output.find("\"n\":" + std::to_string(n) + ",") != std::string::npos;
  };
  EXPECT_EQ(came(19'999), GetParam() != Overflow::drop_newest);
  if (GetParam() == Overflow::drop_newest) {
    EXPECT_TRUE(came(0));
  }
  EXPECT_EQ(came(777) && came(15'000), GetParam() == Overflow::drop_by_level);
}

INSTANTIATE_TEST_SUITE_P(Policies, PipelineOverflow,
                         ::testing::Values(Overflow::drop_newest, Overflow::drop_oldest,
                                           Overflow::drop_by_level),
                         [](const auto& row) {
                           return row.param == Overflow::drop_newest   ? "drop_newest"
                                  : row.param == Overflow::drop_oldest ? "drop_oldest"
                                                                       : "drop_by_level";
                         });

}  // namespace
}  // namespace logbraid::test
