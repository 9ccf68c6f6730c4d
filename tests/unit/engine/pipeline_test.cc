#include "engine/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "format/json_reader.h"
#include "tests/support/admission_count.h"
#include "tests/support/memory_endpoints.h"
#include "tests/support/plan_driver.h"
#include "tests/support/run_pipeline.h"

namespace logbraid::test {
namespace {

using What = Step::What;

struct Ran {
  std::string output;
  std::string dead_letters;
  RunReport report;
  std::vector<MalformedLine> malformed;
};

struct RunSettings {
  ExecutionOptions options;
  OnMalformed on_malformed = OnMalformed::keep;
  std::size_t piece = SIZE_MAX;
  std::size_t room = SIZE_MAX;
  MemorySink::WhenFull when_full = MemorySink::WhenFull::never;
};

Ran run(std::string input, std::shared_ptr<const ExecutionPlan> plan, RunSettings settings = {}) {
  Ran run;
  PipelineParts parts;
  parts.source = std::make_unique<MemorySource>(std::move(input), settings.piece);
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = std::move(plan);
  parts.options = settings.options;
  if (!parts.options.enricher_timeout) parts.options.enricher_timeout = kNever;
  parts.on_malformed = settings.on_malformed;
  parts.sink = std::make_unique<MemorySink>(run.output, settings.room, settings.when_full);
  parts.dead_letter = std::make_unique<MemorySink>(run.dead_letters);
  parts.local_hour = [] { return 12; };
  parts.on_malformed_line = [&run](const MalformedLine& line) { run.malformed.push_back(line); };
  auto pipeline = Pipeline::create(std::move(parts));
  EXPECT_TRUE(pipeline.has_value());
  run.report = (*pipeline)->run();
  EXPECT_TRUE(run.report.counts.balanced()) << "something that was read is lost";
  return run;
}

std::shared_ptr<const ExecutionPlan> plan_with(Placement placement, std::size_t enrichers = 3) {
  std::vector<PlanPart> parts;
  for (std::size_t i = 0; i < enrichers; ++i) {
    auto script = std::make_shared<Script>();
    script->name = "e" + std::to_string(i);
    script->writes = FieldPath(script->name);
    for (std::size_t k = 0; k < enrichers; ++k)
      script->looks_at.emplace_back("e" + std::to_string(k));
    script->step = [i](std::string_view message) {
      Step step;
      step.delay = std::chrono::microseconds(message.size() * 37 % 100);
      if ((message.size() + i) % 7 == 0) step.what = What::error;
      return step;
    };
    PlanPart part{std::move(script), placement, {}};
    if (i >= 2) part.metadata.dependencies = {"e0"};
    // Whom a breaker leaves out depends on the time.
    part.metadata.breaker.mode = BreakerMode::disabled;
    parts.push_back(std::move(part));
  }
  return plan_of(parts);
}

std::shared_ptr<const ExecutionPlan> mixed_plan() {
  std::vector<PlanPart> parts;
  const Placement placements[] = {Placement::async,   Placement::inline_, Placement::pool,
                                  Placement::inline_, Placement::async,   Placement::inline_};
  for (std::size_t i = 0; i < 6; ++i) {
    auto script = std::make_shared<Script>();
    script->name = "e" + std::to_string(i);
    script->writes = FieldPath("out." + script->name);
    for (std::size_t k = 0; k < 6; ++k) script->looks_at.emplace_back("out.e" + std::to_string(k));
    script->step = [](std::string_view message) {
      return Step{What::ok, std::chrono::microseconds(message.size() * 131 % 300)};
    };
    PlanPart part{std::move(script), placements[i], {}};
    if (i >= 3) part.metadata.dependencies = {"e" + std::to_string(i - 3)};
    parts.push_back(std::move(part));
  }
  return plan_of(parts);
}

std::string numbered(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    text += "{\"n\":" + std::to_string(i) + ",\"message\":\"" + std::string(i % 50, 'm') + "\"}\n";
  }
  return text;
}

TEST(Pipeline, what_no_enricher_changes_comes_out_byte_for_byte) {
  const std::string input =
      "{\"a\": 1.10,\"b\":[1, 2 ],\"c\":\"\\u00e9\",\"big\":123456789012345678901,\"e\":1e400}\n"
      "{ \"dup\":1, \"dup\":2 }\n{}\n";
  EXPECT_EQ(run(input, plan_of({})).output, input);
}

TEST(Pipeline, the_same_bytes_in_every_mode_schedule_and_number_of_shards) {
  const std::string input = numbered(3000);
  for (const auto& plan : {plan_with(Placement::inline_), plan_with(Placement::async),
                           plan_with(Placement::pool), mixed_plan()}) {
    std::string expected;
    for (const unsigned shards : {1u, 2u, 8u}) {
      for (const auto& [mode, schedule] : {std::pair{Mode::sequential, Schedule::ready},
                                           std::pair{Mode::parallel, Schedule::ready},
                                           std::pair{Mode::parallel, Schedule::levels}}) {
        RunSettings settings;
        settings.options.mode = mode;
        settings.options.schedule = schedule;
        settings.options.shards = shards;
        settings.piece = 1000 + shards * 777;
        const Ran made = run(input, plan, settings);
        EXPECT_EQ(made.report.counts.written, 3000u);
        if (expected.empty()) expected = made.output;
        ASSERT_EQ(made.output, expected);
      }
    }
  }
}

TEST(Pipeline, a_window_of_one_event_gives_the_same) {
  RunSettings settings;
  settings.options.in_flight = 1;
  settings.options.shards = 1;
  EXPECT_EQ(run(numbered(200), mixed_plan(), settings).output,
            run(numbered(200), mixed_plan()).output);
}

TEST(Pipeline, lines_cut_anywhere_by_reads_are_put_together) {
  const std::string input = numbered(40);
  for (std::size_t piece = 1; piece <= 67; piece += 3) {
    RunSettings settings;
    settings.piece = piece;
    ASSERT_EQ(run(input, plan_of({}), settings).output, input) << piece << " bytes a read";
  }
}

TEST(Pipeline, empty_input_gives_empty_output) {
  const Ran made = run("", mixed_plan());
  EXPECT_EQ(made.output, "");
  EXPECT_EQ(made.report.counts.read, 0u);
  EXPECT_FALSE(made.report.error);
}

TEST(Pipeline, a_last_line_without_its_end_is_an_event) {
  EXPECT_EQ(run("{\"a\":1}\n{\"a\":2}", plan_of({})).output, "{\"a\":1}\n{\"a\":2}\n");
}

TEST(Pipeline, blank_lines_are_passed_over) {
  const Ran made = run("\n\n{\"a\":1}\n   \n\r\n{\"a\":2}\n\n", plan_of({}));
  EXPECT_EQ(made.output, "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(made.report.counts.read, 2u);
}

TEST(Pipeline, a_refused_line_is_kept_by_default_and_shown_with_its_number) {
  const Ran made = run("{\"a\":1}\n\nnot json\n{\"a\":2}\n", plan_of({}));
  ASSERT_EQ(made.malformed.size(), 1u);
  EXPECT_EQ(made.malformed[0].line, 3u);
  EXPECT_EQ(made.malformed[0].text, "not json");
  EXPECT_EQ(made.report.counts.malformed, 1u);
  EXPECT_EQ(made.report.counts.written, 3u);
  EXPECT_NE(made.output.find("{\"message\":\"not json\",\"parse_error\":\""), std::string::npos)
      << made.output;
}

TEST(Pipeline, refused_lines_are_dropped_when_told_so) {
  RunSettings settings;
  settings.on_malformed = OnMalformed::drop;
  const Ran made = run("{\"a\":1}\nnot json\n{\"a\":2}\n", plan_of({}), settings);
  EXPECT_EQ(made.output, "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(made.report.counts.dropped_for(DropReason::malformed), 1u);
}

TEST(Pipeline, refused_lines_go_to_the_dead_letter_sink_when_told_so) {
  RunSettings settings;
  settings.on_malformed = OnMalformed::dead_letter;
  const Ran made = run("{\"a\":1}\nnot json\n{\"a\":2}\n", plan_of({}), settings);
  EXPECT_EQ(made.output, "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(made.report.counts.dead_lettered, 1u);
  EXPECT_NE(made.dead_letters.find("\"message\":\"not json\""), std::string::npos);
}

TEST(Pipeline, a_refused_line_ends_the_run_when_told_so) {
  RunSettings settings;
  settings.on_malformed = OnMalformed::fail;
  const Ran made = run("{\"a\":1}\nnot json\n{\"a\":2}\n", plan_of({}), settings);
  EXPECT_EQ(made.output, "{\"a\":1}\n");
  ASSERT_TRUE(made.report.error);
  EXPECT_NE(made.report.error->message.find("line 2"), std::string::npos);
}

TEST(Pipeline, dead_letters_without_a_sink_are_a_configuration_error) {
  PipelineParts parts;
  std::string output;
  parts.source = std::make_unique<MemorySource>("");
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = plan_of({});
  parts.on_malformed = OnMalformed::dead_letter;
  parts.sink = std::make_unique<MemorySink>(output);
  const auto made = Pipeline::create(std::move(parts));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("dead_letter: {type: file"), std::string::npos);
}

class EventsThatMustNotPass : public ::testing::TestWithParam<Placement> {
 protected:
  // `redact` fails for events with the message "bad".
  static std::shared_ptr<const ExecutionPlan> plan(OnFailure on_failure) {
    auto script = std::make_shared<Script>();
    script->name = "redact";
    script->writes = FieldPath("redacted");
    script->step = [](std::string_view message) {
      return Step{message == "bad"    ? What::error
                  : message == "none" ? What::no_match
                                      : What::ok,
                  {}};
    };
    PlanPart redact{script, GetParam(), {}};
    redact.metadata.on_failure = on_failure;
    redact.metadata.breaker.mode = BreakerMode::disabled;
    auto other = std::make_shared<Script>();
    other->name = "other";
    other->writes = FieldPath("other");
    return plan_of({redact, {other, Placement::async, {}}});
  }
  static constexpr const char* kInput =
      "{\"message\":\"good\"}\n{\"message\":\"bad\"}\n{\"message\":\"none\"}\n"
      "{\"message\":\"bad\"}\n";
};

TEST_P(EventsThatMustNotPass, are_dropped_when_told_so) {
  const Ran made = run(kInput, plan(OnFailure::drop));
  EXPECT_EQ(made.output.find("bad"), std::string::npos) << made.output;
  EXPECT_EQ(made.report.counts.written, 2u);
  EXPECT_EQ(made.report.counts.dropped_for(DropReason::enricher_failed), 2u);
  EXPECT_EQ(made.dead_letters, "");
}

TEST_P(EventsThatMustNotPass, go_to_the_dead_letters_with_the_reason_when_told_so) {
  const Ran made = run(kInput, plan(OnFailure::dead_letter));
  EXPECT_EQ(made.output.find("bad"), std::string::npos) << made.output;
  EXPECT_EQ(made.report.counts.written, 2u);
  EXPECT_EQ(made.report.counts.dead_lettered, 2u);
  const std::string letter = "{\"message\":\"bad\",\"other\":\"" + digest("other", "bad", {}) +
                             "\",\"enrich_error\":\"redact: error\"}\n";
  EXPECT_EQ(made.dead_letters, letter + letter);
}

TEST_P(EventsThatMustNotPass, pass_by_default) {
  const Ran made = run(kInput, plan(OnFailure::pass));
  EXPECT_EQ(made.report.counts.written, 4u);
}

INSTANTIATE_TEST_SUITE_P(Pipeline, EventsThatMustNotPass,
                         ::testing::Values(Placement::inline_, Placement::async),
                         [](const auto& row) {
                           return row.param == Placement::async ? "async" : "inline_";
                         });

TEST(Pipeline, an_enricher_that_sends_to_the_dead_letters_needs_a_sink_for_them) {
  auto script = std::make_shared<Script>();
  script->name = "redact";
  PlanPart redact{script, Placement::inline_, {}};
  redact.metadata.on_failure = OnFailure::dead_letter;
  std::string output;
  const auto pipeline = Pipeline::create(memory_parts("", plan_of({redact}), output));
  ASSERT_FALSE(pipeline.has_value());
  EXPECT_EQ(pipeline.error().message.find("redact: on_failure: dead_letter needs"), 0u);
}

// An event, a line of so many bytes, another event.
class LongLineSource final : public Source {
 public:
  explicit LongLineSource(std::uint64_t bytes) : left_(bytes) {}
  static constexpr std::string_view kBefore = "{\"a\":1}\n";
  static constexpr std::string_view kAfter = "\n{\"a\":2}\n";

  Result<std::size_t> read(std::span<char> into) override {
    if (!std::exchange(begun_, true)) return kBefore.copy(into.data(), into.size());
    const std::uint64_t count = std::min<std::uint64_t>(left_, into.size());
    left_ -= count;
    std::memset(into.data(), 'x', count);
    if (count != 0 || std::exchange(ended_, true)) return count;
    return kAfter.copy(into.data(), into.size());
  }
  void interrupt() noexcept override {}
  std::string description() const override { return "a long line"; }

 private:
  std::uint64_t left_;
  bool begun_ = false;
  bool ended_ = false;
};

TEST(Pipeline, a_line_of_1_GiB_costs_bounded_memory_and_harms_no_neighbour) {
  constexpr std::uint64_t kLine = 1024 * 1024 * 1024;
  for (const Overflow policy : {Overflow::block, Overflow::drop_newest}) {
    std::string output;
    PipelineParts parts = memory_parts("", plan_of({}), output);
    parts.source = std::make_unique<LongLineSource>(kLine);
    parts.overflow.policy = policy;
    const RunReport report = run_to_end(std::move(parts));
    EXPECT_EQ(report.counts.read, 3u);
    EXPECT_EQ(report.counts.malformed, 1u);
    // A queue ends each line, the one that was cut too.
    const unsigned added = policy == Overflow::block ? 0 : 1;
    EXPECT_EQ(report.counts.bytes_in,
              LongLineSource::kBefore.size() + kLine + LongLineSource::kAfter.size() + added);
    EXPECT_LT(report.memory_peak, 16u * 1024 * 1024);
    EXPECT_TRUE(output.starts_with("{\"a\":1}\n{\"message\":\"xxx"));
    EXPECT_TRUE(output.ends_with("\n{\"a\":2}\n"));
    EXPECT_LT(output.size(), 2u * 1024 * 1024);
  }
}

TEST(Pipeline, a_sink_that_nobody_reads_ends_the_run_quietly) {
  RunSettings settings;
  settings.room = 100'000;
  settings.when_full = MemorySink::WhenFull::closed;
  const Ran made = run(numbered(100'000), plan_with(Placement::inline_), settings);
  EXPECT_TRUE(made.report.sink_closed);
  EXPECT_FALSE(made.report.error);
  EXPECT_LT(made.report.counts.read, 100'000u) << "it stopped reading";
  EXPECT_GT(made.report.counts.held, 0u);
}

TEST(Pipeline, a_sink_that_fails_ends_the_run_with_its_error) {
  RunSettings settings;
  settings.room = 100'000;
  settings.when_full = MemorySink::WhenFull::error;
  const Ran made = run(numbered(100'000), plan_with(Placement::async), settings);
  ASSERT_TRUE(made.report.error);
  EXPECT_EQ(made.report.error->message, "no space left on device");
}

TEST(Pipeline, a_pool_call_that_never_returns_holds_neither_the_stream_nor_its_end) {
  auto script = std::make_shared<Script>();
  script->name = "stuck";
  script->writes = FieldPath("stuck");
  script->hang = std::make_shared<std::latch>(1);
  script->hanging = std::make_shared<std::latch>(1);
  script->step = [](std::string_view message) {
    return Step{message.empty() ? What::hangs : What::ok, {}};
  };
  PlanPart part{script, Placement::pool, {}};
  part.metadata.timeout = std::chrono::milliseconds(20);
  std::string output;
  PipelineParts parts;
  parts.source = std::make_unique<MemorySource>("{\"message\":\"\"}\n{\"message\":\"fine\"}\n");
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = plan_of({part});
  parts.sink = std::make_unique<MemorySink>(output);
  auto pipeline = Pipeline::create(std::move(parts));
  const RunReport report = (*pipeline)->run();
  EXPECT_EQ(report.counts.written, 2u);
  EXPECT_EQ(report.calls_still_out, 1u);
  EXPECT_TRUE(output.starts_with("{\"message\":\"\"}\n{\"message\":\"fine\",\"stuck\":"));
  script->hang->count_down();
}

// One batch holds them all. Let in at once, the last would stand in line until its group has ended.
TEST(Pipeline, a_batch_longer_than_the_calls_allowed_is_let_in_as_they_end) {
  constexpr int kCalls = 5;
  AdmissionCount count;
  RunSettings settings;
  settings.options.shards = 1;
  std::string input;
  for (int i = 0; i < 500; ++i) input += "{\"message\":\"" + std::to_string(i) + "\"}\n";
  const Ran ran = run(input, plan_of(count.parts(kCalls)), settings);
  EXPECT_EQ(ran.report.counts.written, 500u);
  EXPECT_EQ(count.served, 500);
  EXPECT_LE(count.most_waiting, 3 * kCalls) << "those in flight, a line as long, a piece more";
}

}  // namespace
}  // namespace logbraid::test
