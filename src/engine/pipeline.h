#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dependency_watch.h"
#include "engine/finished_part.h"
#include "engine/run_counts.h"
#include "format/reader.h"
#include "logbraid/clock.h"
#include "logbraid/execution.h"
#include "logbraid/lifecycle.h"
#include "logbraid/metrics.h"
#include "logbraid/overflow.h"
#include "logbraid/plan.h"
#include "logbraid/process_metrics.h"
#include "logbraid/result.h"
#include "logbraid/sink.h"
#include "logbraid/source.h"
#include "resilience/circuit_breaker.h"

namespace logbraid {

class LookupRecording;

// What a pipeline is put together from.
struct PipelineParts {
  std::unique_ptr<Source> source;
  std::function<std::unique_ptr<Reader>()> make_reader;  // called once a shard
  std::shared_ptr<const ExecutionPlan> plan;
  ExecutionOptions options;
  OverflowOptions overflow;
  OnMalformed on_malformed = OnMalformed::keep;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Sink> dead_letter;  // needed for OnMalformed::dead_letter
  LocalHour local_hour;               // for conditions with a time range
  WatchOptions watch;                 // for dependencies that nobody declared
  // Each of them that is found, once, as a sentence with the line that declares it; from a shard's
  // thread. May be empty.
  std::function<void(const std::string&)> on_hidden_dependency;
  // An enricher that holds up a shard's loop, from a thread of its own, while it lasts. May be
  // empty.
  std::function<void(std::string_view enricher, Duration lasted)> on_stall;
  // A circuit breaker that has changed its state: in order, from a thread that runs calls and waits
  // for it. May be empty.
  std::function<void(std::string_view enricher, const BreakerChange& change)> on_breaker_change;
  // The first few refused lines, as they pass, from the output's thread. May be empty.
  std::function<void(const MalformedLine&)> on_malformed_line;
  // What services answer is written down there, or taken from there. May be null.
  std::shared_ptr<LookupRecording> recording;
};

// What a run did.
struct RunReport {
  RunCounts counts;
  Duration elapsed{};
  RunMetrics metrics;  // nodes in plan order
  WatchReport watched;
  std::vector<HealthReport> health;  // of enrichers that have a life cycle
  unsigned shards = 0;
  PoolMetrics pool;
  PlanUses plan_uses;                 // a use is a batch that begins
  ProcessMetrics process;             // before the run's threads ended
  std::uint32_t calls_still_out = 0;  // calls that were given up and have not come back
  std::size_t memory_peak = 0;        // bytes of the memory budget, the most at one time
  bool sink_closed = false;           // the reader of the output went away: the run ended early
  std::optional<Error> error;         // reading, writing or `on_malformed: fail`

  // Code of an enricher still runs: the pipeline's destructor waits for it.
  bool waits_for_enrichers() const {
    return calls_still_out > 0 || std::any_of(health.begin(), health.end(), [](const auto& each) {
             return each.running.has_value();
           });
  }
};

// Source -> batches -> shards -> output, once, from the first byte to the last. Enrichers that have
// a life cycle begin to start when it is made, before the first byte is read, and are stopped at
// the end of run().
//
// Threads:  run() from one thread, which writes the output; interrupt() and counts() from any,
//           interrupt() from signal handlers too.
// Lifetime: keep it until run() has returned. The destructor waits for pool calls and code of life
//           cycles that still run: a program that must end leaves by _exit after run().
// Errors:   those of the configuration when it is made; those of the run in the report.
// Blocking: run() until the source has ended, or interrupt() was called and what was read is
//           written; at either end as long as starts and stops may take.
class Pipeline {
 public:
  static Result<std::unique_ptr<Pipeline>> create(PipelineParts parts);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  RunReport run();
  void interrupt() noexcept;
  RunCounts counts() const;
  const Source& source() const;

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Cores this process may use: its affinity and its cgroup's quota, at least 1.
unsigned usable_cores();

}  // namespace logbraid
