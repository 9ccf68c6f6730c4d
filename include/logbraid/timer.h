#pragma once

#include <cstddef>
#include <cstdint>

#include "logbraid/clock.h"

namespace logbraid {

// An entry in a loop's timers; embedded in what waits, so that waiting allocates nothing.
//
// Threads:  the loop's.
// Lifetime: must be removed (or have fired) before it is destroyed.
struct Timer {
  // Called once when `due` has passed, when the timer is out of its queue already: it may be set
  // again or destroyed.
  using Fire = void (*)(Timer& timer) noexcept;

  explicit Timer(Fire on_due) : fire(on_due) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool waiting() const { return queue != kNone; }

  static constexpr std::uint32_t kNone = UINT32_MAX;
  Fire fire;
  TimePoint due{};
  Timer* previous = nullptr;
  Timer* next = nullptr;
  std::uint32_t queue = kNone;  // of Timers; which of its queues holds this one
  std::uint32_t heap_index = 0;
};

}  // namespace logbraid
