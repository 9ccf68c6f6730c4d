#pragma once

#include <string>
#include <string_view>

#include "engine/pipeline.h"
#include "logbraid/result.h"

namespace logbraid {

// What a pipeline made of a sample.
struct SampleRun {
  RunReport report;
  std::string output;
  std::string dead_letters;
};

// Runs a pipeline from memory to memory; `parts` are those without source and sinks.
//
// Errors:   those of Pipeline::create() and of the run.
// Blocking: until the sample is through, and every call that was given up has come back.
Result<SampleRun> run_sample(PipelineParts parts, std::string_view sample);

}  // namespace logbraid
