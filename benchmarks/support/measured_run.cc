#include "benchmarks/support/measured_run.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "benchmarks/support/rounds.h"
#include "format/json_reader.h"
#include "logbraid/process_metrics.h"

namespace logbraid::bench {
namespace {

// Looks at the process until it ends, now and then.
class Watch {
 public:
  Watch() : thread_([this] { look_on(); }) {}
  ~Watch() { end(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void end() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  double resident_mib = 0;  // when it has ended; beyond what there was at first
  double threads = 0;

 private:
  void look_on() {
    std::unique_lock lock(mutex_);
    do {
      const ProcessMetrics now = ProcessMetrics::now();
      const double more =
          static_cast<double>(now.resident_bytes) - static_cast<double>(resident_at_first_);
      resident_mib = std::max(resident_mib, more / (1024 * 1024));
      threads = std::max(threads, static_cast<double>(now.threads - 1));  // without this one
    } while (!changed_.wait_for(lock, std::chrono::milliseconds(50), [this] { return ends_; }));
  }

  std::mutex mutex_;  // guards ends_
  std::condition_variable changed_;
  bool ends_ = false;
  const std::uint64_t resident_at_first_ = ProcessMetrics::now().resident_bytes;
  std::thread thread_;
};

double process_cpu_seconds() {
  return std::chrono::duration<double>(ProcessMetrics::now().cpu()).count();
}

}  // namespace

MeasuredRun measured_run(PipelineParts parts) {
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.local_hour = [] { return 12; };
  Watch watch;
  auto pipeline = Pipeline::create(std::move(parts));
  require(pipeline.has_value(), "a pipeline");
  MeasuredRun run;
  const double cpu = process_cpu_seconds();
  const double start = wall_seconds();
  run.report = (*pipeline)->run();
  run.seconds = wall_seconds() - start;
  run.cpu_seconds = process_cpu_seconds() - cpu;
  watch.end();
  run.resident_mib = watch.resident_mib;
  run.threads = watch.threads;
  require(run.report.counts.balanced() && !run.report.error, "an event is lost");
  return run;
}

void report_use(benchmark::State& state, const MeasuredRun& run) {
  state.counters["cores"] = run.cores();
  state.counters["resident_MiB"] = run.resident_mib;
  state.counters["process_threads"] = run.threads;
}

}  // namespace logbraid::bench
