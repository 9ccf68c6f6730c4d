#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/batch_run.h"
#include "engine/engine_plan.h"
#include "logbraid/owned_event.h"

namespace logbraid {

// The events of one call of an engine on their way, and afterwards the memory of their results.
//
// Threads:  one at a time until the batch is done. Then the caller reads events, patches, outcomes
//           and reasons, which nobody changes any more; late calls still use the batch's arena and
//           the counts, on the shard.
// Lifetime: as long as the caller has a result, or the shard a call that is late (`kept`).
struct EnrichRun : BatchRun {
  EnrichRun(std::shared_ptr<const EnginePlan> through, std::unique_ptr<Batch> batch,
            std::vector<OwnedEvent> from = {})
      : BatchRun(std::move(batch), through->plan->size(), through->status(), true),
        plan(std::move(through)),
        sources(std::move(from)) {}

  const std::shared_ptr<const EnginePlan> plan;
  // Until no call of it runs: its enrichers are not stopped before. On a caller's own thread its
  // lane has it.
  std::shared_ptr<const LifecycleThread::Lease> lease;
  const std::vector<OwnedEvent> sources;  // whose memory the events stand in, if not the batch's
  // Called once, on the shard, when each event has all its outcomes.
  std::function<void(std::shared_ptr<EnrichRun>)> done;
  std::shared_ptr<EnrichRun> kept;  // itself, while a shard needs it
};

}  // namespace logbraid
