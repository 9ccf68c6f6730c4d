#include "logbraid/metrics.h"

#include <algorithm>

namespace logbraid {

std::string_view to_string(MoveReason reason) {
  switch (reason) {
    case MoveReason::none:
      return "none";
    case MoveReason::cheap:
      return "cheap";
    case MoveReason::dear:
      return "dear";
    case MoveReason::stall:
      return "stall";
  }
  return "unknown";
}

std::uint64_t EnricherMetrics::calls() const {
  std::uint64_t sum = 0;
  for (const Outcome made : {Outcome::ok, Outcome::no_match, Outcome::error, Outcome::timeout}) {
    sum += outcomes[static_cast<std::size_t>(made)];
  }
  return sum;
}

void LookupMetrics::merge(const LookupMetrics& other) {
  hits += other.hits;
  hits_not_found += other.hits_not_found;
  hits_error += other.hits_error;
  stale += other.stale;
  misses += other.misses;
  joined += other.joined;
  refreshed += other.refreshed;
  requests += other.requests;
  keys += other.keys;
  failed += other.failed;
  retries += other.retries;
  late += other.late;
  in_flight_peak = std::max(in_flight_peak, other.in_flight_peak);
  limit += other.limit;
  cache_entries += other.cache_entries;
  cache_bytes += other.cache_bytes;
  evicted += other.evicted;
  connections_opened += other.connections_opened;
  connections_failed += other.connections_failed;
  latency.merge(other.latency);
}

void EnricherMetrics::merge(const EnricherMetrics& other) {
  for (std::size_t i = 0; i < kOutcomes; ++i) outcomes[i] += other.outcomes[i];
  timed_calls += other.timed_calls;
  busy += other.busy;
  waited += other.waited;
  late += other.late;
  retries += other.retries;
  if (first_error.empty()) first_error = other.first_error;
  latency.merge(other.latency);
  if (!other.lookup) return;
  if (!lookup) lookup.emplace();
  lookup->merge(*other.lookup);
}

void GroupMetrics::merge(const GroupMetrics& other) {
  events += other.events;
  wall += other.wall;
  sum += other.sum;
}

void EventMetrics::merge(const EventMetrics& other) {
  GroupMetrics::merge(other);
  critical_path += other.critical_path;
  latency.merge(other.latency);
}

void RunMetrics::merge(const RunMetrics& other) {
  enrichers.resize(std::max(enrichers.size(), other.enrichers.size()));
  groups.resize(std::max(groups.size(), other.groups.size()));
  for (std::size_t i = 0; i < other.enrichers.size(); ++i) enrichers[i].merge(other.enrichers[i]);
  for (std::size_t i = 0; i < other.groups.size(); ++i) groups[i].merge(other.groups[i]);
  events.merge(other.events);
  order_waiting.merge(other.order_waiting);
  in_sequence.merge(other.in_sequence);
  conflicts += other.conflicts;
  in_flight_peak = std::max(in_flight_peak, other.in_flight_peak);
}

}  // namespace logbraid
