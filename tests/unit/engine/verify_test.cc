#include "engine/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "core/json_text.h"
#include "format/json_reader.h"
#include "logbraid/registry.h"
#include "lookup/cached_lookup.h"

namespace logbraid::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kSample = "{\"m\":1}\n{\"m\":2}\n{\"m\":3}\n";

class VerifyTest : public ::testing::Test {
 protected:
  void add(const char* name, EnrichFunction function, const char* writes,
           Placement placement = Placement::inline_, bool is_volatile = false) {
    EnricherMetadata metadata;
    metadata.name = name;
    metadata.placement = placement;
    metadata.is_volatile = is_volatile;
    metadata.writes.emplace_back(writes);
    ASSERT_TRUE(registry_.add(std::move(metadata), std::move(function)).has_value());
  }
  // Looks up `read` and sets `write` to whether it is there.
  static EnrichFunction sees(const char* read, const char* write) {
    return [read = FieldPath(read), write = FieldPath(write)](const EventView& event,
                                                              Patch& patch) -> EnrichStatus {
      patch.set(write.view(), Value(event.exists(read)));
      return {};
    };
  }
  // Sets a field to another number at each call.
  static EnrichFunction counts(const char* write) {
    return [calls = std::make_shared<std::atomic<std::int64_t>>(0), write = FieldPath(write)](
               const EventView&, Patch& patch) -> EnrichStatus {
      patch.set(write.view(), Value(calls->fetch_add(1)));
      return {};
    };
  }
  VerifyReport verified(const char* sample = kSample) {
    auto plan = registry_.resolve(registry_.names());
    EXPECT_TRUE(plan.has_value());
    plan_ = *plan;
    PipelineParts parts;
    parts.plan = plan_;
    parts.make_reader = [] { return std::make_unique<JsonReader>(); };
    auto report = verify(parts, sample, 6);
    EXPECT_TRUE(report.has_value());
    return report ? *std::move(report) : VerifyReport();
  }

  Registry registry_;
  std::shared_ptr<const ExecutionPlan> plan_;
};

TEST_F(VerifyTest, a_plan_that_declares_everything_passes) {
  add("a", sees("m", "a"), "a");
  EnricherMetadata b;
  b.name = "b";
  b.reads.emplace_back("a");
  b.placement = Placement::pool;
  ASSERT_TRUE(registry_.add(b, sees("a", "b")).has_value());
  const VerifyReport report = verified();
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.events, 3u);
  EXPECT_EQ(report.watched.events, 3u);
  EXPECT_EQ(report.sequential_runs, 2u);
  EXPECT_EQ(report.parallel_runs, 6u);
  EXPECT_THAT(verify_as_text(*plan_, report), HasSubstr("The output of all runs is the same."));
}

TEST_F(VerifyTest, names_the_dependency_that_nobody_declared) {
  for (const Placement placement : {Placement::inline_, Placement::pool}) {
    registry_.clear();
    add("login", sees("m", "url"), "url");
    add("geo", sees("url.query", "geo"), "geo", placement);
    const VerifyReport report = verified();
    EXPECT_FALSE(report.passed());
    EXPECT_EQ(report.lines_that_differ, 0u);
    ASSERT_THAT(report.watched.hidden, SizeIs(1));
    EXPECT_EQ(report.watched.hidden[0].events, 3u);
    EXPECT_THAT(
        verify_as_text(*plan_, report),
        HasSubstr("geo: add \"dependencies: [login]\" or \"reads: [url.query]\" (3 events)"));
    EXPECT_THAT(verify_as_json(*plan_, report), HasSubstr("\"reader\": \"geo\""));
  }
}

TEST_F(VerifyTest, what_a_predicate_reads_is_seen_as_well) {
  EnricherMetadata metadata;
  metadata.name = "a";
  auto predicate =
      Predicate::parse(Setting::map({{"field", Setting("m")}, {"exists", Setting(true)}}));
  ASSERT_TRUE(predicate.has_value());
  metadata.when = *std::move(predicate);
  ASSERT_TRUE(registry_.add(std::move(metadata), sees("other", "a")).has_value());
  const VerifyReport report = verified();
  EXPECT_TRUE(report.watched.enrichers[0].reads.contains("m"));
  EXPECT_TRUE(report.watched.enrichers[0].reads.contains("other"));
}

TEST_F(VerifyTest, shows_where_outputs_differ_and_who_wrote_it) {
  add("steady", sees("m", "a"), "a");
  add("counter", counts("n"), "n");
  const VerifyReport report = verified();
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.lines_that_differ, 3u * 7u);
  EXPECT_THAT(report.differences, SizeIs(VerifyReport::kMaxDifferences));
  const VerifyDifference& first = report.differences.at(0);
  EXPECT_EQ(first.line, 1u);
  EXPECT_EQ(first.field, "n");
  EXPECT_EQ(first.in_first_run, "0");
  EXPECT_EQ(first.in_this_run, "3");
  EXPECT_EQ(first.run, "in sequence again");
  EXPECT_THAT(first.causes, ElementsAre(HasSubstr("counter: add \"volatile: true\"")));
  const std::string text = verify_as_text(*plan_, report);
  EXPECT_THAT(text, HasSubstr("line 1, n (in sequence again)"));
  EXPECT_THAT(text, HasSubstr("21 lines differed"));
}

TEST_F(VerifyTest, what_is_volatile_is_not_compared_and_its_neighbours_are) {
  add("time", counts("at.now"), "at.now", Placement::inline_, true);
  EXPECT_TRUE(verified().passed());
  add("counter", counts("at.n"), "at.n");
  const VerifyReport report = verified();
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.differences.at(0).field, "at");
  EXPECT_THAT(report.differences.at(0).in_first_run, testing::Not(HasSubstr("now")));
}

TEST_F(VerifyTest, a_failure_that_not_every_run_has_is_a_cause) {
  add(
      "fails_once",
      [calls = std::make_shared<std::atomic<int>>(0), path = FieldPath("x")](
          const EventView&, Patch& patch) -> EnrichStatus {
        patch.set(path.view(), Value(true));
        if (calls->fetch_add(1) == 0) return EnrichStatus::error("once");
        return {};
      },
      "x");
  const VerifyReport report = verified();
  EXPECT_FALSE(report.passed());
  EXPECT_THAT(report.differences.at(0).causes,
              Contains("fails_once: error 1 times in the first run, 0 in this one"));
  EXPECT_EQ(report.differences.at(0).in_first_run, "");
}

TEST_F(VerifyTest, lines_that_are_no_events_are_compared_as_well) {
  add("a", sees("m", "a"), "a");
  const VerifyReport report = verified("{\"m\":1}\nno event\n\n");
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.events, 2u);
}

// A service that answers each request with another number.
class Counting final : public Client {
 public:
  explicit Counting(std::atomic<int>& requests) : requests_(requests) {}
  void send(Request& request) noexcept override {
    for (std::size_t row = 0; row < request.size(); ++row) {
      request.found(row);
      request.value(0, ++requests_);
    }
    request.finish();
  }
  void cancel(Request&) noexcept override {}

 private:
  std::atomic<int>& requests_;
};

TEST_F(VerifyTest, services_answer_in_each_run_as_they_did_in_the_first) {
  std::atomic<int> requests{0};
  std::vector<KeyTemplate> key;
  key.push_back(KeyTemplate::parse("{{m}}", KeyEscape::none).value());
  EnricherMetadata metadata;
  metadata.name = "user";
  ASSERT_TRUE(registry_
                  .add(metadata, make_lookup({KeySpec(std::move(key)),
                                              {FieldPath("user")},
                                              {},
                                              [&](const LookupSurroundings&) {
                                                return std::make_unique<Counting>(requests);
                                              }}))
                  .has_value());
  const VerifyReport report = verified();
  EXPECT_EQ(report.lines_that_differ, 0U);
  EXPECT_EQ(requests, 3);
}

}  // namespace
}  // namespace logbraid::test
