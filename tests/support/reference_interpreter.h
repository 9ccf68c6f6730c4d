#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "logbraid/outcome.h"
#include "logbraid/plan.h"
#include "tests/support/random_plan.h"

namespace logbraid::test {

// What must become of one event.
struct Expected {
  std::string line;               // as it is written, without its line end
  std::vector<Outcome> outcomes;  // by node of the plan
  bool dropped = false;
  std::string dead_letter;  // empty: none; else the line with its reason
};

// Takes one event through a random plan the simplest way there is: one enricher after another, in
// plan order, each seeing its ancestors' patches. It knows no time, no thread and no batch, and
// shares no code with the engine but the names of outcomes. Breakers are off.
//
// `made`: what the engine made of the event, where limits of groups and events cut calls short.
// Since it knows no time, a call that is said to have timed out, or not to have had the time for
// another attempt, has: all else must be what follows from that.
Expected interpret(const RandomPlan& plan, const ExecutionPlan& resolved, std::uint64_t event,
                   const std::vector<Outcome>& made = {});

}  // namespace logbraid::test
