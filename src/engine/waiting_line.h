#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "logbraid/clock.h"

namespace logbraid {

struct EventRun;

// Events whose call of one enricher waits until it may start, first come first served. One that is
// given up meanwhile stays in the line and is passed over.
//
// Threads: the shard's.
// Memory:  at most kSpare + twice as many places as wait.
class WaitingLine {
 public:
  struct Place {
    EventRun* event;
    std::uint64_t use;  // EventRun::use when it came
    TimePoint since;
  };

  std::size_t size() const { return waiting_; }
  bool empty() const { return waiting_ == 0; }

  void push(const Place& place) {
    places_.push_back(place);
    ++waiting_;
  }
  // One of those in the line does not wait any more: still_waits() is false for it from now on.
  template <class StillWaits>
  void forget_one(StillWaits still_waits) {
    --waiting_;
    if (places_.size() - first_ > kSpare + 2 * waiting_) {
      std::vector<Place> left;
      left.reserve(waiting_);
      for (std::size_t i = first_; i < places_.size(); ++i) {
        if (still_waits(places_[i])) left.push_back(places_[i]);
      }
      places_.swap(left);
      first_ = 0;
    }
  }
  // The first that still waits; only where !empty().
  template <class StillWaits>
  Place pop(StillWaits still_waits) {
    while (!still_waits(places_[first_])) ++first_;
    const Place place = places_[first_++];
    --waiting_;
    if (first_ == places_.size() || first_ > kSpare + waiting_) {
      places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return place;
  }

 private:
  static constexpr std::size_t kSpare = 64;

  std::vector<Place> places_;
  std::size_t first_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace logbraid
