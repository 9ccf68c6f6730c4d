#include "logbraid/histogram.h"

#include <algorithm>
#include <cmath>

namespace logbraid {

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (buckets_.empty()) buckets_.resize(kBuckets);
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
}

std::uint64_t Histogram::value_of(std::size_t index) {
  if (index < (1u << kSubBits)) return index;
  const std::size_t octave = (index >> kSubBits) - 1;
  const std::uint64_t low = (std::uint64_t{1 << kSubBits} | (index & ((1u << kSubBits) - 1)))
                            << octave;
  return low + (std::uint64_t{1} << octave) / 2;
}

Duration Histogram::quantile(double share) const {
  if (count_ == 0) return {};
  const auto rank = static_cast<std::uint64_t>(
      std::clamp(std::ceil(share * static_cast<double>(count_)), 1.0, static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return Duration(value_of(i));
  }
  return {};
}

}  // namespace logbraid
