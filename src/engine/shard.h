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
#include "engine/batch_run.h"
#include "engine/dependency_watch.h"
#include "engine/intake.h"
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
// Threads:  submit(), outstanding() and stop() from any thread; the rest is the shard's own.
// Lifetime: stop() and destruction only when every batch submitted has been put to the output. The
//           pool must have ended before the shard is destroyed: late calls come back here.
// Blocking: the destructor waits for the thread.
class Shard final : private PlanRunnerEvents {
 public:
  struct Parts {
    const ExecutionPlan& plan;
    const ExecutionOptions& options;
    OnMalformed on_malformed;
    const Clock& clock;
    const LocalHour& local_hour;
    Pool& pool;
    BatchStock& stock;
    OrderedOutput& output;
    DependencyWatch& watch;
  };

  Shard(const Parts& parts, std::unique_ptr<Reader> reader, unsigned number);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void submit(std::unique_ptr<Batch> batch);
  // Batches submitted and not finished.
  std::uint32_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }

  // Ends the thread. Calls that are still out are told to stop and forgotten.
  void stop();
  // When stopped.
  RunMetrics metrics() const;
  std::uint32_t calls_out() const { return runner_.calls_out(); }

 private:
  struct Delivery;

  void begin(std::unique_ptr<Batch> batch);
  void apply_malformed_policy(Batch& batch, FinishedBatch& finished);
  void turn();
  struct Active {
    std::unique_ptr<BatchRun> run;
    FinishedBatch finished;
  };

  // Writes the events up to `end` that are not written yet.
  void write(Active& active, std::uint32_t end);
  void batch_done(BatchRun& run) override;
  void batch_released(BatchRun& run) override;

  const Parts parts_;
  Loop loop_;
  std::unique_ptr<Reader> reader_;
  JsonWriter writer_;
  PlanRunner runner_;
  std::deque<Active*> waiting_;  // not admitted whole yet, in order
  std::vector<std::unique_ptr<Active>> active_;
  std::vector<BatchRun*> released_;
  std::atomic<std::uint32_t> outstanding_{0};
  std::thread thread_;
};

}  // namespace logbraid
