#pragma once

#include <functional>
#include <memory>

#include "logbraid/clock.h"
#include "logbraid/plan.h"
#include "logbraid/registry.h"
#include "tests/support/hangs.h"
#include "tests/support/ledger.h"
#include "tests/support/random_plan.h"

namespace logbraid::test {

// What the enrichers of a random plan share in one run.
struct RandomRun {
  // `unit`: what one step of a delay takes.
  RandomRun(std::uint64_t events, Duration unit_of_time) : ledger(events), unit(unit_of_time) {}

  Ledger ledger;
  Hangs hangs;
  const Duration unit;
  // Computes for so long, where an enricher is inline by its own wish; unset: it takes no time.
  std::function<void(Duration)> compute;
};

// Enrichers that do what `plan` says, in their places; the run's ledger watches them. `plan` and
// `run` outlive every call. A plan that does not resolve throws.
std::shared_ptr<const ExecutionPlan> resolve(const RandomPlan& plan, RandomRun& run);
// The same in a registry, for those who resolve on their own.
void register_nodes(const RandomPlan& plan, RandomRun& run, Registry& registry);

}  // namespace logbraid::test
