#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "async/activity.h"
#include "logbraid/clock.h"

namespace logbraid {

// An enricher that holds up a shard: everything else on that loop waits for it.
struct Stall {
  unsigned shard = 0;
  std::uint32_t node = 0;
  Duration lasted{};  // so far
};

// Looks at what the shards are doing and names an enricher whose code has not returned for kStall.
// Each stall is reported once, while it lasts.
//
// Threads:  add() before start(); look() is the thread's own once it was started.
// Lifetime: borrows the activities. The destructor waits for the thread.
// Errors:   start() throws std::system_error when no thread could be made.
// Cost:     a look at each shard every kPeriod, some ns each.
class Watchdog {
 public:
  static constexpr Duration kPeriod = std::chrono::milliseconds(10);

  using Report = std::function<void(const Stall&)>;  // from the watchdog's thread
  explicit Watchdog(Report report) : report_(std::move(report)) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void add(const Activity& shard) { watched_.push_back({&shard, {}, {}, false}); }
  void start(const Clock& clock);
  // One look at every shard.
  void look(TimePoint now);

 private:
  struct Watched {
    const Activity* activity;
    Activity::Seen seen;
    TimePoint since;
    bool reported;
  };

  const Report report_;
  std::vector<Watched> watched_;
  std::mutex mutex_;  // guards closing_
  std::condition_variable end_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace logbraid
