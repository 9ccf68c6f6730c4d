#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "logbraid/metrics.h"

namespace logbraid {

// Work for a pool thread; embedded in what is handed over.
struct PoolTask {
  using Run = void (*)(PoolTask& task) noexcept;
  explicit PoolTask(Run what) : run(what) {}

  Run run;
  PoolTask* previous = nullptr;
  PoolTask* next = nullptr;
  bool queued = false;
  bool brief = false;      // others like it may come at once: see Pool::stay_awake()
  std::uint64_t turn = 0;  // of the thread that took it last; the pool's own
};

// Threads for synchronous enrichers that block or are expensive. A thread is made when a task finds
// none idle, up to the limit; they end with the pool. One whose task nobody waits for any more is
// stuck: another one takes its place, and whichever is too many when it comes back ends.
//
// Invariant: a thread that is awake (stay_awake) counts as idle, and looks for tasks under the lock
//            before it sleeps; so a task that was queued in the hope of it is always seen.
// Threads:  all functions from any thread.
// Lifetime: a task belongs to the pool from submit() until run() is called or cancel() gives true.
// Blocking: the destructor waits for the tasks that run; queued ones are left alone (cancel them).
class Pool {
 public:
  struct Options {
    unsigned most = 10;         // threads that are not stuck, at least 1
    unsigned most_stuck = 32;   // stuck threads that are replaced
    std::string name = "pool";  // threads are called name-N; at most 15 bytes with the number
    // Cores that this pool's threads may keep busy without taking them from others of the process;
    // from any of its threads. Empty: none is known of.
    std::function<unsigned()> cores_left = {};
  };
  explicit Pool(Options options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Takes tasks in order. At most `wakes` idle threads are woken for them: short tasks share the
  // cost of a wake-up, and nudge() fetches the others if they turn out long.
  // False when no thread could be made and none is there: nothing was taken.
  [[nodiscard]] bool submit(std::span<PoolTask* const> tasks, unsigned wakes);
  [[nodiscard]] bool submit(PoolTask& task) {
    PoolTask* const only = &task;
    return submit({&only, 1}, 1);
  }
  // Wakes an idle thread for each task that waits.
  void nudge();
  // Takes a task back that no thread has taken yet. False: it runs, or has run.
  [[nodiscard]] bool cancel(PoolTask& task);
  // Nobody waits any more for a task that cancel() did not give back: while its run() goes on its
  // thread counts as stuck.
  void give_up(PoolTask& task);

  // As many threads are stuck as are replaced: what gets stuck now costs the others a thread.
  bool exhausted() const;
  unsigned threads() const;  // alive, the stuck ones too
  unsigned stuck() const;
  unsigned queued() const;
  unsigned busy() const;  // threads that run a task
  unsigned most() const { return options_.most; }
  PoolMetrics metrics() const;

 private:
  struct Worker {
    std::thread thread;
    std::uint64_t turn = 0;  // of the task it runs; 0: none
    bool stuck = false;
  };
  using Workers = std::list<Worker>;

  void work(Workers::iterator self, unsigned number);
  void stay_awake(std::unique_lock<std::mutex>& lock);
  unsigned sleepers_for(unsigned tasks) const;
  void push(PoolTask& task);
  void unlink(PoolTask& task);
  bool make_thread();
  // Threads, but for those that are stuck and may be replaced.
  unsigned able() const;

  const Options options_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable ready_;
  PoolTask* first_ = nullptr;
  PoolTask* last_ = nullptr;
  // Changed under the lock; those who stay awake look at it without.
  std::atomic<unsigned> queued_{0};
  unsigned idle_ = 0;  // those that are awake, too
  unsigned awake_ = 0;
  unsigned stuck_ = 0;
  unsigned busy_ = 0;
  unsigned busy_peak_ = 0;
  unsigned queued_peak_ = 0;
  unsigned made_ = 0;        // threads ever, for their names
  std::uint64_t turns_ = 0;  // tasks ever taken
  bool closing_ = false;
  Workers workers_;
  std::vector<std::thread> ended_;  // were too many; to be joined
};

}  // namespace logbraid
