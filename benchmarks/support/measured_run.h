#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>

#include "engine/pipeline.h"

namespace logbraid::bench {

// A run of a pipeline with what the process used meanwhile.
struct MeasuredRun {
  RunReport report;
  double seconds = 0;
  double cpu_seconds = 0;
  double resident_mib = 0;  // the most beyond what the process had before
  double threads = 0;       // the most

  double cores() const { return cpu_seconds / seconds; }
  std::uint64_t outcomes(std::uint32_t node, Outcome outcome) const {
    return report.metrics.enrichers[node].outcomes[static_cast<std::size_t>(outcome)];
  }
};

// `parts` without a reader: JSON lines. Looks at the process 20 times a second, on a thread of its
// own. A run that does not balance ends the program.
MeasuredRun measured_run(PipelineParts parts);

// CPU, memory and threads beside a row's figure.
void report_use(benchmark::State& state, const MeasuredRun& run);

// The size of a benchmark: the full one, or what only shows that it runs and its results are right
// (scripts/run_benchmarks.py --smoke).
template <class T>
T full_or_smoke(T full, T smoke) {
  static const bool is_smoke = std::getenv("LOGBRAID_BENCHMARK_SMOKE") != nullptr;
  return is_smoke ? smoke : full;
}

}  // namespace logbraid::bench
