#include "engine/pool.h"

#include <pthread.h>

#include <system_error>

namespace logbraid {

Pool::Pool(unsigned most, std::string name) : most_(most), name_(std::move(name)) {}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Pool::submit(PoolTask& task) {
  {
    const std::lock_guard lock(mutex_);
    // Idle threads that were woken for earlier tasks are still counted idle: compare with the
    // queue.
    if (idle_ <= queued_ && threads_.size() < most_ && !make_thread() && threads_.empty()) {
      return false;
    }
    push(task);
  }
  ready_.notify_one();
  return true;
}

bool Pool::make_thread() {
  try {
    threads_.emplace_back(
        [this, number = static_cast<unsigned>(threads_.size())] { work(number); });
    return true;
  } catch (const std::system_error&) {
    return false;  // the system has no thread left: those that are there do the work
  }
}

bool Pool::cancel(PoolTask& task) {
  const std::lock_guard lock(mutex_);
  if (!task.queued) return false;
  unlink(task);
  return true;
}

void Pool::push(PoolTask& task) {
  task.queued = true;
  task.next = nullptr;
  task.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &task;
  last_ = &task;
  ++queued_;
}

void Pool::unlink(PoolTask& task) {
  (task.previous != nullptr ? task.previous->next : first_) = task.next;
  (task.next != nullptr ? task.next->previous : last_) = task.previous;
  task.queued = false;
  --queued_;
}

unsigned Pool::threads() const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(threads_.size());
}

void Pool::work(unsigned number) {
  pthread_setname_np(pthread_self(), (name_.substr(0, 11) + "-" + std::to_string(number)).c_str());
  std::unique_lock lock(mutex_);
  for (;;) {
    while (first_ == nullptr && !closing_) {
      ++idle_;
      ready_.wait(lock);
      --idle_;
    }
    if (closing_) return;
    PoolTask& task = *first_;
    unlink(task);
    lock.unlock();
    task.run(task);
    lock.lock();
  }
}

}  // namespace logbraid
