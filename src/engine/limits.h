#pragma once

#include <vector>

#include "logbraid/clock.h"
#include "logbraid/execution.h"
#include "logbraid/plan.h"

namespace logbraid {

// The time limits of a plan, all of them known: what is set stretches the wider limits that are not
// set and caps the narrower ones that are not (resilience.md, "Timeouts").
struct Limits {
  std::vector<Duration> enricher;  // by node: from the start of a call
  // By level: from the event's admission to the end of that group: the budgets of the groups up to
  // it, at most `event`.
  std::vector<Duration> group_end;
  Duration event{};
};

Limits limits_of(const ExecutionPlan& plan, const ExecutionOptions& options);

}  // namespace logbraid
