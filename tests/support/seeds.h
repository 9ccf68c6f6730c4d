#pragma once

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

namespace logbraid::test {

// The seeds of a random test: 1 to `count`, or the one that LOGBRAID_SEED names.
inline std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const char* const named = std::getenv("LOGBRAID_SEED"); named != nullptr && *named != '\0') {
    return {std::stoull(named)};
  }
  std::vector<std::uint64_t> all(count);
  std::iota(all.begin(), all.end(), std::uint64_t{1});
  return all;
}

// For messages: how to run one seed alone.
inline std::string seed_text(std::uint64_t seed) {
  return "LOGBRAID_SEED=" + std::to_string(seed) + " repeats it";
}

}  // namespace logbraid::test
