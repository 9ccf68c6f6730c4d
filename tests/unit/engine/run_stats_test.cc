#include "engine/run_stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "metrics/names.h"
#include "tests/support/json_document.h"
#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const ExecutionPlan> one_enricher() {
  return plan_of({part("geo", Placement::inline_)});
}

RunReport report_of_one() {
  RunReport report;
  report.metrics.enrichers.resize(1);
  report.metrics.groups.resize(1);
  return report;
}

bool has_label(std::string_view name) {
  const auto found = std::find_if(std::begin(internal::kMetrics), std::end(internal::kMetrics),
                                  [&](const MetricName& each) { return each.name == name; });
  return found != std::end(internal::kMetrics) && !found->label.empty();
}

// The names of all values below, those of a label taken as one.
void gather(const rapidjson::Value& value, const std::string& name, std::set<std::string>& names) {
  if (value.IsObject() && !has_label(name)) {
    for (const auto& member : value.GetObject()) {
      gather(member.value, (name.empty() ? "" : name + ".") + member.name.GetString(), names);
    }
  } else if (value.IsArray()) {
    for (const auto& row : value.GetArray()) gather(row, name, names);
  } else {
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice in the document";
  }
}

TEST(RunStats, holds_every_metric_once_and_no_other) {
  std::set<std::string> listed;
  for (const MetricName& each : internal::kMetrics) {
    EXPECT_TRUE(listed.emplace(each.name).second) << each.name << " is listed twice";
  }
  std::set<std::string> written;
  RunReport report = report_of_one();
  report.metrics.enrichers[0].lookup.emplace();
  report.health.emplace_back().enricher = "geo";
  gather(JsonDocument(run_stats_json(report, *one_enricher())).root(), "", written);
  EXPECT_THAT(written, testing::ContainerEq(listed));
}

TEST(RunStats, an_enricher_that_asks_no_service_has_no_look_up) {
  const JsonDocument stats(run_stats_json(report_of_one(), *one_enricher()));
  EXPECT_FALSE(stats.root()["enrichers"][0].HasMember("lookup"));
}

TEST(RunStats, tells_how_an_enricher_with_a_life_cycle_fares_and_of_no_other) {
  RunReport report = report_of_one();
  HealthReport& health = report.health.emplace_back();
  health.enricher = "geo";
  health.times_unhealthy = 2;
  health.first_error = "no database";
  health.running = LifecycleCode::stop;
  const JsonDocument sick(run_stats_json(report, *one_enricher()));
  EXPECT_EQ(sick.text("enrichers.0.health.first_error"), "no database");
  EXPECT_EQ(sick.text("enrichers.0.health.running"), "stop");
  EXPECT_EQ(sick.root()["enrichers"][0]["health"]["healthy"].GetInt(), 0);
  EXPECT_EQ(sick.root()["enrichers"][0]["health"]["times_unhealthy"].GetInt(), 2);
  health = HealthReport();
  health.enricher = "geo";
  health.healthy = true;
  const JsonDocument well(run_stats_json(report, *one_enricher()));
  EXPECT_EQ(well.root()["enrichers"][0]["health"]["healthy"].GetInt(), 1);
  EXPECT_TRUE(well.root()["enrichers"][0]["health"]["first_error"].IsNull());
  health.enricher = "another";
  const JsonDocument none(run_stats_json(report, *one_enricher()));
  EXPECT_FALSE(none.root()["enrichers"][0].HasMember("health"));
}

TEST(RunStats, tells_an_error_and_what_a_configuration_named_as_it_is) {
  RunReport report = report_of_one();
  report.error = Error("no \"space\" left");
  report.metrics.enrichers[0].first_error = "what\n";
  const JsonDocument document(run_stats_json(report, *one_enricher()));
  EXPECT_EQ(document.text("run.error"), "no \"space\" left");
  EXPECT_EQ(document.text("enrichers.0.first_error"), "what\n");
  EXPECT_EQ(document.text("enrichers.0.name"), "geo");
}

TEST(RunStats, compares_the_means_and_the_medians_of_both_ways) {
  RunReport report = report_of_one();
  report.metrics.events.add(1, 10ms, 25ms, 9ms);
  report.metrics.events.add(1, 10ms, 25ms, 9ms);
  EXPECT_TRUE(JsonDocument(run_stats_json(report, *one_enricher())).at("speed_up.mean").IsNull());
  report.metrics.in_sequence.add(1, 25ms, 25ms, 9ms);
  const JsonDocument document(run_stats_json(report, *one_enricher()));
  EXPECT_DOUBLE_EQ(document.number("speed_up.mean"), 2.5);
  EXPECT_NEAR(document.number("speed_up.median"), 2.5, 2.5 * 0.064);
  EXPECT_DOUBLE_EQ(document.number("sampled.overlap"), 2.5);
  EXPECT_DOUBLE_EQ(document.number("sampled.critical_path_seconds"), 0.018);
}

}  // namespace
}  // namespace logbraid::test
