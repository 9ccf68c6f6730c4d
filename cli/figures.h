#pragma once

#include <cstdint>
#include <string>

#include "logbraid/clock.h"

namespace logbraid::cli {

// Figures as people read them.

std::string count_text(std::uint64_t count);   // 1,234,567
std::string duration_text(Duration duration);  // 850 ns, 12.3 us, 4.56 ms, 1.42 s, 3:05 min
std::string bytes_text(std::uint64_t bytes);   // 512 B, 23.4 MiB
// Events a second over a time; "-" where there was none.
std::string rate_text(std::uint64_t count, Duration time);

}  // namespace logbraid::cli
