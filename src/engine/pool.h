#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace logbraid {

// Work for a pool thread; embedded in what is handed over.
struct PoolTask {
  using Run = void (*)(PoolTask& task) noexcept;
  explicit PoolTask(Run what) : run(what) {}

  Run run;
  PoolTask* previous = nullptr;
  PoolTask* next = nullptr;
  bool queued = false;
};

// Threads for synchronous enrichers that block or are expensive. A thread is made when a task finds
// none idle, up to the limit; they end with the pool.
//
// Threads:  all functions from any thread.
// Lifetime: a task belongs to the pool from submit() until run() is called or cancel() gives true.
// Blocking: the destructor waits for the tasks that run; queued ones are left alone (cancel them).
class Pool {
 public:
  // `most` threads, at least 1. They are named `name`-N (at most 15 bytes with the number).
  Pool(unsigned most, std::string name);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // False when no thread could be made and there is none: the task was not taken.
  [[nodiscard]] bool submit(PoolTask& task);
  // Takes a task back that no thread has taken yet. False: it runs, or has run.
  [[nodiscard]] bool cancel(PoolTask& task);

  unsigned threads() const;

 private:
  void work(unsigned number);
  void push(PoolTask& task);
  void unlink(PoolTask& task);
  bool make_thread();

  const unsigned most_;
  const std::string name_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable ready_;
  PoolTask* first_ = nullptr;
  PoolTask* last_ = nullptr;
  unsigned queued_ = 0;
  unsigned idle_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace logbraid
