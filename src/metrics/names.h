#pragma once

#include <cstdint>
#include <string_view>

namespace logbraid {

enum class MetricKind : std::uint8_t {
  counter,  // only grows
  gauge,    // how it stands, or how it came out
  text,     // says what or why
};

// One metric. The parts of its name are the members of a stats document (metrics/stats_writer.h).
struct MetricName {
  std::string_view name;
  MetricKind kind;
  std::string_view unit;   // of a text: empty
  std::string_view label;  // what tells its values apart; empty: it has one
  std::string_view help;
};

namespace internal {
using enum MetricKind;

// Every metric there is, once. `enrichers` and `groups` have a row each; docs/metrics.md has the
// same list for people (scripts/check_docs.py compares the two).
inline constexpr MetricName kMetrics[] = {
    {"run.elapsed_seconds", gauge, "seconds", "", "from the start of the run to its end"},
    {"run.error", text, "", "", "why the run ended with an error; null: it did not"},
    {"run.output_closed", gauge, "0 or 1", "", "the reader of the output went away first"},
    {"run.shards", gauge, "threads", "", "worker threads, each with its own loop"},

    {"events.read", counter, "events", "", "that came from the source"},
    {"events.written", counter, "events", "", "that the sink has taken"},
    {"events.dead_lettered", counter, "events", "", "that went to the dead letters"},
    {"events.dropped", counter, "events", "reason", "given up on purpose"},
    {"events.held", counter, "events", "", "inside when the run ended early"},
    {"events.malformed", counter, "events", "", "read and refused by the format"},
    {"events.conflicts", counter, "values", "", "replaced because a field below them was set"},
    {"bytes.read", counter, "bytes", "", "of the source"},
    {"bytes.written", counter, "bytes", "", "to the sink"},

    {"in_flight.peak", gauge, "events", "", "the most that were in flight at once on one shard"},
    {"in_flight.bytes_peak", gauge, "bytes", "", "the most that was under way at once"},
    {"in_flight.calls_left", gauge, "calls", "", "given up and not come back when the run ended"},
    {"plan.cache_hits", counter, "uses", "", "that began with a plan that was there already"},
    {"plan.cache_misses", counter, "plans", "", "resolved from the registry"},
    {"loops.stalls", counter, "stalls", "", "in which an enricher held up its shard's loop"},

    {"pool.threads", gauge, "threads", "", "for blocking enrichers"},
    {"pool.threads_limit", gauge, "threads", "", "that it may have, stuck ones aside"},
    {"pool.calls", counter, "calls", "", "that a thread has taken"},
    {"pool.busy_peak", gauge, "threads", "", "the most that ran a call at once"},
    {"pool.queued_peak", gauge, "calls", "", "the most that waited for a thread at once"},
    {"pool.stuck", gauge, "threads", "", "that hang in a call nobody waits for"},

    {"sampled.events", counter, "events", "", "whose times were taken, in the mode asked for"},
    {"sampled.wall_seconds", counter, "seconds", "", "from admitted to done, their sum"},
    {"sampled.calls_seconds", counter, "seconds", "", "that their calls took, their sum"},
    {"sampled.critical_path_seconds", counter, "seconds", "",
     "of the longest way through the graph, their sum"},
    {"sampled.overlap", gauge, "ratio", "", "calls_seconds over wall_seconds"},
    {"sampled.latency_seconds", gauge, "seconds", "quantile", "from admitted to done"},
    {"sequential.events", counter, "events", "", "of sequential_share: one call after another"},
    {"sequential.wall_seconds", counter, "seconds", "", "from admitted to done, their sum"},
    {"sequential.calls_seconds", counter, "seconds", "", "that their calls took, their sum"},
    {"sequential.latency_seconds", gauge, "seconds", "quantile", "from admitted to done"},
    {"speed_up.mean", gauge, "ratio", "",
     "mean wall time in sequence over the mean in parallel; null: not measured"},
    {"speed_up.median", gauge, "ratio", "", "the same of the medians; null: not measured"},
    {"order.events", counter, "events", "", "that had to leave in order"},
    {"order.waited_seconds", counter, "seconds", "",
     "that they lost behind earlier ones, their sum"},
    {"order.wait_seconds", gauge, "seconds", "quantile", "that each of them lost"},

    {"process.cpu_user_seconds", counter, "seconds", "",
     "of all threads, in the process's own code"},
    {"process.cpu_system_seconds", counter, "seconds", "", "of all threads, in the kernel"},
    {"process.resident_bytes", gauge, "bytes", "", "of memory"},
    {"process.resident_peak_bytes", gauge, "bytes", "", "of memory, the most so far"},
    {"process.threads", gauge, "threads", "", "of all kinds"},
    {"process.descriptors", gauge, "descriptors", "", "open"},

    {"enrichers.name", text, "", "", "as in the configuration"},
    {"enrichers.group", gauge, "number", "", "its group, from 1"},
    {"enrichers.placement", text, "", "", "as the plan has it: inline, pool, async or auto"},
    {"enrichers.runs", text, "", "", "where its calls are made now: inline, pool or async"},
    {"enrichers.moved", text, "", "",
     "why one with placement: auto moved last: cheap, dear or stall; null: it has not"},
    {"enrichers.moved_mean_seconds", gauge, "seconds", "",
     "that its calls took in the mean then; of a stall: the one call"},
    {"enrichers.outcomes", counter, "events", "outcome", "what became of it; they add up to all"},
    {"enrichers.timed_calls", counter, "calls", "", "whose times were taken"},
    {"enrichers.busy_seconds", counter, "seconds", "", "that the timed calls took, their sum"},
    {"enrichers.latency_seconds", gauge, "seconds", "quantile", "of the timed calls"},
    {"enrichers.waited_seconds", counter, "seconds", "",
     "that calls lost between ready and started, their sum"},
    {"enrichers.late", counter, "results", "", "that came after their deadline, dropped"},
    {"enrichers.retries", counter, "calls", "", "beyond the first of an event"},
    {"enrichers.stalls", counter, "stalls", "", "in which it held up its shard's loop"},
    {"enrichers.breaker", text, "", "", "closed, open or half_open"},
    {"enrichers.breaker_opened", counter, "times", "", "that its circuit breaker opened"},
    {"enrichers.lookup.hits", counter, "keys", "", "that the cache had an answer for"},
    {"enrichers.lookup.hits_not_found", counter, "keys", "", "that it knew to have none"},
    {"enrichers.lookup.hits_error", counter, "keys", "", "whose last request has just failed"},
    {"enrichers.lookup.stale", counter, "keys", "",
     "answered with what was out of date, for want of better"},
    {"enrichers.lookup.misses", counter, "keys", "", "that began a flight"},
    {"enrichers.lookup.joined", counter, "keys", "", "that were asked for already"},
    {"enrichers.lookup.refreshed", counter, "keys", "", "asked for ahead of time"},
    {"enrichers.lookup.requests", counter, "requests", "", "sent, with those sent again"},
    {"enrichers.lookup.keys", counter, "keys", "", "in those requests"},
    {"enrichers.lookup.failed", counter, "requests", "", "that brought no answers"},
    {"enrichers.lookup.retries", counter, "requests", "", "beyond the first for their keys"},
    {"enrichers.lookup.late", counter, "requests", "", "that came back when nobody waited"},
    {"enrichers.lookup.request_seconds", gauge, "seconds", "quantile",
     "from a request to its answer"},
    {"enrichers.lookup.in_flight_peak", gauge, "requests", "", "the most at once on one shard"},
    {"enrichers.lookup.limit", gauge, "requests", "", "that may be in flight now, of all shards"},
    {"enrichers.lookup.cache_entries", gauge, "entries", "", "in the caches of all shards"},
    {"enrichers.lookup.cache_bytes", gauge, "bytes", "", "that they take"},
    {"enrichers.lookup.evicted", counter, "entries", "", "that gave way to others"},
    {"enrichers.lookup.connections_opened", counter, "connections", "", "to the service"},
    {"enrichers.lookup.connections_failed", counter, "connections", "", "that it refused"},
    {"enrichers.health.healthy", gauge, "0 or 1", "", "started, and its last checks did not fail"},
    {"enrichers.health.times_unhealthy", counter, "times", "", "that it became so"},
    {"enrichers.health.first_error", text, "", "",
     "of what failed first in its life cycle; null: nothing"},
    {"enrichers.health.running", text, "", "",
     "start, health check or stop, which has not come back; null: none"},
    {"enrichers.first_error", text, "", "", "of the first call that failed; null: none did"},

    {"groups.number", gauge, "number", "", "from 1; its enrichers can all run at once"},
    {"groups.events", counter, "events", "", "whose times were taken"},
    {"groups.wall_seconds", counter, "seconds", "", "that the group took, their sum"},
    {"groups.calls_seconds", counter, "seconds", "", "that its calls took, their sum"},
    {"groups.overlap", gauge, "ratio", "", "calls_seconds over wall_seconds; null: no time taken"},
};

}  // namespace internal

// The entry of that name; one that does not stand in the list does not compile.
consteval const MetricName& metric(std::string_view name) {
  for (const MetricName& each : internal::kMetrics) {
    if (each.name == name) return each;
  }
  throw "there is no such metric";
}

}  // namespace logbraid
