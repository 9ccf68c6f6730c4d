#pragma once

#include <cstdint>
#include <vector>

#include "engine/batch_run.h"
#include "engine/event_times.h"
#include "engine/guarded_call.h"
#include "engine/start_graph.h"
#include "logbraid/clock.h"
#include "logbraid/timer.h"

namespace logbraid {

class PlanRunner;
struct Call;

// One event in the window. Used again for another event when it is done and nothing that is ready
// points at it.
struct EventRun : Timer {
  EventRun(PlanRunner& owner, Fire on_due) : Timer(on_due), runner(owner) {}

  PlanRunner& runner;
  BatchRun* run = nullptr;  // null: not in use
  std::uint32_t index = 0;  // in its batch
  std::uint64_t use = 0;    // raised when it ends: what still points here points at nothing
  Slot slot;
  const StartGraph* graph = nullptr;  // what it started with; placements may change meanwhile
  std::uint32_t open = 0;             // nodes without an outcome
  std::uint32_t level = 0;            // the group whose end the timer waits for
  bool sampled = false;
  bool in_sequence = false;  // runs one after another, for comparison
  Call* calls = nullptr;     // started and not ended, in no order
  TimePoint admitted;
  std::vector<std::uint32_t> pending;  // by node of the start graph
  EventTimes times;                    // where sampled
};

}  // namespace logbraid
