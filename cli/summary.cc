#include "cli/summary.h"

#include <fmt/format.h>

#include <initializer_list>
#include <vector>

#include "cli/figures.h"
#include "cli/text_table.h"
#include "core/printable.h"
#include "logbraid/metadata.h"
#include "logbraid/outcome.h"

namespace logbraid::cli {
namespace {

constexpr std::size_t kNamesWidth = 50;  // columns for the names of a group
constexpr std::size_t kNameShown = 22;   // characters of an enricher's name
constexpr std::size_t kErrorShown = 160;

using Align = TextTable::Align;

// Why an enricher was not called, or its call given up.
constexpr std::initializer_list<Outcome> kSkips = {
    Outcome::condition_false, Outcome::dependency_unmet, Outcome::breaker_open,
    Outcome::rejected,        Outcome::unhealthy,        Outcome::cancelled};

std::uint64_t of(const EnricherMetrics& metrics, Outcome outcome) {
  return metrics.outcomes[static_cast<std::size_t>(outcome)];
}

std::string or_dash(std::uint64_t count) { return count == 0 ? "-" : count_text(count); }

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count_text(count), count == 1 ? one : many);
}

std::string mean(Duration total, std::uint64_t count) {
  return count == 0 ? "-" : duration_text(total / static_cast<std::int64_t>(count));
}

std::string ratio(Duration sum, Duration wall) {
  if (wall <= Duration::zero()) return "-";
  return fmt::format("{:.1f}",
                     static_cast<double>(sum.count()) / static_cast<double>(wall.count()));
}

std::string name_of(const ExecutionPlan& plan, std::uint32_t node) {
  return printable(plan[node].name, kNameShown);
}

// Where its calls are made; of one that `auto` places also that.
std::string where_text(const PlanNode& node, const EnricherMetrics& metrics) {
  const std::string runs(to_string(metrics.state.runs));
  return node.placement == Placement::automatic ? "auto: " + runs : runs;
}

// Why an enricher with `placement: auto` runs where it does.
std::string auto_text(const EnricherMetrics& metrics) {
  const std::string mean_then = duration_text(metrics.state.moved_at_mean);
  switch (metrics.state.moved) {
    case MoveReason::cheap:
      return fmt::format("moved inline: a call took {} in the pool, less than the way there",
                         mean_then);
    case MoveReason::dear:
      return fmt::format("moved inline and back to the pool for good: a call took {} inline",
                         mean_then);
    case MoveReason::stall:
      return fmt::format("moved inline and back to the pool for good: it held up its shard for {}",
                         mean_then);
    case MoveReason::none:
      break;
  }
  if (metrics.timed_calls == 0) return "stays in the pool: no call was measured";
  return fmt::format("stays in the pool: {} of {} in the mean measured",
                     plural(metrics.timed_calls, "call", "calls"), duration_text(metrics.mean()));
}

std::string counts_text(const RunReport& report, const Console& console) {
  const RunCounts& counts = report.counts;
  std::string text = console.bold(fmt::format("{} events read, {} written", count_text(counts.read),
                                              count_text(counts.written))) +
                     fmt::format(" in {}: {} events/s\n", duration_text(report.elapsed),
                                 rate_text(counts.read, report.elapsed));
  std::vector<std::string> rest;
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) rest.push_back(fmt::format("{} {}", count_text(count), what));
  };
  add(counts.malformed, "malformed");
  add(counts.dead_lettered, "to the dead letters");
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    add(counts.dropped[i], fmt::format("dropped ({})", to_string(static_cast<DropReason>(i))));
  }
  add(counts.held, report.sink_closed ? "not taken by the reader of the output" : "not written");
  rest.push_back(
      fmt::format("{} in, {} out", bytes_text(counts.bytes_in), bytes_text(counts.bytes_out)));
  text += fmt::format("{}\n", fmt::join(rest, ", "));
  if (!counts.balanced()) text += "These figures do not add up: this is a bug of logbraid's.\n";
  return text;
}

std::string enrichers_text(const RunReport& report, const ExecutionPlan& plan) {
  TextTable table({{"enricher", Align::left},
                   {"where", Align::left},
                   {"calls"},
                   {"ok"},
                   {"no match"},
                   {"error"},
                   {"timeout"},
                   {"skipped"},
                   {"mean"},
                   {"p99"}});
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    const EnricherMetrics& metrics = report.metrics.enrichers[node];
    std::uint64_t skipped = 0;
    for (const Outcome outcome : kSkips) skipped += of(metrics, outcome);
    const bool timed = metrics.timed_calls > 0;
    table.add_row(
        {name_of(plan, node), where_text(plan[node], metrics), count_text(metrics.calls()),
         or_dash(of(metrics, Outcome::ok)), or_dash(of(metrics, Outcome::no_match)),
         or_dash(of(metrics, Outcome::error)), or_dash(of(metrics, Outcome::timeout)),
         or_dash(skipped), timed ? duration_text(metrics.mean()) : "-",
         metrics.latency.count() > 0 ? duration_text(metrics.latency.quantile(0.99)) : "-"});
  }
  return table.to_string();
}

// What the table has no room for.
std::string remarks_text(const RunReport& report, const ExecutionPlan& plan) {
  std::string text;
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    const EnricherMetrics& metrics = report.metrics.enrichers[node];
    const std::string name = name_of(plan, node);
    std::vector<std::string> skips;
    for (const Outcome outcome : kSkips) {
      if (of(metrics, outcome) == 0) continue;
      skips.push_back(fmt::format("{} {}", count_text(of(metrics, outcome)), to_string(outcome)));
    }
    if (!skips.empty()) text += fmt::format("  {}: skipped: {}\n", name, fmt::join(skips, ", "));
    const bool may_wait = metrics.state.runs != Placement::inline_;
    if (may_wait && metrics.timed_calls > 0 && metrics.waited > metrics.busy) {
      text += fmt::format(
          "  {}: calls waited {} before they could start: raise execution.max_parallel_threads or "
          "max_in_flight\n",
          name, duration_text(metrics.waited / static_cast<std::int64_t>(metrics.timed_calls)));
    }
    if (plan[node].placement == Placement::automatic) {
      text += fmt::format("  {}: {}\n", name, auto_text(metrics));
    }
    if (metrics.state.breaker_opened > 0) {
      text += fmt::format("  {}: its circuit breaker opened {}; at the end it is {}\n", name,
                          plural(metrics.state.breaker_opened, "time", "times"),
                          metrics.state.breaker_state);
    }
    if (metrics.retries > 0) {
      text +=
          fmt::format("  {}: {}\n", name,
                      plural(metrics.retries, "call was tried again", "calls were tried again"));
    }
    if (metrics.state.stalls > 0) {
      text += fmt::format("  {}: held up its shard {}\n", name,
                          plural(metrics.state.stalls, "time", "times"));
    }
    if (metrics.late > 0) {
      text += fmt::format("  {}: {} came after the deadline and were dropped\n", name,
                          plural(metrics.late, "result", "results"));
    }
    if (!metrics.first_error.empty()) {
      text +=
          fmt::format("  {}: first error: {}\n", name, printable(metrics.first_error, kErrorShown));
    }
  }
  return text;
}

// Of those that ask a service: how many of its keys never got there.
std::string lookups_text(const RunReport& report, const ExecutionPlan& plan) {
  TextTable table({{"look-up", Align::left},
                   {"keys"},
                   {"from cache"},
                   {"shared"},
                   {"requests"},
                   {"keys each"},
                   {"p50"},
                   {"p99"},
                   {"failed"},
                   {"cache"}});
  bool any = false;
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    const auto& lookup = report.metrics.enrichers[node].lookup;
    if (!lookup) continue;
    any = true;
    const std::uint64_t hits = lookup->hits + lookup->hits_not_found + lookup->hits_error;
    const std::uint64_t keys = hits + lookup->misses + lookup->joined;
    const auto share = [keys](std::uint64_t part) {
      return keys == 0 ? std::string("-")
                       : fmt::format("{:.1f} %",
                                     100 * static_cast<double>(part) / static_cast<double>(keys));
    };
    const std::uint64_t requests = lookup->requests;
    table.add_row({name_of(plan, node), count_text(keys), share(hits), share(lookup->joined),
                   count_text(requests),
                   requests == 0 ? "-"
                                 : fmt::format("{:.1f}", static_cast<double>(lookup->keys) /
                                                             static_cast<double>(requests)),
                   requests == 0 ? "-" : duration_text(lookup->latency.quantile(0.5)),
                   requests == 0 ? "-" : duration_text(lookup->latency.quantile(0.99)),
                   or_dash(lookup->failed), bytes_text(lookup->cache_bytes)});
  }
  return any ? "\n" + table.to_string() : "";
}

// Of those with a life cycle in which something failed.
std::string health_text(const RunReport& report) {
  std::string text;
  for (const HealthReport& health : report.health) {
    const std::string name = printable(health.enricher, kNameShown);
    if (!health.first_error.empty()) {
      const std::string_view state = !health.healthy               ? "is unhealthy: "
                                     : health.times_unhealthy == 0 ? ""
                                                                   : "was unhealthy: ";
      text += fmt::format("  {}: {}{}\n", name, state, printable(health.first_error, kErrorShown));
    }
    if (health.running) {
      text += fmt::format("  {}: its {} has not come back\n", name, to_string(*health.running));
    }
  }
  return text;
}

std::string groups_text(const RunReport& report, const ExecutionPlan& plan) {
  TextTable table({{"group"}, {"wall"}, {"sum of calls"}, {"overlap"}, {"enrichers", Align::left}});
  const auto& groups = plan.groups();
  for (std::size_t level = 0; level < groups.size(); ++level) {
    const GroupMetrics& metrics = report.metrics.groups[level];
    std::vector<std::string> names;
    for (const std::uint32_t node : groups[level]) names.push_back(name_of(plan, node));
    table.add_row({std::to_string(level + 1), mean(metrics.wall, metrics.events),
                   mean(metrics.sum, metrics.events), ratio(metrics.sum, metrics.wall),
                   wrapped(fmt::format("{}", fmt::join(names, ", ")), kNamesWidth)});
  }
  return table.to_string();
}

std::string overlap_text(const RunReport& report, const ExecutionPlan& plan,
                         const ExecutionOptions& options, const Console& console) {
  const GroupMetrics& events = report.metrics.events;
  if (events.events == 0 || plan.size() == 0) return "";
  const std::string calls = plural(plan.size(), "enricher", "enrichers");
  if (options.mode == Mode::sequential) {
    return fmt::format("Sequential: {} took {} an event, one after the other\n", calls,
                       mean(events.wall, events.events));
  }
  return fmt::format(
             "Parallel against sequential: the calls of {} add up to {} an event and were done in "
             "{}: ",
             calls, mean(events.sum, events.events), mean(events.wall, events.events)) +
         console.bold("overlap " + ratio(events.sum, events.wall)) + "\n";
}

// How near the events came to what no schedule could beat. Where nothing waits there is nothing to
// say: the calls of an event follow each other, whatever the graph.
std::string critical_path_text(const RunReport& report, const ExecutionOptions& options) {
  const EventMetrics& events = report.metrics.events;
  if (events.latency.count() == 0 || options.mode == Mode::sequential) return "";
  if (events.wall <= Duration::zero()) return "";
  return fmt::format("Critical path: {} of the {} of an event ({:.0f} %), whose p99 is {}\n",
                     mean(events.critical_path, events.events), mean(events.wall, events.events),
                     100 * static_cast<double>(events.critical_path.count()) /
                         static_cast<double>(events.wall.count()),
                     duration_text(events.latency.quantile(0.99)));
}

// Of `sequential_share`.
std::string speed_up_text(const RunReport& report, const Console& console) {
  const EventMetrics& parallel = report.metrics.events;
  const EventMetrics& sequential = report.metrics.in_sequence;
  if (parallel.events == 0 || sequential.events == 0) return "";
  return fmt::format("Measured: {} in sequence took {} on average, the others {}: ",
                     plural(sequential.events, "event", "events"),
                     mean(sequential.wall, sequential.events),
                     mean(parallel.wall, parallel.events)) +
         console.bold("speed-up " + ratio(sequential.mean_wall(), parallel.mean_wall())) +
         fmt::format(" (of the medians {})\n",
                     ratio(sequential.latency.quantile(0.5), parallel.latency.quantile(0.5)));
}

std::string order_text(const RunReport& report) {
  const OrderWaiting& waiting = report.metrics.order_waiting;
  if (waiting.sum <= Duration::zero()) return "";
  return fmt::format(
      "Order: events that were done waited {} on average behind earlier ones, p99 {}\n",
      mean(waiting.sum, waiting.events), duration_text(waiting.histogram.quantile(0.99)));
}

std::string process_text(const RunReport& report) {
  const ProcessMetrics& process = report.process;
  const double cores = report.elapsed <= Duration::zero()
                           ? 0
                           : static_cast<double>(process.cpu().count()) /
                                 static_cast<double>(report.elapsed.count());
  return fmt::format("Process: {} CPU ({:.2f} cores), {} peak memory ({} of events), {}, {}\n",
                     duration_text(process.cpu()), cores, bytes_text(process.resident_peak_bytes),
                     bytes_text(report.memory_peak), plural(report.shards, "shard", "shards"),
                     plural(report.pool.threads, "pool thread", "pool threads"));
}

}  // namespace

std::string summary_text(const RunReport& report, const ExecutionPlan& plan,
                         const ExecutionOptions& options, const Console& console) {
  std::string text = "\n" + counts_text(report, console);
  if (plan.size() > 0) {
    text += "\n" + enrichers_text(report, plan) + remarks_text(report, plan) + health_text(report);
    text += lookups_text(report, plan);
    text += "\n" + groups_text(report, plan);
  }
  text += "\n" + overlap_text(report, plan, options, console);
  text += critical_path_text(report, options);
  text += speed_up_text(report, console);
  text += order_text(report);
  text += process_text(report);
  if (report.metrics.conflicts > 0) {
    text += plural(report.metrics.conflicts, "value was", "values were") +
            " replaced because an enricher set a field below\n";
  }
  if (report.calls_still_out > 0) {
    text += plural(report.calls_still_out, "call has", "calls have") + " not come back\n";
  }
  return text;
}

}  // namespace logbraid::cli
