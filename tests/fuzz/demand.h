// What fuzz targets say when something does not hold: the process ends, and the input is kept.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace logbraid::test {

inline void expect(bool holds) {
  if (!holds) std::abort();
}

// The same with a reason, and the part of the input that it is about.
inline void demand(bool holds, std::string_view what, std::string_view input) {
  if (holds) return;
  std::fprintf(stderr, "%.*s\nin: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(input.size()), input.data());
  std::abort();
}

}  // namespace logbraid::test
