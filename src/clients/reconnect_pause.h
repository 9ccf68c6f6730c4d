#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "logbraid/clock.h"
#include "resilience/jitter_source.h"

namespace logbraid {

// How long a server that could not be reached is left alone: 100 ms, after each further failure
// twice as long up to 5 s, and half of it at random, so that those who lost the same server do not
// come back in step.
//
// Threads: one.
class ReconnectPause {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(5);

  // The same seed gives the same pauses.
  explicit ReconnectPause(std::uint64_t seed) : jitter_(seed) {}

  // It could not be reached.
  Duration next() {
    pause_ = std::clamp(2 * pause_, kFirst, kLongest);
    return jitter_.spread(pause_, Jitter::equal);
  }
  // It was reached: the next failure is a first one.
  void reset() { pause_ = {}; }

 private:
  JitterSource jitter_;
  Duration pause_{};
};

}  // namespace logbraid
