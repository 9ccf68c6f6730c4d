#include "enrichers/builtin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/plugin_list.h"
#include "tests/support/settings_table.h"
#include "tests/support/shared_data.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;

std::string page_of(const EnricherKind& kind) {
  return test::bytes_of(test::repository_file("docs/enrichers") / (kind.name + ".md"));
}

// The indented lines of a kind's help.
std::string example_of(const EnricherKind& kind) {
  std::istringstream help(kind.help);
  std::string example;
  for (std::string line; std::getline(help, line);) {
    if (line.starts_with("  ")) example += line.substr(2) + "\n";
  }
  return example;
}

TEST(BuiltinEnrichersTest, the_list_is_the_files_of_the_folder) {
  // What has a header is a part of an enricher, not one.
  const auto folder = test::repository_file("src/enrichers");
  std::set<std::string> files;
  for (const std::string& name : test::plugin_files("enrichers", ".cc")) {
    if (!std::filesystem::exists(folder / (name + ".h"))) files.insert(name);
  }
  EXPECT_EQ(test::names_of(builtin_enrichers()), files);
}

TEST(BuiltinEnrichersTest, each_is_described) { test::expect_described(builtin_enrichers()); }

TEST(BuiltinEnrichersTest, are_found_by_name_and_alias) {
  ASSERT_NE(find_enricher_kind("geoip"), nullptr);
  EXPECT_EQ(find_enricher_kind("geoip")->name, "geoip");
  EXPECT_EQ(find_enricher_kind("environment")->name, "static");
  EXPECT_EQ(find_enricher_kind("none"), nullptr);
  EXPECT_EQ(find_enricher_kind(""), nullptr);
}

TEST(BuiltinEnrichersTest, each_page_shows_the_settings_as_they_are) {
  for (const EnricherKind& kind : builtin_enrichers()) {
    EXPECT_THAT(page_of(kind), HasSubstr("\n" + test::settings_table(kind.settings)))
        << "the table of docs/enrichers/" << kind.name << ".md should read:\n"
        << test::settings_table(kind.settings);
  }
}

TEST(BuiltinEnrichersTest, each_page_shows_the_example_of_the_help) {
  for (const EnricherKind& kind : builtin_enrichers()) {
    ASSERT_FALSE(example_of(kind).empty()) << kind.name;
    EXPECT_THAT(page_of(kind), HasSubstr("```yaml\n" + example_of(kind) + "```\n")) << kind.name;
  }
}

}  // namespace
}  // namespace logbraid
