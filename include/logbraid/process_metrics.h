#pragma once

#include <cstdint>

#include "logbraid/clock.h"

namespace logbraid {

// What this process uses.
struct ProcessMetrics {
  Duration cpu_user{};  // of all threads, since its start
  Duration cpu_system{};
  std::uint64_t resident_bytes = 0;
  std::uint64_t resident_peak_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t descriptors = 0;

  Duration cpu() const { return cpu_user + cpu_system; }

  // Errors: where /proc is not there to be read, what stands in it is 0.
  // Cost:   some 50 us; it reads two places of /proc.
  static ProcessMetrics now();
};

}  // namespace logbraid
