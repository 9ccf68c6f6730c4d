// Pool calls that end at the same time. With LOGBRAID_PLANTED_RACE each counts on its own thread
// what only the shard may count.

#include <cstdio>

#include "tests/support/plan_driver.h"

int main() {
  using namespace logbraid;
  using namespace logbraid::test;
  ExecutionOptions options;
  options.max_parallel_threads = 4;
  PlanDriver driver(plan_of({part("a", Placement::pool), part("b", Placement::pool)}), options);
  driver.add(std::vector<std::string>(50, "x"));
  driver.run();
  const bool done = driver.done() == 50 && driver.outcome(49, "b") == Outcome::ok;
  std::puts(done ? "done" : "not done");
  return done ? 0 : 1;
}
