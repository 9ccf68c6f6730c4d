#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/timer.h"

namespace logbraid {

// The timers of one loop. Waiting times are nearly always constants of the configuration (a
// timeout, a delay), so timers of one duration stand in a FIFO: set, remove and fire cost O(1),
// where a heap of 12,000 entries takes 14 steps. Durations beyond the first kMaxQueues share a
// heap.
//
// Invariant: within a FIFO `due` never falls, because now() never does.
// Threads:   the loop's.
class Timers {
 public:
  static constexpr std::uint32_t kMaxQueues = 64;
  // What a timer may be late so that others are fired in the same turn: so much for each that
  // waits, up to the most. With a handful of timers it is nothing.
  static constexpr Duration kLateATimer = std::chrono::nanoseconds(10);
  static constexpr Duration kMostLate = std::chrono::microseconds(200);

  explicit Timers(TimePoint now) : now_(now) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // The time of this turn of the loop.
  TimePoint now() const { return now_; }

  void set(Timer& timer, Duration after);
  // For a time that is no constant from now; costs a heap.
  void set_at(Timer& timer, TimePoint due);
  void remove(Timer& timer) noexcept;  // nothing happens where it does not wait

  // Moves the clock and fires what is due, in order within a duration. Timers set meanwhile wait
  // for the next call, those due at once too.
  void advance(TimePoint now);
  // Moves the clock only (a turn that took long).
  void refresh(TimePoint now) {
    if (now > now_) now_ = now;
  }

  // When the next one is due; TimePoint::max() when none waits.
  TimePoint next_due() const;
  // When to turn for them. A turn costs some microseconds whatever it fires; where thousands wait,
  // others are due shortly after the first.
  TimePoint next_turn() const;
  std::size_t size() const { return size_; }

 private:
  struct Queue {
    Duration duration{};
    Timer* first = nullptr;
    Timer* last = nullptr;
  };
  static constexpr std::uint32_t kHeap = Timer::kNone - 1;

  std::uint32_t queue_for(Duration duration);
  void push_heap(Timer& timer);
  void remove_from_heap(Timer& timer) noexcept;
  void sift(std::size_t index) noexcept;
  void place(Timer* timer, std::size_t index) noexcept {
    heap_[index] = timer;
    timer->heap_index = static_cast<std::uint32_t>(index);
  }

  TimePoint now_;
  std::vector<Queue> queues_;
  std::vector<Timer*> heap_;  // a binary heap by `due`
  std::size_t size_ = 0;
};

}  // namespace logbraid
