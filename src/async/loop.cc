#include "async/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace logbraid {

Loop::Loop(const Clock& clock) : clock_(clock), timers_(clock.now()), io_(1), alarm_(io_) {}

void Loop::post(Posted& posted) noexcept {
  Posted* head = inbox_.load(std::memory_order_relaxed);
  do {
    posted.next_posted = head;
  } while (!inbox_.compare_exchange_weak(head, &posted, std::memory_order_seq_cst,
                                         std::memory_order_relaxed));
  if (sleeping_.exchange(false, std::memory_order_seq_cst)) boost::asio::post(io_, [] {});
}

void Loop::stop() noexcept {
  stopped_.store(true, std::memory_order_seq_cst);
  if (sleeping_.exchange(false, std::memory_order_seq_cst)) boost::asio::post(io_, [] {});
}

void Loop::run_posted() noexcept {
  // Acquire: what was written before post() is seen by run().
  Posted* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
  Posted* oldest = nullptr;
  while (newest != nullptr) {  // the stack holds them newest first
    Posted* const next = newest->next_posted;
    newest->next_posted = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    Posted& posted = *oldest;
    oldest = oldest->next_posted;
    posted.run(posted);
  }
}

// What others wait for through asio: when there is always something to do, wait() never gets there.
void Loop::run_handlers() {
  io_.restart();
  io_.poll();
}

void Loop::wait() {
  const TimePoint due = timers_.next_turn();
  if (due <= clock_.now()) return;
  sleeping_.store(true, std::memory_order_seq_cst);
  if (inbox_.load(std::memory_order_seq_cst) != nullptr ||
      stopped_.load(std::memory_order_seq_cst)) {
    sleeping_.store(false, std::memory_order_relaxed);
    return;
  }
  // The alarm is moved only when it would ring too late; ringing early costs one idle round.
  if (due < alarm_due_) {
    alarm_due_ = due;
    alarm_.expires_at(due);
    alarm_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) alarm_due_ = TimePoint::max();
    });
  }
  auto work = boost::asio::make_work_guard(io_);
  io_.restart();
  io_.run_one();
  sleeping_.store(false, std::memory_order_relaxed);
}

}  // namespace logbraid
