#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/histogram.h"
#include "logbraid/metadata.h"
#include "logbraid/order_waiting.h"
#include "logbraid/outcome.h"
#include "logbraid/process_metrics.h"

namespace logbraid {

// Why an enricher with `placement: auto` went where it runs.
enum class MoveReason : std::uint8_t {
  none,   // it has not moved: it starts in the pool
  cheap,  // inline, since its calls were measured cheap
  dear,   // and back, since they no longer were
  stall,  // and back, since one of them held up its shard
};
std::string_view to_string(MoveReason reason);

// How an enricher stands, of the process.
struct EnricherState {
  Placement runs = Placement::inline_;  // never `auto`
  MoveReason moved = MoveReason::none;
  Duration moved_at_mean{};                   // what a call took in the mean then
  std::uint64_t stalls = 0;                   // times it held up a loop
  std::uint64_t breaker_opened = 0;           // times
  std::string_view breaker_state = "closed";  // open, half_open
};

// What the look-ups of one enricher did: of its cache, which keys meet first, and of its requests.
struct LookupMetrics {
  std::uint64_t hits = 0;            // keys that the cache had an answer for
  std::uint64_t hits_not_found = 0;  // that it knew to have none
  std::uint64_t hits_error = 0;      // whose last request has just failed
  std::uint64_t stale = 0;           // answered with what was out of date, for want of better
  std::uint64_t misses = 0;          // keys that began a flight
  std::uint64_t joined = 0;          // keys that were asked for already
  std::uint64_t refreshed = 0;       // flights begun before the answer was out of date
  std::uint64_t requests = 0;        // sent, with those sent again
  std::uint64_t keys = 0;            // in them
  std::uint64_t failed = 0;          // requests
  std::uint64_t retries = 0;         // requests beyond the first of a flight
  std::uint64_t late = 0;            // answers that came when nobody waited any more
  std::uint64_t in_flight_peak = 0;  // requests, the most at once on one shard
  std::uint64_t limit = 0;           // requests that may be in flight now, of all shards
  std::uint64_t cache_entries = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t evicted = 0;  // entries that gave way to others
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_failed = 0;
  Histogram latency;  // of requests

  void merge(const LookupMetrics& other);
};

// What one enricher did. Times are of sampled calls: a call under a microsecond is not worth two
// readings of the clock.
struct EnricherMetrics {
  std::array<std::uint64_t, kOutcomes> outcomes{};
  std::uint64_t timed_calls = 0;  // calls that `busy` is the sum of
  Duration busy{};
  Duration waited{};          // between ready and started: for a thread, for the bulkhead
  std::uint64_t late = 0;     // results that came after their deadline, dropped
  std::uint64_t retries = 0;  // attempts beyond the first
  std::string first_error;    // why the first call that failed did
  Histogram latency;
  std::optional<LookupMetrics> lookup;  // of one that asks a service by key
  EnricherState state;                  // of the process; not merged

  std::uint64_t calls() const;  // those that were started and ended or timed out
  Duration mean() const {
    return timed_calls == 0 ? Duration() : busy / static_cast<std::int64_t>(timed_calls);
  }
  void merge(const EnricherMetrics& other);
};

// One group over the sampled events: how long it took, and how long its calls took together.
struct GroupMetrics {
  std::uint64_t events = 0;
  Duration wall{};
  Duration sum{};

  Duration mean_wall() const {
    return events == 0 ? Duration() : wall / static_cast<std::int64_t>(events);
  }
  void merge(const GroupMetrics& other);
};

// Whole events, those that were sampled: admitted to done, the sum of their calls, and the longest
// way through the graph by the times of the calls.
struct EventMetrics : GroupMetrics {
  Duration critical_path{};
  Histogram latency;

  void add(std::uint64_t count, Duration took, Duration calls, Duration critical) {
    GroupMetrics::merge({count, took, calls});
    critical_path += critical;
    if (count == 1) latency.record(took);
  }
  void merge(const EventMetrics& other);
};

// The threads of blocking enrichers.
struct PoolMetrics {
  unsigned threads = 0;        // alive, the stuck ones too
  unsigned threads_limit = 0;  // stuck ones aside
  unsigned stuck = 0;
  unsigned busy_peak = 0;    // threads that ran a call at one time
  unsigned queued_peak = 0;  // calls that waited for a thread at one time
  std::uint64_t calls = 0;   // that a thread has taken
};

// Uses of plans: those that found theirs there already, and those for which one was resolved.
struct PlanUses {
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
};

// What was counted of one plan; by a shard, or merged over those that ran it.
struct RunMetrics {
  std::vector<EnricherMetrics> enrichers;  // in plan order
  std::vector<GroupMetrics> groups;
  EventMetrics events;       // in the mode that was asked for
  EventMetrics in_sequence;  // of `sequential_share`: one call after another
  OrderWaiting order_waiting;
  std::uint64_t conflicts = 0;       // scalars replaced because a field below them was set
  std::uint64_t in_flight_peak = 0;  // events, the most at once on one shard

  void merge(const RunMetrics& other);
};

// What an engine has done since it was made. Numbers of one moment do not quite fit each other:
// nobody is stopped to be counted.
struct EngineMetrics {
  struct Enricher : EnricherMetrics {
    std::string name;
    Placement placement = Placement::inline_;  // as its plan has it
  };
  // Those of the current plan, in its order; then those that only earlier plans had.
  std::vector<Enricher> enrichers;
  std::vector<GroupMetrics> groups;  // of the current plan
  EventMetrics events;               // those that were sampled, in the mode that was asked for
  EventMetrics in_sequence;          // of `sequential_share`
  std::uint64_t in_flight = 0;       // events on the shards, those that wait for a window too
  std::uint64_t in_flight_peak = 0;  // the most at once in one window
  unsigned shards = 0;
  PoolMetrics pool;
  PlanUses plan_uses;  // a use is a call of the engine
  ProcessMetrics process;
};

}  // namespace logbraid
