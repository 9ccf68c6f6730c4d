#pragma once

#include <string>

#include "engine/pipeline.h"
#include "logbraid/plan.h"

namespace logbraid {

// What a run did as one JSON document, its members those of metrics/names.h: for programs.
// docs/metrics.md describes them.
std::string run_stats_json(const RunReport& report, const ExecutionPlan& plan);

}  // namespace logbraid
