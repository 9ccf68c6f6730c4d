#pragma once

#include <chrono>

namespace logbraid {

// Monotonic time everywhere: the wall clock may be set back.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// Where the engine gets its time from; tests bring their own.
//
// Threads: now() from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const noexcept = 0;
};

class SteadyClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
};

}  // namespace logbraid
