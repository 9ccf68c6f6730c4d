#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/setting.h"
#include "tests/support/shared_data.h"

namespace logbraid::test {

// For the tests that compare a plug-in folder's list with its files.

template <class Kind>
std::set<std::string> names_of(std::span<const Kind> kinds) {
  std::set<std::string> names;
  for (const Kind& kind : kinds) EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
  return names;
}

// The plug-ins that have a file in src/<folder>: <name><ending>.
inline std::set<std::string> plugin_files(std::string_view folder, std::string_view ending) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(repository_file("src") / folder)) {
    const std::string file = entry.path().filename();
    if (file.ends_with(ending)) names.insert(file.substr(0, file.size() - ending.size()));
  }
  return names;
}

// Everything `logbraid list` and the docs show is there, and the defaults are of their types.
template <class Kind>
void expect_described(std::span<const Kind> kinds) {
  for (const Kind& kind : kinds) {
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
    EXPECT_NE(kind.help.find("type: " + kind.name), std::string::npos)
        << kind.name << " shows no example";
    for (const SettingSpec& spec : kind.settings) {
      EXPECT_FALSE(spec.help.empty()) << kind.name << "." << spec.name;
      std::vector<SettingSpec> alone{spec};
      alone[0].required = false;
      EXPECT_TRUE(Settings::check(Setting(), alone)) << kind.name << "." << spec.name;
    }
  }
}

}  // namespace logbraid::test
