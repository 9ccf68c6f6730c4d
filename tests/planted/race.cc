// Two pool calls that run at the same time. With LOGBRAID_PLANTED_RACE each counts, on its own
// thread, what only the shard may count.

#include <cstdio>

#include "tests/support/plan_driver.h"

int main() {
  using namespace logbraid;
  using namespace logbraid::test;
  PlanPart a = part("a", Placement::pool, {Step::What::hangs, {}});
  PlanPart b = part("b", Placement::pool, {Step::What::hangs, {}});
  // Each waits until the other has begun, so neither thread hears of what the other does after.
  const auto both_run = std::make_shared<std::latch>(2);
  for (const PlanPart& each : {a, b}) each.script->hanging = each.script->hang = both_run;
  PlanDriver driver(plan_of({a, b}), {});
  driver.add({"x"});
  driver.run();
  const bool done = driver.outcome(0, "a") == Outcome::ok && driver.outcome(0, "b") == Outcome::ok;
  std::puts(done ? "done" : "not done");
  return done ? 0 : 1;
}
