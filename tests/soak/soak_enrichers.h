#pragma once

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>

#include "logbraid/plan.h"

namespace logbraid::soak {

// What is alive of the enrichers' own code; all 0 when a run has left nothing behind.
struct Alive {
  std::atomic<std::int64_t> calls{0};       // of synchronous enrichers
  std::atomic<std::int64_t> coroutines{0};  // frames
  std::latch let_go{1};                     // what hangs to the end waits for it
};

// Eight enrichers in every placement and form that succeed, find nothing, fail, throw, hang and
// come late, as a hash of the event's number and `seed` decides; with breakers, retries, a
// fallback, events that are dropped and events that become dead letters. `alive` outlives every
// call.
std::shared_ptr<const ExecutionPlan> soak_plan(std::uint64_t seed, Alive& alive);

}  // namespace logbraid::soak
