#include "engine/run_counts.h"

#include <numeric>

namespace logbraid {

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::malformed:
      return "malformed";
    case DropReason::overflow_newest:
      return "overflow_newest";
    case DropReason::overflow_oldest:
      return "overflow_oldest";
    case DropReason::overflow_level:
      return "overflow_level";
    case DropReason::enricher_failed:
      return "enricher_failed";
  }
  return "unknown";
}

std::uint64_t RunCounts::dropped_in_all() const {
  return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

void RunCounts::merge(const RunCounts& other) {
  read += other.read;
  written += other.written;
  dead_lettered += other.dead_lettered;
  for (std::size_t i = 0; i < kDropReasons; ++i) dropped[i] += other.dropped[i];
  held += other.held;
  malformed += other.malformed;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
}

}  // namespace logbraid
