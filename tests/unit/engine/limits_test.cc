#include "engine/limits.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// a -> b -> c, with these limits of their own.
std::shared_ptr<const ExecutionPlan> chain(std::vector<std::optional<Duration>> timeouts) {
  std::vector<PlanPart> parts;
  for (std::size_t i = 0; i < timeouts.size(); ++i) {
    auto script = std::make_shared<Script>();
    script->name = std::string(1, static_cast<char>('a' + i));
    script->writes = FieldPath(script->name);
    PlanPart part{std::move(script), Placement::async, {}};
    part.metadata.timeout = timeouts[i];
    if (i > 0) part.metadata.dependencies = {std::string(1, static_cast<char>('a' + i - 1))};
    parts.push_back(std::move(part));
  }
  return plan_of(parts);
}

TEST(Limits, are_the_defaults_where_nothing_is_set) {
  const Limits limits = limits_of(*chain({{}, {}, {}}), {});
  EXPECT_EQ(limits.enricher, (std::vector<Duration>(3, seconds(1))));
  EXPECT_EQ(limits.group_end, (std::vector<Duration>{seconds(2), seconds(4), seconds(5)}));
  EXPECT_EQ(limits.event, seconds(5));
}

TEST(Limits, an_enricher_of_seven_seconds_stretches_its_group_and_the_event) {
  const Limits limits = limits_of(*chain({seconds(7), {}}), {});
  EXPECT_EQ(limits.enricher[0], seconds(7));
  EXPECT_EQ(limits.group_end[0], seconds(7));
  EXPECT_EQ(limits.event, seconds(7));
}

TEST(Limits, a_group_timeout_caps_enrichers_that_have_none_and_stretches_the_event) {
  ExecutionOptions options;
  options.group_timeout = milliseconds(300);
  EXPECT_EQ(limits_of(*chain({{}}), options).enricher[0], milliseconds(300));
  options.group_timeout = seconds(20);
  EXPECT_EQ(limits_of(*chain({{}}), options).event, seconds(20));
}

TEST(Limits, an_event_timeout_caps_everything_that_has_none) {
  ExecutionOptions options;
  options.event_timeout = milliseconds(500);
  const Limits limits = limits_of(*chain({{}, {}}), options);
  EXPECT_EQ(limits.enricher[1], milliseconds(500));
  EXPECT_EQ(limits.group_end, (std::vector<Duration>(2, milliseconds(500))));
}

TEST(Limits, many_groups_do_not_overflow) {
  ExecutionOptions options;
  options.group_timeout = std::chrono::hours(24 * 365 * 100);
  const Limits limits = limits_of(*chain(std::vector<std::optional<Duration>>(20)), options);
  EXPECT_EQ(limits.group_end.back(), limits.event);
}

}  // namespace
}  // namespace logbraid::test
