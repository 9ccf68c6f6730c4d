#pragma once

#include <atomic>
#include <cstddef>

namespace logbraid {

// Bytes that may be under way in a pipeline: batches, what enrichers add to them, finished lines,
// queues. It counts and says whether there is room; who waits or drops, and in what order, is
// decided where the bytes are made (docs/decisions/memory.md).
//
// Threads:  any.
// Errors:   none: what is there already is counted, also beyond the limit.
// Blocking: never. Cost: an atomic addition; for batches, not for events.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Makes an owner's account say `bytes`. `account` is the owner's and starts at 0.
  void charge(std::size_t& account, std::size_t bytes);

  bool has_room(std::size_t bytes) const { return used() + bytes <= limit_; }
  bool used_up() const { return used() >= limit_; }
  bool exceeded() const { return used() > limit_; }

  std::size_t limit() const { return limit_; }
  std::size_t used() const;
  // The most that was ever used at one time.
  std::size_t peak() const;

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> peak_{0};
};

}  // namespace logbraid
