#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "async/loop.h"
#include "engine/enrich_run.h"
#include "engine/plan_runner.h"
#include "engine/pool.h"
#include "logbraid/engine.h"
#include "logbraid/execution.h"

namespace logbraid {

// One worker thread of an engine: takes the events that callers hand in through the plan they
// began with. It has a runner for each plan that has events or late calls; an old one goes with
// the last of them.
//
// Threads:  submit(), outstanding() and asleep() from any thread; watch(), cancel() and stop() from
//           one; the rest from its own.
// Lifetime: stop() and destruction only when nothing is under way. The pool must have ended before
//           the shard is destroyed.
// Blocking: stop() and the destructor wait for the thread.
class EngineShard final : private PlanRunnerEvents {
 public:
  // What is under way here, told after cancel() in each turn.
  struct Remainder {
    std::uint32_t events = 0;
    std::vector<CloseReport::StillRunning> calls;
    bool empty() const { return events == 0 && calls.empty(); }
  };
  struct Parts {
    const ExecutionOptions& options;
    const Clock& clock;
    const LocalHour& local_hour;
    Pool& pool;
    std::function<unsigned()> idle_cores;  // of PlanRunner::Parts
    // From the shard's thread, once watch() was called.
    std::function<void(unsigned shard, Remainder)> tell;
  };

  EngineShard(const Parts& parts, unsigned number);
  ~EngineShard();
  EngineShard(const EngineShard&) = delete;
  EngineShard& operator=(const EngineShard&) = delete;

  // A run with at least one event.
  void submit(std::shared_ptr<EnrichRun> run);
  // Events submitted and not done.
  std::uint32_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }
  bool asleep() const { return loop_.asleep(); }

  // What its thread is doing, for a watchdog.
  const Activity& activity() const { return loop_.activity(); }

  // From now on tells what is under way whenever that may have changed.
  void watch();
  // Gives up all that is under way, and whatever is still submitted: `cancelled`.
  void cancel();
  void stop();

 private:
  struct Arrival;
  struct Order;
  struct Running {
    Running(std::shared_ptr<const EnginePlan> of, EngineShard& shard);
    const std::shared_ptr<const EnginePlan> plan;
    PlanRunner runner;
    const MetricsBoard::Entry counted;
  };

  void post(void (EngineShard::*what)());
  bool turn();  // true when there is more to do at once
  bool admit();
  void finish();
  void drop_idle_runners();
  void give_up_all();
  Running& running(const std::shared_ptr<const EnginePlan>& plan);
  std::uint32_t in_flight() const;
  Remainder remainder() const;
  void begin_watch() { watched_ = true; }
  void cancel_unstarted(EnrichRun& run);
  void batch_done(BatchRun& run) override;
  void batch_released(BatchRun& run) override;

  const Parts parts_;
  const unsigned number_;
  Loop loop_;
  std::vector<std::unique_ptr<Running>> runners_;
  std::deque<std::shared_ptr<EnrichRun>> waiting_;  // not admitted whole yet, in order
  std::vector<std::shared_ptr<EnrichRun>> done_;    // their callers do not know it yet
  std::vector<std::shared_ptr<EnrichRun>> telling_;
  std::vector<EnrichRun*> released_;
  bool watched_ = false;
  bool cancelled_ = false;
  std::atomic<std::uint32_t> outstanding_{0};
  // Of watch() and cancel(): the shard may be stopped before it has come to the last.
  std::vector<std::unique_ptr<Order>> orders_;
  std::thread thread_;
};

}  // namespace logbraid
