#include "cli/sample_file.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace logbraid::cli {

Result<std::string> read_sample(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  // A folder opens, but does not read.
  if (!in) return Error("cannot read " + path + ": " + std::generic_category().message(errno));
  if (text.empty()) return Error(path + " is empty");
  return text;
}

}  // namespace logbraid::cli
