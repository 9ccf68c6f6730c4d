#pragma once

#include <string>

#include "engine/guarded_call.h"
#include "logbraid/execution.h"
#include "logbraid/plan.h"

namespace logbraid {

// Puts what became of an event's enrichers into the event: a patch of its own behind those of the
// enrichers, so it is written last and seen by none.
//
// Threads: the shard's.
class StatusField {
 public:
  StatusField(const ExecutionPlan& plan, const StatusOptions& options);

  // The event has all its outcomes, and its row a place for the status.
  void write(const Slot& slot) const;

 private:
  const ExecutionPlan& plan_;
  const StatusOptions options_;
  std::vector<std::string> quoted_names_;  // by node, as JSON writes them
};

}  // namespace logbraid
