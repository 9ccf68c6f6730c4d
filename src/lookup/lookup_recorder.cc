#include "lookup/lookup_recorder.h"

namespace logbraid {

LookupMetrics LookupRecorder::read() const {
  LookupMetrics read;
  read.hits = hits.get();
  read.hits_not_found = hits_not_found.get();
  read.hits_error = hits_error.get();
  read.stale = stale.get();
  read.misses = misses.get();
  read.joined = joined.get();
  read.refreshed = refreshed.get();
  read.requests = requests.get();
  read.keys = keys.get();
  read.failed = failed.get();
  read.retries = retries.get();
  read.late = late.get();
  read.in_flight_peak = in_flight_peak.get();
  read.limit = limit.get();
  read.cache_entries = cache_entries.get();
  read.cache_bytes = cache_bytes.get();
  read.evicted = evicted.get();
  read.connections_opened = connections_opened.get();
  read.connections_failed = connections_failed.get();
  read.latency = latency.read();
  return read;
}

}  // namespace logbraid
