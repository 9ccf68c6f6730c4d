// Finds files for tests: those of the repository, and sample data that lies beside it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace logbraid::test {

// The path of a file of this repository, for example "examples/access_log/access.log".
std::filesystem::path repository_file(std::string_view relative);

// All that is in a file; a test without it fails.
std::string bytes_of(const std::filesystem::path& file);

// The path of `relative` under the directory that LOGBRAID_SHARED names, else under ../shared
// beside the repository. Empty when that file or directory does not exist.
std::optional<std::filesystem::path> shared_data(std::string_view relative);

}  // namespace logbraid::test

// Declares `var`, the path of a shared file or directory, or skips the test with the reason.
#define LOGBRAID_SHARED_OR_SKIP(var, relative)                            \
  const auto var##_found = ::logbraid::test::shared_data(relative);       \
  if (!var##_found)                                                       \
    GTEST_SKIP() << "needs shared file " << (relative)                    \
                 << " (set LOGBRAID_SHARED to the directory it lies in)"; \
  const std::filesystem::path& var = *var##_found
