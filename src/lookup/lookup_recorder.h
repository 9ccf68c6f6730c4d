#pragma once

#include <cstdint>

#include "logbraid/metrics.h"
#include "metrics/recorder.h"
#include "metrics/tally.h"

namespace logbraid {

// What the look-ups of one enricher count on one shard: the writing side of LookupMetrics.
//
// Threads: read() from any, all else from one.
struct LookupRecorder {
  Tally<std::uint64_t> hits;
  Tally<std::uint64_t> hits_not_found;
  Tally<std::uint64_t> hits_error;
  Tally<std::uint64_t> stale;
  Tally<std::uint64_t> misses;
  Tally<std::uint64_t> joined;
  Tally<std::uint64_t> refreshed;
  Tally<std::uint64_t> requests;
  Tally<std::uint64_t> keys;
  Tally<std::uint64_t> failed;
  Tally<std::uint64_t> retries;
  Tally<std::uint64_t> late;
  Tally<std::uint64_t> in_flight_peak;
  Tally<std::uint64_t> limit;          // what it is now: added to and taken from
  Tally<std::uint64_t> cache_entries;  // how many there are: added to and taken from
  Tally<std::uint64_t> cache_bytes;
  Tally<std::uint64_t> evicted;
  Tally<std::uint64_t> connections_opened;
  Tally<std::uint64_t> connections_failed;
  HistogramRecorder latency;  // of requests

  LookupMetrics read() const;
};

}  // namespace logbraid
