#pragma once

#include <string>

#include "logbraid/metadata.h"
#include "logbraid/plan.h"
#include "logbraid/result.h"

namespace logbraid {

// Conditions with what no event can change taken out.
struct CompiledConditions {
  std::string disabled_because;  // not empty: off for every event
  EventConditions per_event;     // the rest
};

// Decides what no event can change and compiles the rest.
//
// The environment and feature flags come from the settings, else from variables, never from events:
// no event can switch an enricher on. Every other key that the settings give (level, path ...)
// beats the event's field of that name, and is decided here as well.
class ConditionCompiler {
 public:
  // Errors: a path pattern that RE2 refuses, hours out of 0 to 23.
  static Result<CompiledConditions> compile(const Conditions& conditions,
                                            const PlanOptions& options);
};

}  // namespace logbraid
