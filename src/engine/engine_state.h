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

  EngineShard& least_busy();
  Gate& gate() { return gate_; }
  Result<std::shared_ptr<const ExecutionPlan>> resolve();
  EngineMetrics metrics();

  std::vector<CloseReport::StillRunning> close(Duration within);
  // After close(): until nothing is under way any more, callers' threads included.
  bool wait_until_quiet(TimePoint deadline);
  TimePoint after(Duration duration) const;

 private:
  std::shared_ptr<const EnginePlan> shared(const std::shared_ptr<const ExecutionPlan>& current);
  void tell(unsigned shard, EngineShard::Remainder remainder);
  bool shards_are_quiet() const;
  void report(const Stall& stall);

  const EngineOptions options_;
  const std::vector<std::string> names_;
  SteadyClock clock_;
  const unsigned cores_;
  PlanCache plans_;
  Gate gate_;

  const std::shared_ptr<MetricsBoard> board_ = std::make_shared<MetricsBoard>();

  std::mutex lanes_mutex_;  // guards the three below
  // That of the newest registry that resolved. Idle lanes hold no other, so that an old plan goes.
  std::shared_ptr<const EnginePlan> newest_;
  std::vector<std::unique_ptr<InlineLane>> lanes_;
  std::uint64_t plan_uses_ = 0;

  std::mutex quiet_mutex_;  // guards told_
  std::condition_variable quiet_;
  std::vector<std::optional<EngineShard::Remainder>> told_;  // by shard, its last word

  // The order of destruction: the pool first, so that its late calls find their shards.
  std::vector<std::unique_ptr<EngineShard>> shards_;
  Pool pool_;
  std::optional<Watchdog> watchdog_;  // looks at the shards
};

}  // namespace logbraid
