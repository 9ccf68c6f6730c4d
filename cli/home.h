#pragma once

#include <filesystem>

namespace logbraid::cli {

// The folder that has examples/ and contrib/: where the launcher says, beside this program if it
// was installed, or where it was built.
std::filesystem::path home();

}  // namespace logbraid::cli
