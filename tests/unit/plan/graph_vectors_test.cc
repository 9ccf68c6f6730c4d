#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/json_rows.h"
#include "tests/support/shared_data.h"
#include "tests/unit/plan/scripted_plan.h"

namespace logbraid::test {
namespace {

TEST(GraphVectorsTest, order_and_groups_are_those_that_fapilog_users_know) {
  LOGBRAID_SHARED_OR_SKIP(file, "compat/graphs.jsonl");
  std::size_t rows = 0;
  for (const std::string& line : lines_of(file)) {
    SCOPED_TRACE(line.substr(0, 300));
    ++rows;
    Registry registry;
    for (const std::string_view enricher : items_of(member(line, "registered"))) {
      const Scripted scripted{.name = string_of(member(enricher, "name")),
                              .dependencies = strings_of(member(enricher, "dependencies")),
                              .priority = std::stoi(std::string(member(enricher, "priority")))};
      register_all(registry, {scripted});
    }
    const auto enabled = strings_of(member(line, "enabled"));
    const auto resolution = registry.resolve_dependencies(enabled);
    const auto plan = registry.resolve(enabled);
    if (!member(line, "error").empty()) {
      ASSERT_FALSE(resolution.has_value());
      ASSERT_FALSE(plan.has_value());
      EXPECT_NE(resolution.error().message.find(" -> "), std::string::npos);
      continue;
    }
    ASSERT_TRUE(resolution.has_value()) << resolution.error().message;
    EXPECT_EQ(resolution->order, strings_of(member(line, "order")));
    std::vector<std::vector<std::string>> groups;
    for (const std::string_view group : items_of(member(line, "groups"))) {
      groups.push_back(strings_of(group));
    }
    EXPECT_EQ(resolution->groups, groups);
    ASSERT_TRUE(plan.has_value());
    EXPECT_EQ(group_names(**plan), groups);
  }
  EXPECT_GT(rows, 0u);
}

}  // namespace
}  // namespace logbraid::test
