#pragma once

#include <atomic>

#include "logbraid/clock.h"

namespace logbraid::test {

// A clock that moves when the test says so. May be read from any thread.
class ManualClock final : public Clock {
 public:
  TimePoint now() const noexcept override {
    return TimePoint(Duration(now_.load(std::memory_order_relaxed)));
  }
  void advance(Duration by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }
  void advance_to(TimePoint to) {
    if (to > now()) now_.store(to.time_since_epoch().count(), std::memory_order_relaxed);
  }

 private:
  std::atomic<Duration::rep> now_{Duration(std::chrono::hours(1)).count()};
};

}  // namespace logbraid::test
