#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "logbraid/clock.h"

// Other ways of finding how many requests may be in flight, with the functions of AdaptiveLimit.
namespace logbraid::bench {

// Additive increase, multiplicative decrease: one more each round trip, a tenth less on overload.
class AdditiveLimit {
 public:
  AdditiveLimit(double first, double most) : limit_(first), most_(most) {}

  std::uint32_t limit() const { return static_cast<std::uint32_t>(limit_); }
  void answered(TimePoint, Duration, std::uint32_t in_flight) {
    ++ended_since_cut_;
    if (2.0 * in_flight >= limit_) limit_ = std::min(most_, limit_ + 1 / limit_);
  }
  void overloaded() {
    if (++ended_since_cut_ < limit_) return;
    ended_since_cut_ = 0;
    limit_ = std::max(1.0, limit_ * 0.9);
  }

 private:
  double limit_;
  double most_;
  std::uint32_t ended_since_cut_ = 0;
};

// After the idea of Gradient2 of Netflix's concurrency-limits: the limit follows the ratio of a
// long average of the latency to the last one.
class GradientLimit {
 public:
  GradientLimit(double first, double most) : limit_(first), most_(most) {}

  std::uint32_t limit() const { return static_cast<std::uint32_t>(limit_); }
  void answered(TimePoint, Duration latency, std::uint32_t in_flight) {
    const double last = std::max(1.0, static_cast<double>(latency.count()));
    if (answers_ < kWarmUp) {
      average_ += (last - average_) / ++answers_;
    } else {
      average_ += (last - average_) * 2 / (kWindow + 1);
    }
    if (average_ > 2 * last) average_ *= 0.95;  // it comes from an outage that is over
    if (2.0 * in_flight < limit_) return;
    const double ratio = std::clamp(1.5 * average_ / last, 0.5, 1.0);
    const double next = limit_ * ratio + std::sqrt(limit_);
    limit_ = std::clamp(limit_ * 0.8 + next * 0.2, 1.0, most_);
  }
  void overloaded() { limit_ = std::max(1.0, limit_ * 0.9); }

 private:
  static constexpr int kWarmUp = 10;
  static constexpr double kWindow = 600;

  double limit_;
  double most_;
  double average_ = 0;
  int answers_ = 0;
};

}  // namespace logbraid::bench
