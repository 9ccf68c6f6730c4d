#pragma once

#include <algorithm>
#include <atomic>

namespace logbraid {

// A number that one thread changes and any thread may read while it does. Adding is a plain load
// and store, on x86 no dearer than adding to a plain number: there is nobody to race with.
//
// Relaxed: it guards no other memory, and numbers that are read one after the other may be of
// different moments.
//
// Threads: add() and raise_to() from one, get() and copying from any.
template <class T>
class Tally {
 public:
  Tally() = default;
  Tally(const Tally& other) : value_(other.get()) {}
  Tally& operator=(const Tally&) = delete;

  void add(T more) { value_.store(get() + more, std::memory_order_relaxed); }
  void raise_to(T least) { value_.store(std::max(get(), least), std::memory_order_relaxed); }
  T get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{T()};
};

}  // namespace logbraid
