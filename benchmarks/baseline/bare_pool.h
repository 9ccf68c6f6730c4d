#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace logbraid::bench {

// The small hand-made pool that the engine is compared with: threads behind a lock and a condition,
// and the caller waits until its functions have run. No deadlines, no results.
//
// Threads:  run() from one at a time.
// Blocking: run() until the last has returned.
class BarePool {
 public:
  explicit BarePool(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~BarePool() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  BarePool(const BarePool&) = delete;
  BarePool& operator=(const BarePool&) = delete;

  // Calls function(0) to function(count - 1), each on whichever thread is free.
  void run(std::size_t count, const std::function<void(std::size_t)>& function) {
    {
      const std::lock_guard lock(mutex_);
      function_ = &function;
      next_ = 0;
      count_ = count;
      open_ = count;
    }
    for (std::size_t i = 0; i < count; ++i) ready_.notify_one();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return open_ == 0; });
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ready_.wait(lock, [this] { return next_ != count_ || closing_; });
      if (closing_) return;
      const std::size_t mine = next_++;
      const auto& function = *function_;
      lock.unlock();
      function(mine);
      lock.lock();
      if (--open_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;  // guards everything below but the threads
  std::condition_variable ready_;
  std::condition_variable done_;
  const std::function<void(std::size_t)>* function_ = nullptr;
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::size_t open_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace logbraid::bench
