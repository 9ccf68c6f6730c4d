#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "logbraid/clock.h"

namespace logbraid {

// Counts who is inside and lets nobody in once it is closed.
//
// Threads:  any. Once wait_until() has given true nobody inside touches the gate any more.
// Blocking: wait_until(), and leave() for a moment once the gate is closed.
class Gate {
 public:
  // False when it is closed.
  [[nodiscard]] bool enter() noexcept {
    // Acquire: what was done before close() is seen by who is refused.
    std::uint64_t word = word_.load(std::memory_order_acquire);
    do {
      if ((word & kClosed) != 0) return false;
    } while (!word_.compare_exchange_weak(word, word + kOne, std::memory_order_acq_rel,
                                          std::memory_order_acquire));
    return true;
  }

  void leave() noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while ((word & kClosed) == 0) {
      // Release: what was done inside is seen by who waits.
      if (word_.compare_exchange_weak(word, word - kOne, std::memory_order_release,
                                      std::memory_order_relaxed)) {
        return;
      }
    }
    // Under the lock, so that who waits does not take the gate down before this is behind it.
    const std::lock_guard lock(mutex_);
    word_.fetch_sub(kOne, std::memory_order_acq_rel);
    left_.notify_all();
  }

  void close() noexcept {
    const std::lock_guard lock(mutex_);
    word_.fetch_or(kClosed, std::memory_order_acq_rel);
  }
  bool closed() const noexcept { return (word_.load(std::memory_order_acquire) & kClosed) != 0; }

  std::uint64_t inside() const noexcept { return word_.load(std::memory_order_acquire) / kOne; }
  // After close(): until all have left; false when it is not so in time.
  bool wait_until(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    return left_.wait_until(lock, deadline, [this] { return inside() == 0; });
  }

 private:
  static constexpr std::uint64_t kClosed = 1;
  static constexpr std::uint64_t kOne = 2;

  std::atomic<std::uint64_t> word_{0};  // twice the number of those inside, plus kClosed
  std::mutex mutex_;
  std::condition_variable left_;
};

}  // namespace logbraid
