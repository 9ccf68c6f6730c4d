#pragma once

#include <string>
#include <vector>

#include "logbraid/plan.h"
#include "logbraid/result.h"

namespace logbraid {

// Which of the enrichers asked for are in the plan at all.
struct EnabledNodes {
  std::vector<PlanNode> nodes;  // in the order asked for
  std::vector<DisabledEnricher> disabled;
  std::vector<std::string> warnings;
};

// Leaves out those whose conditions no event can meet, and with them those that require them: they
// could never run either. A plain dependency on what is left out is ignored.
//
// `unregistered`: names they depend on that nobody registered, sorted.
// Errors: conditions that cannot be compiled; with `strict` a dependency that is not registered.
Result<EnabledNodes> choose_enabled(std::vector<PlanNode> nodes,
                                    const std::vector<std::string>& unregistered,
                                    const PlanOptions& options);

}  // namespace logbraid
