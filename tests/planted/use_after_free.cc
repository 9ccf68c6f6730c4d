// A pool call that reads its event after the event was given up and written. With
// LOGBRAID_PLANTED_USE_AFTER_FREE it does not hold its batch, which is gone by then.

#include <cstdio>

#include "tests/support/plan_driver.h"

int main() {
  using namespace logbraid;
  using namespace logbraid::test;
  PlanPart late = part("late", Placement::pool, {Step::What::hangs, {}});
  late.script->looks_at.emplace_back("message");
  late.script->hang = std::make_shared<std::latch>(1);
  late.script->hanging = std::make_shared<std::latch>(1);
  PlanDriver driver(plan_of({late}), {});
  driver.add({"x"});
  driver.step(false);
  late.script->hanging->wait();
  driver.run(/*wait_for_pool=*/false);
  late.script->hang->count_down();
  driver.wait_for_late_calls();
  const bool done = driver.outcome(0, "late") == Outcome::timeout;
  std::puts(done ? "done" : "not done");
  return done ? 0 : 1;
}
