#include "logbraid/kind.h"

#include <filesystem>

namespace logbraid {

std::string MakeContext::resolve_path(const std::string& path) const {
  if (base_directory.empty() || path.empty()) return path;
  // An absolute path replaces the base: the rule of operator/.
  return (std::filesystem::path(base_directory) / path).lexically_normal().string();
}

}  // namespace logbraid
