#include "engine/watchdog.h"

#include <pthread.h>

namespace logbraid {

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  end_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::start(const Clock& clock) {
  thread_ = std::thread([this, &clock] {
    pthread_setname_np(pthread_self(), "watchdog");
    std::unique_lock lock(mutex_);
    while (!end_.wait_for(lock, kPeriod, [this] { return closing_; })) look(clock.now());
  });
}

void Watchdog::look(TimePoint now) {
  for (unsigned shard = 0; shard < watched_.size(); ++shard) {
    Watched& watched = watched_[shard];
    const Activity::Seen seen = watched.activity->seen();
    if (seen.node != watched.seen.node || seen.stretch != watched.seen.stretch) {
      watched.seen = seen;
      watched.since = now;
      watched.reported = false;
      continue;
    }
    if (seen.node == Activity::kNobody || watched.reported || now - watched.since < kStall)
      continue;
    watched.reported = true;
    report_({shard, seen.node, now - watched.since});
  }
}

}  // namespace logbraid
