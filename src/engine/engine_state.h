#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/gate.h"
#include "engine/engine_shard.h"
#include "engine/inline_lane.h"
#include "engine/metrics_board.h"
#include "engine/pool.h"
#include "engine/watchdog.h"
#include "logbraid/engine.h"
#include "logbraid/plan_cache.h"

namespace logbraid {

// What an engine consists of. Engine and CloseReport share it: the last of them takes it down.
//
// Threads:  any, but close() from one.
// Lifetime: borrows the registry until it is closed.
// Blocking: the destructor waits until nothing is under way.
class EngineState {
 public:
  EngineState(const Registry& registry, std::vector<std::string> names, EngineOptions options);
  ~EngineState();
  EngineState(const EngineState&) = delete;
  EngineState& operator=(const EngineState&) = delete;

  // A lane for the caller's thread, its plan the current one. Back with give_back().
  std::unique_ptr<InlineLane> take_lane();
  void give_back(std::unique_ptr<InlineLane> lane);

  // To the shard that has the least to do.
  void submit(const InlineLane& lane, std::shared_ptr<EnrichRun> run);
  Gate& gate() { return gate_; }
  // Makes the first plan and starts its enrichers: from then on there always is one.
  Result<void> open();
  EngineMetrics metrics();

  std::vector<CloseReport::StillRunning> close(Duration within);
  // After close(): until nothing is under way any more, callers' threads included.
  bool wait_until_quiet(TimePoint deadline);
  TimePoint after(Duration duration) const;

 private:
  Result<std::shared_ptr<const ExecutionPlan>> resolve();
  LeasedPlan shared(const std::shared_ptr<const ExecutionPlan>& current);
  LeasedPlan lease(const std::shared_ptr<const ExecutionPlan>& plan);
  void offer(const std::shared_ptr<const ExecutionPlan>& current);
  void take_over(LeasedPlan newest);
  void tell(unsigned shard, EngineShard::Remainder remainder);
  bool wait_until_uncalled(TimePoint deadline);
  void give_leases_back();
  std::vector<CloseReport::StillRunning> give_up_calls();
  void wait_for_answers(std::unique_lock<std::mutex>& lock);
  void end_lives(std::vector<CloseReport::StillRunning>& left, TimePoint deadline);
  LifecycleThread* lifecycle();
  bool shards_are_quiet() const;
  void report(const Stall& stall);

  const EngineOptions options_;
  const std::vector<std::string> names_;
  SteadyClock clock_;
  const unsigned cores_;
  PlanCache plans_;
  Gate gate_;

  const std::shared_ptr<MetricsBoard> board_ = std::make_shared<MetricsBoard>();

  std::mutex lanes_mutex_;  // guards what follows
  // That of the newest registry that resolved. Idle lanes hold no other, so that an old plan goes.
  LeasedPlan newest_;
  LeasedPlan coming_;  // a newer one whose enrichers are being started; null: none
  std::vector<std::unique_ptr<InlineLane>> lanes_;
  std::uint64_t plan_uses_ = 0;
  // Where a plan has enrichers with a life cycle. Once it is there it stays.
  std::optional<LifecycleThread> lifecycle_;

  std::mutex quiet_mutex_;  // guards told_
  std::condition_variable quiet_;
  std::vector<std::optional<EngineShard::Remainder>> told_;  // by shard, its last word

  // The order of destruction: the pool first, so that its late calls find their shards.
  std::vector<std::unique_ptr<EngineShard>> shards_;
  Pool pool_;
  std::optional<Watchdog> watchdog_;  // looks at the shards
};

}  // namespace logbraid
