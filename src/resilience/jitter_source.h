#pragma once

#include <cstdint>

#include "logbraid/clock.h"
#include "logbraid/resilience.h"

namespace logbraid {

// Spreads delays at random; the same seed gives the same delays. (splitmix64: Steele, Lea, Flood
// 2014.)
//
// Threads: one.
class JitterSource {
 public:
  explicit JitterSource(std::uint64_t seed) : state_(seed) {}

  Duration spread(Duration delay, Jitter jitter) {
    if (jitter == Jitter::none) return delay;
    const Duration least = jitter == Jitter::equal ? delay / 2 : Duration::zero();
    const auto room = static_cast<double>((delay - least).count());
    return least + Duration(static_cast<Duration::rep>(room * next_share()));
  }

 private:
  // At least 0, under 1.
  double next_share() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    return static_cast<double>(mixed >> 11) * 0x1p-53;
  }

  std::uint64_t state_;
};

}  // namespace logbraid
