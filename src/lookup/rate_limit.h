#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/assert.h"
#include "logbraid/clock.h"

namespace logbraid {

// How many requests may be begun in a time: `per_second` in the long run, `burst` at once after a
// pause. A token bucket, kept as the time at which it would be full again.
//
// Threads: one: each shard has its own, with its part of the rate.
// Cost:    a comparison and an addition.
class RateLimit {
 public:
  RateLimit(double per_second, std::uint32_t burst)
      : interval_(static_cast<Duration::rep>(std::ceil(1e9 / per_second))),
        ahead_(interval_ * (std::max<std::int64_t>(burst, 1) - 1)) {
    LOGBRAID_ASSERT(per_second > 0, "a rate of nothing lets nobody through");
  }

  // When a request may begin, if none begins before: `now` or later.
  TimePoint next_allowed(TimePoint now) const {
    return full_at_ - now <= ahead_ ? now : full_at_ - ahead_;
  }
  // Whether one begins now.
  bool try_take(TimePoint now) {
    if (next_allowed(now) > now) return false;
    full_at_ = std::max(full_at_, now) + interval_;
    return true;
  }

 private:
  Duration interval_;
  Duration ahead_;  // of the time at which it is full: the burst but one
  TimePoint full_at_{};
};

}  // namespace logbraid
