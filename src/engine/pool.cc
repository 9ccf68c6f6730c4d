#include "engine/pool.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "async/thread_role.h"
#include "logbraid/clock.h"

namespace logbraid {
namespace {

// For the next brief task a thread waits awake for so long: about as long as such a task takes,
// which is when the next event's come where they come back to back. To be woken takes some 30 us.
constexpr Duration kAwake = std::chrono::microseconds(100);

}  // namespace

Pool::Pool(Options options) : options_(std::move(options)) {}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  ready_.notify_all();
  // From here on no worker leaves the list: see work().
  for (Worker& worker : workers_) worker.thread.join();
  for (std::thread& thread : ended_) thread.join();
}

bool Pool::submit(std::span<PoolTask* const> tasks, unsigned wakes) {
  unsigned woken = 0;
  std::vector<std::thread> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
    const auto wanted = std::min(wakes, static_cast<unsigned>(tasks.size()));
    // Idle threads that were woken for earlier tasks are still counted idle: compare with the
    // queue.
    while ((idle_ < queued_ + wanted || able() == 0) && able() < options_.most && make_thread()) {
      ++idle_;
    }
    // Those just made count as idle until they have come: see work().
    if (able() == 0) return false;
    for (PoolTask* const task : tasks) push(*task);
    woken = sleepers_for(wanted);
  }
  for (unsigned i = 0; i < woken; ++i) ready_.notify_one();
  for (std::thread& thread : ended) thread.join();
  return true;
}

void Pool::nudge() {
  unsigned woken = 0;
  {
    const std::lock_guard lock(mutex_);
    while (idle_ < queued_ && able() < options_.most && make_thread()) ++idle_;
    woken = sleepers_for(queued_);
  }
  for (unsigned i = 0; i < woken; ++i) ready_.notify_one();
}

unsigned Pool::sleepers_for(unsigned tasks) const {
  const unsigned takers = std::min(tasks, idle_);
  return takers - std::min(takers, awake_);
}

bool Pool::make_thread() {
  const auto made = workers_.emplace(workers_.end());
  try {
    made->thread = std::thread([this, made, number = made_] { work(made, number); });
    ++made_;
    return true;
  } catch (const std::system_error&) {
    workers_.erase(made);
    return false;  // the system has no thread left: those that are there do the work
  }
}

bool Pool::cancel(PoolTask& task) {
  const std::lock_guard lock(mutex_);
  if (!task.queued) return false;
  unlink(task);
  return true;
}

void Pool::give_up(PoolTask& task) {
  unsigned woken = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto runs = std::find_if(workers_.begin(), workers_.end(), [&](const Worker& worker) {
      return worker.turn == task.turn && !worker.stuck;
    });
    // Not found: it has just ended, and its thread is free again.
    if (runs == workers_.end()) return;
    runs->stuck = true;
    ++stuck_;
    if (idle_ < queued_ && able() < options_.most && make_thread()) ++idle_;
    woken = sleepers_for(queued_);
  }
  if (woken != 0) ready_.notify_one();
}

void Pool::push(PoolTask& task) {
  task.queued = true;
  task.next = nullptr;
  task.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &task;
  last_ = &task;
  queued_peak_ = std::max(queued_peak_, ++queued_);
}

void Pool::unlink(PoolTask& task) {
  (task.previous != nullptr ? task.previous->next : first_) = task.next;
  (task.next != nullptr ? task.next->previous : last_) = task.previous;
  task.queued = false;
  --queued_;
}

unsigned Pool::able() const {
  return static_cast<unsigned>(workers_.size()) - std::min(stuck_, options_.most_stuck);
}

bool Pool::exhausted() const {
  const std::lock_guard lock(mutex_);
  return stuck_ >= options_.most_stuck;
}

unsigned Pool::threads() const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(workers_.size());
}

unsigned Pool::stuck() const {
  const std::lock_guard lock(mutex_);
  return stuck_;
}

// Relaxed, here and below: it guards nothing.
unsigned Pool::queued() const { return queued_.load(std::memory_order_relaxed); }

unsigned Pool::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

PoolMetrics Pool::metrics() const {
  const std::lock_guard lock(mutex_);
  return {.threads = static_cast<unsigned>(workers_.size()),
          .threads_limit = options_.most,
          .stuck = stuck_,
          .busy_peak = busy_peak_,
          .queued_peak = queued_peak_,
          .calls = turns_};
}

// A thread is counted in `idle_` by whoever makes it, so that tasks that come before it has begun
// do not each make one of their own.
void Pool::work(Workers::iterator self, unsigned number) {
  pthread_setname_np(pthread_self(),
                     (options_.name.substr(0, 11) + "-" + std::to_string(number)).c_str());
  const ThreadRoleScope role(ThreadRole::enricher);
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [&] { return first_ != nullptr || closing_; });
    --idle_;
    while (first_ != nullptr && !closing_) {
      PoolTask& task = *first_;
      unlink(task);
      const bool brief = task.brief;
      task.turn = self->turn = ++turns_;
      busy_peak_ = std::max(busy_peak_, ++busy_);
      lock.unlock();
      task.run(task);  // the task may be gone, or queued again, when this returns
      lock.lock();
      --busy_;
      self->turn = 0;
      if (self->stuck) {
        self->stuck = false;
        --stuck_;
      }
      if (able() > options_.most && !closing_) {  // the one that took its place stays
        ended_.push_back(std::move(self->thread));
        workers_.erase(self);
        return;
      }
      if (brief && first_ == nullptr && !closing_) stay_awake(lock);
    }
    if (closing_) return;
    ++idle_;
  }
}

// Waits for a task for a moment without falling asleep, where a core has nothing else to do. It
// gives way to whoever wants the core: the shard, which does not wait for helpers, then does the
// work.
void Pool::stay_awake(std::unique_lock<std::mutex>& lock) {
  if (!options_.cores_left || busy_ + awake_ >= options_.cores_left()) return;
  ++idle_;
  ++awake_;
  lock.unlock();
  const auto end = std::chrono::steady_clock::now() + kAwake;
  while (queued() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  lock.lock();
  --awake_;
  --idle_;
}

}  // namespace logbraid
