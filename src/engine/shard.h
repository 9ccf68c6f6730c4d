#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "async/loop.h"
#include "core/batch.h"
#include "engine/active_batch.h"
#include "engine/batch_run.h"
#include "engine/batch_stock.h"
#include "engine/dependency_watch.h"
#include "engine/memory_budget.h"
#include "engine/ordered_output.h"
#include "engine/plan_runner.h"
#include "engine/pool.h"
#include "format/json_writer.h"
#include "format/reader.h"
#include "logbraid/execution.h"
#include "logbraid/plan.h"

namespace logbraid {

// One worker thread with its own loop, window and memory: finds the events of a batch, takes them
// through the plan, writes them into the batch's output.
//
// Threads:  submit(), outstanding(), asleep() and stop() from any thread, the rest from its own.
// Lifetime: stop() and destruction only when every batch submitted has been put to the output. The
//           pool must have ended before the shard is destroyed: late calls come back here.
// Blocking: the destructor waits for the thread.
class Shard final : private PlanRunnerEvents {
 public:
  struct Parts {
    const ExecutionPlan& plan;
    const ExecutionOptions& options;
    OnMalformed on_malformed;
    PlanState& plan_state;
    const Clock& clock;
    const LocalHour& local_hour;
    Pool& pool;
    MemoryBudget& budget;
    BatchStock& stock;
    OrderedOutput& output;
    DependencyWatch& watch;
    unsigned shards;
    std::function<unsigned()> idle_cores;  // of PlanRunner::Parts
    LookupRecording* recording;            // the same
  };

  Shard(const Parts& parts, std::unique_ptr<Reader> reader, unsigned number);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void submit(std::unique_ptr<Batch> batch);
  // Batches submitted and not finished.
  std::uint32_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }

  bool asleep() const { return loop_.asleep(); }

  // Ends the thread. Calls that are still out are told to stop and forgotten.
  void stop();
  // What its thread is doing, for a watchdog.
  const Activity& activity() const { return loop_.activity(); }
  // When stopped.
  RunMetrics metrics() const;
  std::uint32_t calls_out() const { return runner_.calls_out(); }
  std::uint32_t calls_out(std::uint32_t node) const { return runner_.calls_out(node); }

 private:
  struct Delivery;

  // Rings to end the loop's sleep: the turn that follows does the work.
  struct Alarm : Timer {
    Alarm() : Timer([](Timer&) noexcept {}) {}
  };

  void begin(std::unique_ptr<Batch> batch);
  void apply_malformed_policy(Batch& batch, FinishedPart& rest);
  void find_lanes(ActiveBatch& active);
  // True when there is more to do at once.
  bool turn();
  bool may_admit() const;
  void account();
  void admit(ActiveBatch& active);
  void give_back_released();

  // What leaves a batch. (shard_output.cc)
  void note_ended(ActiveBatch& active);
  void release_early();
  void release(ActiveBatch& active, std::vector<FinishedPart>& parts);
  void put_rest(ActiveBatch& active);
  void write(ActiveBatch& active, std::uint32_t event, FinishedPart& part);
  bool withhold(ActiveBatch& active, std::uint32_t event);
  void give_up_stragglers();
  static ActiveBatch& active_of(BatchRun& run);
  void event_done(BatchRun& run) override;
  void batch_done(BatchRun& run) override;
  void batch_released(BatchRun& run) override;

  const Parts parts_;
  Loop loop_;
  std::unique_ptr<Reader> reader_;
  JsonWriter writer_;
  PlanRunner runner_;
  std::vector<std::uint32_t> strict_;  // nodes with another `on_failure` than pass
  std::vector<Patch> withheld_;        // what is written of an event for the dead letters
  std::deque<ActiveBatch*> waiting_;   // not admitted whole yet, in order
  std::uint64_t let_in_ = 0;           // lines the stock has not been told of
  std::size_t let_in_whole_ = 0;       // batches
  std::size_t beside_batches_ = 0;     // of the budget: what the runner keeps
  std::vector<std::unique_ptr<ActiveBatch>> active_;
  std::vector<ActiveBatch*> with_news_;  // with `ended_some`
  std::vector<BatchRun*> released_;
  Alarm release_alarm_;
  Alarm hold_alarm_;
  TimePoint released_early_at_{};
  std::atomic<std::uint32_t> outstanding_{0};
  std::thread thread_;
};

}  // namespace logbraid
