#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "async/loop.h"
#include "engine/enricher_health.h"
#include "engine/enricher_life.h"
#include "engine/pool.h"
#include "logbraid/frame_pool.h"
#include "logbraid/lifecycle.h"
#include "logbraid/plan.h"

namespace logbraid {

// Starts, checks and stops the enrichers of plans that have a life cycle, on a loop and threads of
// its own: what hangs there holds up no shard and takes no pool thread from a call.
//
// An enricher lives as long as somebody holds a lease of a plan it is in. It is started with the
// first lease and stopped after the last; while leases overlap it is neither.
//
// Threads:  any, but for the destructor.
// Lifetime: outlives its leases.
// Errors:   the constructor throws std::system_error when the thread cannot be made.
// Blocking: those that say `wait`. The destructor until the code of life cycles has ended, whatever
//           its limits: a program that must not wait for code that hangs leaves by _exit.
class LifecycleThread {
  struct Life;

 public:
  // The right to call the enrichers of a plan: each is started, or has failed to, once is_started()
  // says so, and none is stopped before the lease is gone. (docs/decisions/lifecycle.md)
  //
  // Threads: any; copies of the pointer in any.
  class Lease {
   public:
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // Null where the enricher has no life cycle.
    std::shared_ptr<const EnricherHealth> health(std::uint32_t node) const;
    // Of those that have a life cycle, in plan order.
    std::vector<HealthReport> reports() const;

   private:
    friend class LifecycleThread;
    Lease(LifecycleThread& thread, std::vector<std::shared_ptr<Life>> lives)
        : thread_(thread), lives_(std::move(lives)) {}

    LifecycleThread& thread_;
    const std::vector<std::shared_ptr<Life>> lives_;  // by node; null: it has none
  };

  explicit LifecycleThread(const Clock& clock);
  ~LifecycleThread();
  LifecycleThread(const LifecycleThread&) = delete;
  LifecycleThread& operator=(const LifecycleThread&) = delete;

  static bool needed_for(const ExecutionPlan& plan);

  // Those that did not live begin to start.
  std::shared_ptr<const Lease> take(const ExecutionPlan& plan);
  // Each has been started, has failed to, or has taken too long.
  bool is_started(const Lease& lease) const;
  void wait_until_started(const Lease& lease);
  // True: it is started. Else `then` is called once when it is, from the life cycle's thread: it
  // must not block. Not at all when the lease has gone by then.
  bool is_started_or(const std::shared_ptr<const Lease>& lease, std::function<void()> then);

  // The end is near: stops what no call needs any more although its plan is leased.
  void close_all_but(const std::function<bool(std::string_view enricher)>& is_called);
  // Until each enricher nobody holds is stopped, or has run over its limit; false: not in time.
  bool wait_until_settled(TimePoint deadline);
  // Until no code runs any more and none will.
  bool wait_until_quiet(TimePoint deadline);
  // Code that runs now.
  std::vector<HealthReport> running() const;

 private:
  struct Errand;
  struct Waiting {
    std::weak_ptr<const Lease> lease;
    std::function<void()> then;
  };
  // Dropped with no lock held: what is in it may be the last, and does things when it goes.
  struct Afterwards {
    std::vector<std::shared_ptr<const Lease>> leases;
    std::vector<std::shared_ptr<Life>> lives;
    std::vector<std::function<void()>> then;
  };

  void give_back(const Lease& lease);
  void send(const std::shared_ptr<Life>& life, void (EnricherLife::*what)());
  void changed(EnricherLife& enricher);
  void forget_if_gone(const std::shared_ptr<Life>& life, Afterwards& afterwards);
  void take_started(Afterwards& afterwards);
  static bool all_decided(const Lease& lease);
  bool wait_until(TimePoint deadline, const std::function<bool(const Life&)>& holds);

  const Clock& clock_;
  Loop loop_;
  FramePool frames_;
  Pool pool_;
  const EnricherLife::Parts parts_;

  mutable std::mutex mutex_;  // guards what follows, and of each Life what it says
  std::condition_variable changed_;
  // By the enricher's object, until it is through and nobody holds it.
  std::map<const void*, std::shared_ptr<Life>> lives_;
  std::vector<Waiting> waiting_;

  std::thread thread_;
};

}  // namespace logbraid
