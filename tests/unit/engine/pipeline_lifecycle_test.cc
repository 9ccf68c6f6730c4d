#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/registry.h"
#include "tests/support/run_pipeline.h"
#include "tests/support/scripted_enricher.h"
#include "tests/support/scripted_life.h"

namespace logbraid::test {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using Code = LifecycleCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  return text;
}

// Its second line is there when `second` has returned.
class TwoLines final : public Source {
 public:
  explicit TwoLines(std::function<void()> second) : second_(std::move(second)) {}
  Result<std::size_t> read(std::span<char> into) override {
    constexpr std::string_view kLine = "{\"n\":0}\n";
    if (++reads_ > 2) return std::size_t{0};
    if (reads_ == 2) second_();
    return kLine.copy(into.data(), into.size());
  }
  void interrupt() noexcept override {}
  std::string description() const override { return "two lines"; }

 private:
  const std::function<void()> second_;
  int reads_ = 0;
};

class pipeline_lifecycle : public testing::TestWithParam<Placement> {
 protected:
  // "lived", which lives as the script says, and "plain" after it, which has no life.
  PipelineParts parts_for(LifeRecord::Script script, LifecycleOptions options, std::string input) {
    life_ = std::make_shared<LifeRecord>(std::move(script));
    Registry registry;
    EnricherMetadata metadata;
    metadata.name = "lived";
    metadata.lifecycle = options;
    auto fields = ConstantFields::parse(Setting::map({{"lived", Setting("fallback")}}));
    metadata.fallback = std::make_shared<const ConstantFields>(*std::move(fields));
    EXPECT_TRUE(registry.add(metadata, make_lived(life_, GetParam())).has_value());
    EnricherMetadata plain;
    plain.name = "plain";
    plain.dependencies = {"lived"};
    EXPECT_TRUE(registry
                    .add(plain,
                         [this](const EventView&, Patch& patch) {
                           static const FieldPath kPlain("plain");
                           patch.set(kPlain, true);
                           ++plain_calls_;
                           plain_calls_.notify_all();
                           return EnrichStatus();
                         })
                    .has_value());
    const std::vector<std::string> names = {"lived", "plain"};
    PipelineParts parts = memory_parts(std::move(input), *registry.resolve(names), output_, 100);
    parts.options.shards = 4;
    return parts;
  }
  std::uint64_t outcomes(const RunReport& report, Outcome outcome) const {
    return report.metrics.enrichers[0].outcomes[static_cast<std::size_t>(outcome)];
  }
  void TearDown() override { EXPECT_THAT(life_->violations(), IsEmpty()); }

  std::shared_ptr<LifeRecord> life_;
  std::atomic<int> plain_calls_{0};
  std::string output_;
};

TEST_P(pipeline_lifecycle, an_enricher_is_started_once_before_the_first_event_and_stopped_once) {
  auto pipeline = Pipeline::create(parts_for({}, {}, lines(1000)));
  const RunReport report = run_to_end(**pipeline);
  EXPECT_EQ(life_->begun(Code::start), 1);
  EXPECT_EQ(life_->begun(Code::stop), 1);
  EXPECT_EQ(life_->calls(), 1000);
  EXPECT_EQ(outcomes(report, Outcome::ok), 1000u);
  ASSERT_EQ(report.health.size(), 1u);
  EXPECT_EQ(report.health[0].enricher, "lived");
  EXPECT_TRUE(report.health[0].healthy);
  EXPECT_EQ(report.health[0].times_unhealthy, 0u);
  EXPECT_FALSE(report.waits_for_enrichers());
}

TEST_P(pipeline_lifecycle, a_start_that_fails_costs_its_enricher_and_nothing_else) {
  for (const LifeStep step : {LifeStep::error, LifeStep::throws_exception, LifeStep::throws_int}) {
    output_.clear();
    const RunReport report = run_to_end(parts_for(every(Code::start, step), {}, lines(2)));
    EXPECT_EQ(output_,
              "{\"n\":0,\"lived\":\"fallback\",\"plain\":true}\n"
              "{\"n\":1,\"lived\":\"fallback\",\"plain\":true}\n");
    EXPECT_EQ(outcomes(report, Outcome::unhealthy), 2u);
    EXPECT_EQ(life_->calls(), 0);
    EXPECT_EQ(life_->begun(Code::stop), 0);
    EXPECT_FALSE(report.health[0].healthy);
    EXPECT_EQ(report.health[0].times_unhealthy, 1u);
    EXPECT_THAT(report.health[0].first_error, HasSubstr("its start failed: "));
  }
}

TEST_P(pipeline_lifecycle, a_start_that_hangs_holds_up_neither_the_stream_nor_its_end) {
  LifecycleOptions options;
  options.start_timeout = 1ms;
  auto pipeline =
      Pipeline::create(parts_for(every(Code::start, LifeStep::deaf), options, lines(100)));
  const RunReport report = run_to_end(**pipeline);
  EXPECT_EQ(outcomes(report, Outcome::unhealthy), 100u);
  EXPECT_EQ(report.health[0].running, Code::start);
  EXPECT_TRUE(report.waits_for_enrichers());
  life_->let_go();
  pipeline->reset();
  EXPECT_EQ(life_->begun(Code::stop), 1) << "it was started after all";
}

TEST_P(pipeline_lifecycle, a_start_that_ends_late_brings_the_enricher_in) {
  LifecycleOptions options;
  options.start_timeout = 1ms;
  options.health_period = 1ms;
  PipelineParts parts = parts_for(every(Code::start, LifeStep::deaf), options, "");
  parts.source = std::make_unique<TwoLines>([this] {
    plain_calls_.wait(0);  // the first event is past
    life_->let_go();
    life_->wait_for(Code::check_health);  // then its start has ended
  });
  const RunReport report = run_to_end(std::move(parts));
  EXPECT_EQ(outcomes(report, Outcome::unhealthy), 1u);
  EXPECT_EQ(outcomes(report, Outcome::ok), 1u);
  EXPECT_TRUE(report.health[0].healthy);
  EXPECT_EQ(report.health[0].first_error, "its start has not ended within 0.001s");
}

TEST_P(pipeline_lifecycle, a_failing_health_check_ends_calls) {
  LifecycleOptions options;
  options.health_period = 1ms;
  options.health_timeout = 1h;
  options.unhealthy_after = 1;
  std::promise<void> called;
  const auto script = [&called](Code code, int nth) {
    if (code != Code::check_health) return LifeStep::ok;
    if (nth == 0) called.get_future().wait();
    return LifeStep::error;
  };
  // A coroutine that waits like this holds up its loop, which here nobody needs meanwhile.
  PipelineParts parts = parts_for(script, options, "");
  parts.source = std::make_unique<TwoLines>([&] {
    plain_calls_.wait(0);
    called.set_value();
    life_->wait_for(Code::check_health, 2);  // then the first has been judged
  });
  const RunReport report = run_to_end(std::move(parts));
  EXPECT_EQ(outcomes(report, Outcome::ok), 1u);
  EXPECT_EQ(outcomes(report, Outcome::unhealthy), 1u);
  EXPECT_FALSE(report.health[0].healthy);
  EXPECT_EQ(report.health[0].times_unhealthy, 1u);
  EXPECT_EQ(report.health[0].first_error, "its health check failed: as the script says");
  EXPECT_EQ(life_->begun(Code::stop), 1);
}

TEST_P(pipeline_lifecycle, a_health_check_that_hangs_does_not_hold_up_the_end) {
  LifecycleOptions options;
  options.health_period = 1ms;
  options.health_timeout = 1ms;
  options.unhealthy_after = 1;
  options.stop_timeout = 1ms;
  PipelineParts parts = parts_for(every(Code::check_health, LifeStep::deaf), options, "");
  parts.source = std::make_unique<TwoLines>([this] { life_->wait_for(Code::check_health); });
  auto pipeline = Pipeline::create(std::move(parts));
  const RunReport report = run_to_end(**pipeline);
  EXPECT_EQ(report.counts.written, 2u);
  EXPECT_EQ(report.health[0].running, Code::check_health);
  EXPECT_EQ(life_->begun(Code::stop), 0) << "not beside the check";
  life_->let_go();
  pipeline->reset();
  EXPECT_EQ(life_->begun(Code::stop), 1);
}

TEST_P(pipeline_lifecycle, a_stop_that_hangs_does_not_hold_up_the_end) {
  LifecycleOptions options;
  options.stop_timeout = 1ms;
  auto pipeline =
      Pipeline::create(parts_for(every(Code::stop, LifeStep::deaf), options, lines(10)));
  const RunReport report = run_to_end(**pipeline);
  EXPECT_EQ(report.counts.written, 10u);
  EXPECT_EQ(report.health[0].running, Code::stop);
  EXPECT_EQ(report.health[0].first_error, "its stop has not ended within 0.001s");
  EXPECT_TRUE(report.waits_for_enrichers());
  life_->let_go();
}

TEST_P(pipeline_lifecycle, one_that_was_never_run_is_ended_too) {
  { const auto pipeline = Pipeline::create(parts_for({}, {}, lines(10))); }
  EXPECT_EQ(life_->begun(Code::start), life_->begun(Code::stop));
}

INSTANTIATE_TEST_SUITE_P(kinds, pipeline_lifecycle,
                         testing::Values(Placement::inline_, Placement::pool, Placement::async),
                         [](const auto& instance) {
                           return std::string(instance.param == Placement::inline_ ? "in_place"
                                              : instance.param == Placement::pool  ? "in_the_pool"
                                                                                   : "on_the_loop");
                         });

// It hangs in its first call; the call notes whether stop() came first.
class HangsInItsCall final : public SyncEnricher, public SyncLifecycle {
 public:
  EnrichStatus enrich(const EventView&, Patch&) override {
    let_go.wait();
    stopped_before_its_end = stops != 0;
    return {};
  }
  Result<void> start(std::stop_token) override { return {}; }
  Result<void> stop(std::stop_token) override {
    ++stops;
    return {};
  }
  std::latch let_go{1};
  std::atomic<int> stops{0};
  std::atomic<bool> stopped_before_its_end{false};
};

TEST(pipeline_lifecycle_end, an_enricher_is_not_stopped_while_a_call_of_it_runs) {
  const auto hangs = std::make_shared<HangsInItsCall>();
  const auto other = std::make_shared<LifeRecord>();
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "hangs";
  metadata.timeout = 1ms;
  ASSERT_TRUE(registry.add(metadata, EnricherInstance{hangs, Placement::pool, {}, {}}));
  metadata.name = "other";
  ASSERT_TRUE(registry.add(metadata, make_lived(other, Placement::inline_)));
  const std::vector<std::string> names = {"hangs", "other"};
  std::string output;
  auto pipeline = Pipeline::create(memory_parts(lines(1), *registry.resolve(names), output));
  const RunReport report = run_to_end(**pipeline);
  EXPECT_EQ(report.calls_still_out, 1u);
  EXPECT_EQ(hangs->stops, 0);
  EXPECT_EQ(other->begun(Code::stop), 1) << "the other one need not wait for it";
  hangs->let_go.count_down();
  pipeline->reset();
  EXPECT_EQ(hangs->stops, 1);
  EXPECT_FALSE(hangs->stopped_before_its_end);
}

}  // namespace
}  // namespace logbraid::test
