#pragma once

#include <atomic>

namespace logbraid {

// Whether an enricher with a life cycle may be called: the one word that shards read of it.
//
// Threads: set() from the life cycle's loop, may_be_called() from any.
class EnricherHealth {
 public:
  // Acquire: what start() wrote is seen by the calls that follow, also by those of a start that
  // ended late, which nothing else orders.
  bool may_be_called() const noexcept { return may_be_called_.load(std::memory_order_acquire); }
  void set(bool may_be_called) noexcept {
    may_be_called_.store(may_be_called, std::memory_order_release);
  }

 private:
  std::atomic<bool> may_be_called_{false};
};

}  // namespace logbraid
