#include "engine/run_stats.h"

#include <algorithm>

#include "metrics/names.h"
#include "metrics/stats_writer.h"

namespace logbraid {
namespace {

void add_counts(StatsWriter& writer, const RunReport& report) {
  const RunCounts& counts = report.counts;
  writer.add(metric("events.read"), counts.read);
  writer.add(metric("events.written"), counts.written);
  writer.add(metric("events.dead_lettered"), counts.dead_lettered);
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    writer.add(metric("events.dropped"), to_string(static_cast<DropReason>(i)), counts.dropped[i]);
  }
  writer.add(metric("events.held"), counts.held);
  writer.add(metric("events.malformed"), counts.malformed);
  writer.add(metric("events.conflicts"), report.metrics.conflicts);
  writer.add(metric("bytes.read"), counts.bytes_in);
  writer.add(metric("bytes.written"), counts.bytes_out);
}

void add_use(StatsWriter& writer, const RunReport& report) {
  writer.add(metric("in_flight.peak"), report.metrics.in_flight_peak);
  writer.add(metric("in_flight.bytes_peak"), std::uint64_t{report.memory_peak});
  writer.add(metric("in_flight.calls_left"), std::uint64_t{report.calls_still_out});
  writer.add(metric("plan.cache_hits"), report.plan_uses.cache_hits);
  writer.add(metric("plan.cache_misses"), report.plan_uses.cache_misses);
  std::uint64_t stalls = 0;
  for (const EnricherMetrics& each : report.metrics.enrichers) stalls += each.state.stalls;
  writer.add(metric("loops.stalls"), stalls);

  const PoolMetrics& pool = report.pool;
  writer.add(metric("pool.threads"), std::uint64_t{pool.threads});
  writer.add(metric("pool.threads_limit"), std::uint64_t{pool.threads_limit});
  writer.add(metric("pool.calls"), pool.calls);
  writer.add(metric("pool.busy_peak"), std::uint64_t{pool.busy_peak});
  writer.add(metric("pool.queued_peak"), std::uint64_t{pool.queued_peak});
  writer.add(metric("pool.stuck"), std::uint64_t{pool.stuck});
}

void add_times(StatsWriter& writer, const RunMetrics& metrics) {
  const EventMetrics& sampled = metrics.events;
  writer.add(metric("sampled.events"), sampled.events);
  writer.add(metric("sampled.wall_seconds"), sampled.wall);
  writer.add(metric("sampled.calls_seconds"), sampled.sum);
  writer.add(metric("sampled.critical_path_seconds"), sampled.critical_path);
  writer.add_ratio(metric("sampled.overlap"), sampled.sum, sampled.wall);
  writer.add_quantiles(metric("sampled.latency_seconds"), sampled.latency);

  const EventMetrics& sequential = metrics.in_sequence;
  writer.add(metric("sequential.events"), sequential.events);
  writer.add(metric("sequential.wall_seconds"), sequential.wall);
  writer.add(metric("sequential.calls_seconds"), sequential.sum);
  writer.add_quantiles(metric("sequential.latency_seconds"), sequential.latency);
  // Inline slices are timed together and have no median.
  const auto compare = [&](const MetricName& name, Duration slow, Duration fast) {
    writer.add_ratio(name, slow, slow == Duration::zero() ? Duration::zero() : fast);
  };
  compare(metric("speed_up.mean"), sequential.mean_wall(), sampled.mean_wall());
  compare(metric("speed_up.median"), sequential.latency.quantile(0.5),
          sampled.latency.quantile(0.5));

  const OrderWaiting& order = metrics.order_waiting;
  writer.add(metric("order.events"), order.events);
  writer.add(metric("order.waited_seconds"), order.sum);
  writer.add_quantiles(metric("order.wait_seconds"), order.histogram);
}

void add_process(StatsWriter& writer, const ProcessMetrics& process) {
  writer.add(metric("process.cpu_user_seconds"), process.cpu_user);
  writer.add(metric("process.cpu_system_seconds"), process.cpu_system);
  writer.add(metric("process.resident_bytes"), process.resident_bytes);
  writer.add(metric("process.resident_peak_bytes"), process.resident_peak_bytes);
  writer.add(metric("process.threads"), process.threads);
  writer.add(metric("process.descriptors"), process.descriptors);
}

void add_lookup(StatsWriter& writer, const LookupMetrics& lookup) {
  writer.add(metric("enrichers.lookup.hits"), lookup.hits);
  writer.add(metric("enrichers.lookup.hits_not_found"), lookup.hits_not_found);
  writer.add(metric("enrichers.lookup.hits_error"), lookup.hits_error);
  writer.add(metric("enrichers.lookup.stale"), lookup.stale);
  writer.add(metric("enrichers.lookup.misses"), lookup.misses);
  writer.add(metric("enrichers.lookup.joined"), lookup.joined);
  writer.add(metric("enrichers.lookup.refreshed"), lookup.refreshed);
  writer.add(metric("enrichers.lookup.requests"), lookup.requests);
  writer.add(metric("enrichers.lookup.keys"), lookup.keys);
  writer.add(metric("enrichers.lookup.failed"), lookup.failed);
  writer.add(metric("enrichers.lookup.retries"), lookup.retries);
  writer.add(metric("enrichers.lookup.late"), lookup.late);
  writer.add_quantiles(metric("enrichers.lookup.request_seconds"), lookup.latency);
  writer.add(metric("enrichers.lookup.in_flight_peak"), lookup.in_flight_peak);
  writer.add(metric("enrichers.lookup.limit"), lookup.limit);
  writer.add(metric("enrichers.lookup.cache_entries"), lookup.cache_entries);
  writer.add(metric("enrichers.lookup.cache_bytes"), lookup.cache_bytes);
  writer.add(metric("enrichers.lookup.evicted"), lookup.evicted);
  writer.add(metric("enrichers.lookup.connections_opened"), lookup.connections_opened);
  writer.add(metric("enrichers.lookup.connections_failed"), lookup.connections_failed);
}

void add_text(StatsWriter& writer, const MetricName& name, std::string_view text) {
  if (text.empty()) {
    writer.add_none(name);
  } else {
    writer.add(name, text);
  }
}

void add_health(StatsWriter& writer, const HealthReport& health) {
  writer.add(metric("enrichers.health.healthy"), std::uint64_t{health.healthy});
  writer.add(metric("enrichers.health.times_unhealthy"), std::uint64_t{health.times_unhealthy});
  add_text(writer, metric("enrichers.health.first_error"), health.first_error);
  add_text(writer, metric("enrichers.health.running"),
           health.running ? to_string(*health.running) : std::string_view());
}

void add_enricher(StatsWriter& writer, const PlanNode& node, const EnricherMetrics& metrics,
                  const HealthReport* health) {
  writer.add(metric("enrichers.name"), node.name);
  writer.add(metric("enrichers.group"), std::uint64_t{node.level} + 1);
  writer.add(metric("enrichers.placement"), to_string(node.placement));
  writer.add(metric("enrichers.runs"), to_string(metrics.state.runs));
  if (metrics.state.moved == MoveReason::none) {
    writer.add_none(metric("enrichers.moved"));
    writer.add_none(metric("enrichers.moved_mean_seconds"));
  } else {
    writer.add(metric("enrichers.moved"), to_string(metrics.state.moved));
    writer.add(metric("enrichers.moved_mean_seconds"), metrics.state.moved_at_mean);
  }
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    writer.add(metric("enrichers.outcomes"), to_string(static_cast<Outcome>(i)),
               metrics.outcomes[i]);
  }
  writer.add(metric("enrichers.timed_calls"), metrics.timed_calls);
  writer.add(metric("enrichers.busy_seconds"), metrics.busy);
  writer.add_quantiles(metric("enrichers.latency_seconds"), metrics.latency);
  writer.add(metric("enrichers.waited_seconds"), metrics.waited);
  writer.add(metric("enrichers.late"), metrics.late);
  writer.add(metric("enrichers.retries"), metrics.retries);
  writer.add(metric("enrichers.stalls"), metrics.state.stalls);
  writer.add(metric("enrichers.breaker"), metrics.state.breaker_state);
  writer.add(metric("enrichers.breaker_opened"), metrics.state.breaker_opened);
  if (metrics.lookup) add_lookup(writer, *metrics.lookup);
  if (health != nullptr) add_health(writer, *health);
  add_text(writer, metric("enrichers.first_error"), metrics.first_error);
}

void add_group(StatsWriter& writer, std::size_t level, const GroupMetrics& metrics) {
  writer.add(metric("groups.number"), std::uint64_t{level} + 1);
  writer.add(metric("groups.events"), metrics.events);
  writer.add(metric("groups.wall_seconds"), metrics.wall);
  writer.add(metric("groups.calls_seconds"), metrics.sum);
  writer.add_ratio(metric("groups.overlap"), metrics.sum, metrics.wall);
}

}  // namespace

std::string run_stats_json(const RunReport& report, const ExecutionPlan& plan) {
  StatsWriter writer;
  writer.add(metric("run.elapsed_seconds"), report.elapsed);
  add_text(writer, metric("run.error"), report.error ? report.error->to_string() : std::string());
  writer.add(metric("run.output_closed"), std::uint64_t{report.sink_closed});
  writer.add(metric("run.shards"), std::uint64_t{report.shards});
  add_counts(writer, report);
  add_use(writer, report);
  add_times(writer, report.metrics);
  add_process(writer, report.process);
  writer.add_rows("enrichers", plan.size(), [&](std::size_t at) {
    const PlanNode& node = plan[static_cast<std::uint32_t>(at)];
    const auto health =
        std::find_if(report.health.begin(), report.health.end(),
                     [&](const HealthReport& each) { return each.enricher == node.name; });
    add_enricher(writer, node, report.metrics.enrichers[at],
                 health == report.health.end() ? nullptr : &*health);
  });
  writer.add_rows("groups", plan.groups().size(), [&](std::size_t level) {
    add_group(writer, level, report.metrics.groups[level]);
  });
  return writer.take();
}

}  // namespace logbraid
