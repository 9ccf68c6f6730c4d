#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <utility>

namespace logbraid::test {

// Where pool calls hang: until they are told to stop, or until the test lets all of them go.
//
// Threads:  any; on_change() before the first call hangs.
// Blocking: hang().
class Hangs {
 public:
  ~Hangs() { release(); }

  // `to_the_end`: being told to stop does not help.
  void hang(const std::stop_token& stop, bool to_the_end) {
    bool told = false;
    waited_for_.fetch_add(1);
    if (changed_) changed_();
    {
      // On the thread that tells.
      const std::stop_callback on_told(stop, [&] {
        {
          const std::lock_guard guard(mutex_);
          told = true;
          waited_for_.fetch_sub(1);
          if (to_the_end) forgotten_.fetch_add(1);
        }
        moved_.notify_all();
      });
      std::unique_lock lock(mutex_);
      moved_.wait(lock, [&] { return released_ || (told && !to_the_end); });
    }
    if (!told) {
      waited_for_.fetch_sub(1);
    } else if (to_the_end) {
      forgotten_.fetch_sub(1);
    }
  }

  // Calls that nothing but a deadline or release() will move.
  unsigned waited_for() const { return waited_for_.load(); }
  // Calls that nothing but release() will move: their deadline has passed.
  unsigned forgotten() const { return forgotten_.load(); }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
    }
    moved_.notify_all();
  }
  // Told of each call that begins to hang, on its thread.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  std::mutex mutex_;  // guards released_ and what each call knows of itself
  std::condition_variable moved_;
  std::atomic<unsigned> waited_for_{0};
  std::atomic<unsigned> forgotten_{0};
  bool released_ = false;
  std::function<void()> changed_;
};

}  // namespace logbraid::test
