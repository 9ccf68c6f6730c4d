#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "async/thread_role.h"
#include "async/timers.h"
#include "engine/enrich_run.h"
#include "engine/plan_runner.h"
#include "logbraid/plan_cache.h"

namespace logbraid {

// What a caller's thread needs to take events through an inline plan itself: a runner of its own,
// for as long as the call lasts.
//
// Threads:  one at a time.
// Lifetime: borrows what is in Parts.
// Blocking: never, but for what the enrichers do.
class InlineLane final : private PlanRunnerEvents {
 public:
  struct Parts {
    PlanCache& plans;
    const std::vector<std::string>& names;
    const ExecutionOptions& options;
    const Clock& clock;
    const LocalHour& local_hour;
    Pool& pool;
  };
  explicit InlineLane(const Parts& parts)
      : parts_(parts), snapshot_(parts.plans, parts.names), timers_(parts.clock.now()) {}

  // Null while the names have never resolved.
  const std::shared_ptr<const ExecutionPlan>& current() { return snapshot_.get(); }
  // The plan that was last run here, as the engine shares it. May be null.
  const std::shared_ptr<const EnginePlan>& plan() const { return leased_.plan; }
  const std::shared_ptr<const LifecycleThread::Lease>& lease() const { return leased_.lease; }
  void set_plan(LeasedPlan leased) {
    counted_.reset();
    runner_.reset();  // of an inline plan nothing is ever in flight between two calls
    leased_ = std::move(leased);
  }

  // All events of a run through plan(), which is inline; one that moves away meanwhile ends here.
  void run(EnrichRun& run) {
    const ThreadRoleScope role(ThreadRole::enricher);
    if (!runner_) {
      PlanRunner::Parts runner{*plan()->plan, parts_.options,    plan()->state, timers_,
                               parts_.clock,  parts_.local_hour, parts_.pool,   [](Posted&) {},
                               *this,         activity_};
      runner.in_place = true;
      runner_.emplace(std::move(runner));
      counted_.emplace(*plan()->board, *plan(), *runner_);
    }
    timers_.advance(parts_.clock.now());
    while (run.admitted < run.events()) {
      runner_->admit(run, std::min(PlanRunner::kInlineSlice, run.events() - run.admitted));
    }
  }

 private:
  void batch_done(BatchRun& run) override { run.written = true; }
  void batch_released(BatchRun&) override {}

  const Parts parts_;
  PlanSnapshot snapshot_;
  Timers timers_;
  LeasedPlan leased_;
  Activity activity_;  // nobody looks: it is the caller's thread that would be held up
  std::optional<PlanRunner> runner_;
  std::optional<MetricsBoard::Entry> counted_;
};

}  // namespace logbraid
