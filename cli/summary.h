#pragma once

#include <string>

#include "cli/console.h"
#include "engine/pipeline.h"
#include "logbraid/execution.h"
#include "logbraid/plan.h"

namespace logbraid::cli {

// What a run did, as the agent prints it at the end: counts and rate, a row an enricher, a row a
// group, what ran at once, and what the process used.
std::string summary_text(const RunReport& report, const ExecutionPlan& plan,
                         const ExecutionOptions& options, const Console& console);

}  // namespace logbraid::cli
