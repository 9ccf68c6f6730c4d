#include "cli/home.h"

#include <cstdlib>
#include <system_error>

namespace logbraid::cli {

namespace fs = std::filesystem;

fs::path home() {
  const char* const named = std::getenv("LOGBRAID_HOME");
  if (named != nullptr && *named != '\0') return named;
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    const fs::path installed = program.parent_path() / LOGBRAID_DATA_FROM_PROGRAM;
    if (fs::is_directory(installed, failed)) return installed.lexically_normal();
  }
  return LOGBRAID_SOURCE_DIR;
}

}  // namespace logbraid::cli
