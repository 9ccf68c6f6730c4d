#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "logbraid/clock.h"

namespace logbraid {

// Counts durations in buckets whose width is 1/16 of their octave: a quantile is at most 3.2 % off.
// (The log-linear layout of HdrHistogram, Gil Tene.)
//
// Threads: as an int.
// Cost:    4 KiB from the first record on.
// Range:   up to 137 s (2^37 ns); what is longer counts as that.
class Histogram {
 public:
  void record(Duration duration) { record(duration, 1); }
  // The same for several of one length.
  void record(Duration duration, std::uint64_t how_many) { add(index_of(duration), how_many); }
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  // The duration below which `share` (0 to 1) of the records lie; zero without records.
  Duration quantile(double share) const;

 private:
  friend class HistogramRecorder;  // counts in buckets of its own
  static constexpr unsigned kSubBits = 4;
  static constexpr unsigned kBits = 37;
  static constexpr std::uint64_t kMost = (std::uint64_t{1} << kBits) - 1;
  static constexpr std::size_t kBuckets = (kBits - kSubBits + 1) << kSubBits;

  void add(std::size_t index, std::uint64_t how_many) {
    if (how_many == 0) return;
    if (buckets_.empty()) buckets_.resize(kBuckets);
    buckets_[index] += how_many;
    count_ += how_many;
  }
  static std::size_t index_of(Duration duration) {
    std::uint64_t ns = duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0;
    if (ns > kMost) ns = kMost;
    if (ns < (1u << kSubBits)) return ns;
    const auto octave = static_cast<unsigned>(std::bit_width(ns)) - 1 - kSubBits;
    return ((octave + 1) << kSubBits) + ((ns >> octave) & ((1u << kSubBits) - 1));
  }
  // The middle of a bucket, in ns.
  static std::uint64_t value_of(std::size_t index);

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace logbraid
