#include "engine/dependency_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "logbraid/registry.h"
#include "tests/support/event_of.h"

namespace logbraid::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

EnricherMetadata named(const char* name) {
  EnricherMetadata metadata;
  metadata.name = name;
  return metadata;
}

std::shared_ptr<const ExecutionPlan> plan_of(const std::vector<EnricherMetadata>& enrichers) {
  Registry registry;
  for (const EnricherMetadata& metadata : enrichers) {
    EXPECT_TRUE(
        registry.add(metadata, [](const EventView&, Patch&) -> EnrichStatus { return {}; }));
  }
  auto plan = registry.resolve(registry.names());
  EXPECT_TRUE(plan.has_value());
  return *plan;
}

// One event of a plan: who looked up what, who wrote what.
class OneEvent {
 public:
  explicit OneEvent(const ExecutionPlan& plan)
      : watched(plan.size()),
        patches_(plan.size(), Patch(&event_.arena())),
        outcomes_(plan.size(), Outcome::ok) {}

  void reads(std::uint32_t node, const FieldPath& path) {
    EventView view(event_.event(), event_.arena());
    view.observe(&watched.observer(node));
    (void)view.get(path);
  }
  void writes(std::uint32_t node, const FieldPath& path) {
    kept_.push_back(path);
    patches_[node].set(kept_.back().view(), Value(true));
  }
  void outcome(std::uint32_t node, Outcome outcome) { outcomes_[node] = outcome; }
  Slot slot() {
    return {&event_.event(), patches_.data(), outcomes_.data(), nullptr, nullptr, &watched};
  }

  WatchedEvent watched;

 private:
  EventOf event_{R"({"message":"m"})"};
  std::vector<FieldPath> kept_;
  std::vector<Patch> patches_;
  std::vector<Outcome> outcomes_;
};

TEST(DependencyWatchTest, a_field_that_another_wrote_is_found_counted_and_said_once) {
  EnricherMetadata login = named("login");
  login.writes.emplace_back("url");
  const auto plan = plan_of({login, named("geo")});
  std::vector<std::string> said;
  DependencyWatch watch(*plan, WatchOptions::all(),
                        [&](const std::string& text) { said.push_back(text); });
  OneEvent event(*plan);
  event.writes(0, FieldPath("url.query"));
  event.writes(0, FieldPath("url.path"));
  event.reads(1, FieldPath("url"));
  event.reads(1, FieldPath("url"));
  watch.look_at(event.watched, event.slot());
  watch.look_at(event.watched, event.slot());

  const WatchReport report = watch.report();
  EXPECT_EQ(report.events, 2u);
  ASSERT_THAT(report.hidden, SizeIs(1));
  EXPECT_EQ(report.hidden[0].reader, 1u);
  EXPECT_EQ(report.hidden[0].writer, 0u);
  EXPECT_EQ(report.hidden[0].field, "url");
  EXPECT_EQ(report.hidden[0].events, 2u);
  EXPECT_THAT(said, ElementsAre("geo looks up url, which login writes, but does not run after it "
                                "and never sees it; geo: add \"dependencies: [login]\" or "
                                "\"reads: [url]\""));
  EXPECT_EQ(report.enrichers[0].writes.size(), 2u);
  EXPECT_EQ(report.enrichers[1].reads.at("url"), 2u);
}

TEST(DependencyWatchTest, a_writer_that_declares_nothing_is_told_to) {
  EnricherMetadata geo = named("geo");
  geo.reads.emplace_back("url");
  const auto plan = plan_of({named("log in"), geo});
  EXPECT_EQ(fix_of(*plan, {1, 0, "url.path", 1}),
            "geo: add \"dependencies: [\"log in\"]\", or log in: add \"writes: [url.path]\"");
}

TEST(DependencyWatchTest, an_order_that_is_declared_either_way_is_no_finding) {
  EnricherMetadata after = named("after");
  after.dependencies = {"before"};
  const auto plan = plan_of({named("before"), after});
  DependencyWatch watch(*plan, WatchOptions::all(), {});
  OneEvent event(*plan);
  for (const std::uint32_t node : {0u, 1u}) {
    event.reads(node, FieldPath("x"));
    event.writes(node, FieldPath("x"));
  }
  watch.look_at(event.watched, event.slot());
  EXPECT_THAT(watch.report().hidden, IsEmpty());
}

TEST(DependencyWatchTest, fields_beside_each_other_and_ones_own_are_no_finding) {
  const auto plan = plan_of({named("a"), named("b")});
  DependencyWatch watch(*plan, WatchOptions::all(), {});
  OneEvent event(*plan);
  event.writes(0, FieldPath("x.y"));
  event.reads(0, FieldPath("x.y"));
  event.reads(1, FieldPath("x.z"));
  watch.look_at(event.watched, event.slot());
  EXPECT_THAT(watch.report().hidden, IsEmpty());
}

TEST(DependencyWatchTest, what_an_open_call_looks_up_is_left_alone) {
  const auto plan = plan_of({named("a"), named("b")});
  DependencyWatch watch(*plan, WatchOptions::all(), {});
  OneEvent event(*plan);
  event.writes(0, FieldPath("x"));
  event.outcome(1, Outcome::timeout);
  // It still runs: the sanitizer would see that its part is touched.
  std::thread late([&] { event.reads(1, FieldPath("x")); });
  watch.look_at(event.watched, event.slot());
  late.join();
  EXPECT_THAT(watch.report().hidden, IsEmpty());
  EXPECT_THAT(watch.report().enrichers[1].reads, IsEmpty());
}

TEST(DependencyWatchTest, a_path_made_for_one_look_up_is_kept) {
  const auto plan = plan_of({named("a"), named("b")});
  OneEvent event(*plan);
  { event.reads(0, FieldPath(std::string("a\\.b.") + "c")); }
  ASSERT_EQ(event.watched.reads(0).size(), 1u);
  EXPECT_EQ(event.watched.reads(0)[0].to_string(), "a\\.b.c");
}

TEST(DependencyWatchTest, the_first_events_are_watched_then_one_in_so_many) {
  const auto plan = plan_of({named("a")});
  DependencyWatch watch(*plan, {.first = 3, .share = 5}, {});
  std::vector<std::uint32_t> watched;
  std::uint32_t before = 0;
  for (const std::uint32_t size : {2u, 4u, 1u, 9u}) {
    auto batch = std::make_unique<Batch>();
    batch->records().resize(size);
    BatchRun run(std::move(batch), plan->size());
    watch.begin(run);
    for (std::uint32_t i = 0; i < size; ++i) {
      if (run.slot(i).watched != nullptr) watched.push_back(before + i);
    }
    before += size;
  }
  EXPECT_THAT(watched, ElementsAre(0, 1, 2, 5, 10, 15));
}

TEST(DependencyWatchTest, what_is_said_is_bounded) {
  std::vector<EnricherMetadata> enrichers;
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("e" + std::to_string(i));
  for (const std::string& name : names) enrichers.push_back(named(name.c_str()));
  const auto plan = plan_of(enrichers);
  std::size_t said = 0;
  DependencyWatch watch(*plan, WatchOptions::all(), [&](const std::string&) { ++said; });
  OneEvent event(*plan);
  event.writes(0, FieldPath("x"));
  for (std::uint32_t node = 1; node < plan->size(); ++node) event.reads(node, FieldPath("x"));
  watch.look_at(event.watched, event.slot());
  EXPECT_EQ(said, DependencyWatch::kMaxSaid);
  EXPECT_THAT(watch.report().hidden, SizeIs(39));
}

}  // namespace
}  // namespace logbraid::test
