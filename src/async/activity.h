#pragma once

#include <atomic>
#include <cstdint>

#include "logbraid/clock.h"

namespace logbraid {

// What a turn of a loop may take before it counts as a stall. (architecture.md)
inline constexpr Duration kStall = std::chrono::milliseconds(50);

// What the thread of a shard is doing, for a watchdog to see: the enricher whose code runs, and
// which stretch of code it is. A thread that hangs cannot report itself.
//
// Threads: enter() and leave() from the shard's thread, seen() from any.
// Cost:    a relaxed store each; the watchdog wants to know, nothing is handed over.
class Activity {
 public:
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  struct Seen {
    std::uint32_t node = kNobody;
    std::uint32_t stretch = 0;
  };

  void enter(std::uint32_t node) noexcept {
    word_.store(std::uint64_t{++stretch_} << 32 | node, std::memory_order_relaxed);
  }
  void leave() noexcept { word_.store(kNobody, std::memory_order_relaxed); }

  Seen seen() const noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    return {static_cast<std::uint32_t>(word), static_cast<std::uint32_t>(word >> 32)};
  }

 private:
  std::uint32_t stretch_ = 0;
  std::atomic<std::uint64_t> word_{kNobody};
};

}  // namespace logbraid
