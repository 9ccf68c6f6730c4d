#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/plan_runner.h"
#include "engine/pool.h"
#include "logbraid/execution.h"
#include "logbraid/registry.h"
#include "tests/support/hangs.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_enricher.h"

namespace logbraid::test {

// An enricher of a test's plan.
struct PlanPart {
  std::shared_ptr<Script> script;
  Placement placement = Placement::inline_;
  EnricherMetadata metadata;  // its name is set from the script
};

// One that writes a field of its own name and does the same with each event.
PlanPart part(std::string name, Placement placement, Step step = {});

// A plan of scripted enrichers; a plan that does not resolve fails the test.
std::shared_ptr<const ExecutionPlan> plan_of(const std::vector<PlanPart>& parts);

// Runs events through a plan on a manual clock and this thread: a shard without its thread. Time
// stands still while anything can be done, then jumps to the next timer.
class PlanDriver final : private PlanRunnerEvents {
 public:
  // `hangs`: where pool calls of the plan hang; those are not waited for. It is let go before the
  // driver ends.
  PlanDriver(std::shared_ptr<const ExecutionPlan> plan, const ExecutionOptions& options,
             Hangs* hangs = nullptr);
  ~PlanDriver();

  // Puts events with these messages under way, at most `in_flight` at a time.
  void add(const std::vector<std::string>& messages);
  // The same for whole events, one JSON object each.
  void add_events(const std::vector<std::string>& events);
  // Until every event is done. Pool calls are waited for only while `wait_for_pool`.
  void run(bool wait_for_pool = true);
  // One round: what can be done now; if there was nothing, time moves to the next timer.
  bool step(bool wait_for_pool);
  // Waits until every pool call has come back, late ones too.
  void wait_for_late_calls();

  // By event in the order added: the line that is written, without its line end.
  std::vector<std::string> lines() const;
  Outcome outcome(std::size_t event, std::string_view enricher) const;
  // How long after its admission the event was done.
  Duration latency(std::size_t event) const { return finished_.at(event).latency; }
  TimePoint done_at(std::size_t event) const { return started_.at(event) + latency(event); }
  std::size_t done() const { return finished_count_; }
  std::size_t batches_released() const { return released_; }

  // What is open of an event that was admitted times out now.
  void expire(std::size_t event) { runner_->expire(*runs_.at(event), 0); }
  PlanRunner& runner() { return *runner_; }
  PlanState& state() { return plan_state_; }
  Pool& pool() { return pool_; }
  ManualClock& clock() { return clock_; }
  // Cores that are idle, by the runner's word; 0 at first.
  void set_idle_cores(unsigned cores) { idle_cores_ = cores; }
  // Whether what takes time in a pool call is computing; at first it is waiting.
  void set_computes(bool computes) { computes_ = computes; }
  Timers& timers() { return timers_; }

 private:
  struct Finished {
    std::string line;
    std::vector<Outcome> outcomes;
    Duration latency{};
  };

  void add(std::unique_ptr<Batch> batch);
  bool can_come_back();
  void batch_done(BatchRun& run) override;
  void batch_released(BatchRun& run) override;
  bool take_posted();
  bool admit();

  const std::shared_ptr<const ExecutionPlan> plan_;
  const ExecutionOptions options_;
  Hangs* const hangs_;
  const LocalHour local_hour_ = [] { return 12; };
  ManualClock clock_;
  unsigned idle_cores_ = 0;
  std::atomic<bool> computes_{false};
  Timers timers_{clock_.now()};
  Activity activity_;
  LoopIo io_{nullptr};  // nothing of Asio runs here
  std::mutex mutex_;    // guards posted_
  std::condition_variable arrived_;
  std::vector<Posted*> posted_;
  std::vector<std::unique_ptr<BatchRun>> runs_;
  std::size_t next_ = 0;  // to be admitted
  std::vector<TimePoint> started_;
  std::vector<Finished> finished_;
  std::size_t finished_count_ = 0;
  std::size_t released_ = 0;
  PlanState plan_state_;  // outlives the runner, whose requests give their permits back
  std::unique_ptr<PlanRunner> runner_;
  Pool pool_;  // ends first: late calls post here
};

}  // namespace logbraid::test
