#pragma once

#include <cstdint>
#include <vector>

#include "logbraid/clock.h"

namespace logbraid {

// How many calls there were, how many of them failed, and how many were slow.
struct CallCounts {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::uint64_t slow = 0;

  CallCounts& operator+=(const CallCounts& other) {
    calls += other.calls;
    failures += other.failures;
    slow += other.slow;
    return *this;
  }
  CallCounts& operator-=(const CallCounts& other) {
    calls -= other.calls;
    failures -= other.failures;
    slow -= other.slow;
    return *this;
  }
};

// The counts of the last while, in buckets, the oldest of which is forgotten as a whole.
//
// Threads: one.
// Cost:    no allocation after construction.
class CallWindow {
 public:
  CallWindow(Duration length, std::uint32_t buckets)
      : bucket_length_(length / buckets), buckets_(buckets) {}

  // Forgets what is too old. Time that stands still or goes back changes nothing.
  void advance(TimePoint now) {
    const std::int64_t newest = now.time_since_epoch().count() / bucket_length_.count();
    const auto size = static_cast<std::int64_t>(buckets_.size());
    if (newest - newest_ >= size) {
      clear();
      newest_ = newest;
    }
    while (newest_ < newest) {
      CallCounts& oldest = buckets_[index_ = (index_ + 1) % buckets_.size()];
      total_ -= oldest;
      oldest = {};
      ++newest_;
    }
  }
  void add(const CallCounts& counts) {
    buckets_[index_] += counts;
    total_ += counts;
  }
  void clear() {
    for (CallCounts& bucket : buckets_) bucket = {};
    total_ = {};
  }

  const CallCounts& total() const { return total_; }
  Duration bucket_length() const { return bucket_length_; }

 private:
  Duration bucket_length_;
  std::vector<CallCounts> buckets_;
  std::size_t index_ = 0;    // of the newest bucket
  std::int64_t newest_ = 0;  // its number since the clock's epoch
  CallCounts total_;
};

}  // namespace logbraid
