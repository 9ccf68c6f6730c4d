// Finds sample data that lies beside the repository and is not part of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace logbraid::test {

// The path of `relative` under the directory that LOGBRAID_SHARED names, else under ../shared
// beside the repository. Empty when that file or directory does not exist.
std::optional<std::filesystem::path> shared_data(std::string_view relative);

}  // namespace logbraid::test

// Declares `var`, the path of a shared file or directory, or skips the test with the reason.
#define LOGBRAID_SHARED_OR_SKIP(var, relative)                      \
  const auto var##_found = ::logbraid::test::shared_data(relative); \
  if (!var##_found)                                                 \
    GTEST_SKIP() << "needs shared file " << (relative)              \
                 << " (set LOGBRAID_SHARED to its directory)";      \
  const std::filesystem::path& var = *var##_found
