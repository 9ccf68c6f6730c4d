#pragma once

#include <cstdint>

#include "logbraid/clock.h"
#include "logbraid/histogram.h"

namespace logbraid {

// Time that events which were done lost behind earlier ones that were not (`order: preserve` and
// `by_key`).
//
// Threads: one writer.
struct OrderWaiting {
  std::uint64_t events = 0;
  Duration sum{};
  Histogram histogram;

  void record(Duration each, std::uint64_t how_many = 1) {
    events += how_many;
    sum += each * static_cast<std::int64_t>(how_many);
    histogram.record(each, how_many);
  }
  void merge(const OrderWaiting& other) {
    events += other.events;
    sum += other.sum;
    histogram.merge(other.histogram);
  }
};

}  // namespace logbraid
