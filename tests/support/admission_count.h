#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/support/plan_driver.h"

namespace logbraid::test {

// Counts how many events have been let in and not been served, on one shard: an inline enricher
// sees each event that comes in, a service of which few calls are allowed each that goes on.
//
// Threads:  the shard's; the caller's before and afterwards.
// Lifetime: longer than the plan.
struct AdmissionCount {
  std::vector<PlanPart> parts(std::uint32_t calls_allowed) {
    auto door = std::make_shared<Script>();
    door->name = "door";
    door->writes = FieldPath("door");
    door->step = [this](std::string_view) {
      ++let_in;
      return Step();
    };
    auto service = std::make_shared<Script>();
    service->name = "service";
    service->writes = FieldPath("service");
    service->step = [this](std::string_view) {
      most_waiting = std::max(most_waiting, let_in - served);
      ++served;
      return Step{Step::What::ok, std::chrono::milliseconds(1)};
    };
    PlanPart limited{std::move(service), Placement::async, {}};
    limited.metadata.bulkhead.max_in_flight = calls_allowed;
    limited.metadata.dependencies = {"door"};
    return {{std::move(door), Placement::inline_, {}}, std::move(limited)};
  }

  int let_in = 0;
  int served = 0;
  int most_waiting = 0;
};

}  // namespace logbraid::test
