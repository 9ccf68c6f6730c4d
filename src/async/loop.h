#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "async/activity.h"
#include "async/timers.h"
#include "logbraid/async_context.h"
#include "logbraid/clock.h"

namespace logbraid {

// Work handed to a loop from another thread; embedded in what is handed over.
struct Posted {
  using Run = void (*)(Posted& posted) noexcept;
  explicit Posted(Run what) : run(what) {}

  Run run;
  Posted* next_posted = nullptr;
};

// A shard's event loop: timers, work posted from other threads, and (through asio) descriptors.
// asio does the waiting; everything that happens per event goes past it.
//
// Threads:  post(), stop() and asleep() from any thread, the rest from the one that runs it.
// Lifetime: what was posted must live until its run(); nothing may be posted after destruction
// began. Blocking: run() until stop().
//
// Invariant of post(): whoever pushes onto `inbox_` reads `sleeping_` afterwards; the loop sets
// `sleeping_` and reads `inbox_` afterwards, both seq_cst. So at least one of the two sees the
// other (Dekker), and no wake-up is lost.
class Loop {
 public:
  explicit Loop(const Clock& clock);

  void post(Posted& posted) noexcept;
  void stop() noexcept;
  // Its thread waits; from any thread, and true for a moment only.
  bool asleep() const noexcept { return sleeping_.load(std::memory_order_relaxed); }

  Timers& timers() { return timers_; }
  LoopIo& io() { return shared_io_; }
  // What its thread is doing; here, since what waits in asio may outlive its call.
  Activity& activity() { return activity_; }
  const Activity& activity() const { return activity_; }
  const Clock& clock() const { return clock_; }

  // `turn()` is called once in every round, after timers and posted work; while it gives true there
  // is more to do at once, and the loop does not wait.
  template <class Turn>
  void run(Turn&& turn) {
    while (!stopped_.load(std::memory_order_acquire)) {
      timers_.advance(clock_.now());
      run_posted();
      if (shared_io_.used) run_handlers();
      if (!turn()) wait();
    }
  }

 private:
  void run_posted() noexcept;
  void run_handlers();
  void wait();

  const Clock& clock_;
  Timers timers_;
  Activity activity_;
  boost::asio::io_context io_;
  LoopIo shared_io_{&io_};
  boost::asio::steady_timer alarm_;
  TimePoint alarm_due_ = TimePoint::max();
  std::atomic<Posted*> inbox_{nullptr};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stopped_{false};
};

}  // namespace logbraid
