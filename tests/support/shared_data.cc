#include "tests/support/shared_data.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace logbraid::test {

std::filesystem::path repository_file(std::string_view relative) {
  return std::filesystem::path(LOGBRAID_SOURCE_DIR) / relative;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::optional<std::filesystem::path> shared_data(std::string_view relative) {
  const char* named = std::getenv("LOGBRAID_SHARED");
  const auto root = named != nullptr && *named != '\0' ? std::filesystem::path(named)
                                                       : repository_file("../shared");
  auto path = root / relative;
  std::error_code ignored;  // what cannot be looked at is not there
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  return path;
}

}  // namespace logbraid::test
