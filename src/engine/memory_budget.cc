#include "engine/memory_budget.h"

namespace logbraid {

// Relaxed throughout: the numbers guard no other memory. Whoever waits for room does so under the
// lock of a BatchStock, which is told when there is some.

void MemoryBudget::charge(std::size_t& account, std::size_t bytes) {
  if (bytes <= account) {
    used_.fetch_sub(account - bytes, std::memory_order_relaxed);
  } else {
    const std::size_t more = bytes - account;
    const std::size_t used = used_.fetch_add(more, std::memory_order_relaxed) + more;
    std::size_t peak = peak_.load(std::memory_order_relaxed);
    while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
    }
  }
  account = bytes;
}

std::size_t MemoryBudget::used() const { return used_.load(std::memory_order_relaxed); }
std::size_t MemoryBudget::peak() const { return peak_.load(std::memory_order_relaxed); }

}  // namespace logbraid
