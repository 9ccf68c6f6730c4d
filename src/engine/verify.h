#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dependency_watch.h"
#include "engine/pipeline.h"
#include "logbraid/result.h"

namespace logbraid {

// Whether a plan does what its configuration says: a sample is run in sequence, every event watched
// for dependencies that nobody declared, then in sequence again and several times in parallel; the
// outputs must be the same.

// A field that came out otherwise in one of the runs.
struct VerifyDifference {
  std::uint64_t line = 0;           // of the output, from 1
  std::string run;                  // "in parallel, schedule levels, 2 shards"
  std::string field;                // top-level; empty: the whole line
  std::string in_first_run;         // as JSON; empty: it is not there
  std::string in_this_run;          // the same
  std::vector<std::string> causes;  // sentences
};

struct VerifyReport {
  // Differences that are kept; all are counted.
  static constexpr std::size_t kMaxDifferences = 20;

  std::uint64_t events = 0;
  unsigned sequential_runs = 0;
  unsigned parallel_runs = 0;
  WatchReport watched;
  std::vector<VerifyDifference> differences;
  std::uint64_t lines_that_differ = 0;  // over all runs

  // The same output in each run, and nothing hidden.
  bool passed() const { return lines_that_differ == 0 && watched.hidden.empty(); }
};

// `parts` are those without source and sinks; their mode does not matter. What volatile enrichers
// write is not compared.
//
// Errors:   those of a run (Pipeline::run).
// Blocking: for `rounds` + 2 runs over the sample.
Result<VerifyReport> verify(const PipelineParts& parts, std::string_view sample, unsigned rounds);

// For people: a paragraph an enricher with what it was seen to read and write, then what is wrong.
std::string verify_as_text(const ExecutionPlan& plan, const VerifyReport& report);
// {"passed", "events", "enrichers": [{"name", "reads": [{"field", "events", "declared"}],
//  "writes": [...]}], "hidden": [{"reader", "writer", "field", "events", "fix"}],
//  "lines_that_differ", "differences": [{"line", "run", "field", "in_first_run", "in_this_run",
//  "causes"}]}
std::string verify_as_json(const ExecutionPlan& plan, const VerifyReport& report);

}  // namespace logbraid
