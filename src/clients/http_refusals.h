#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "async/timers.h"
#include "clients/reconnect_pause.h"

namespace logbraid {

// What is known of a service that refused connections: for a while requests fail with the same
// words instead of asking again. The first one behind the pause asks.
//
// Requests that were under way together meet one refusal, not as many as there are: it counts once
// in each round, and a refusal ends the round.
//
// Threads: the shard's.
class HttpRefusals {
 public:
  HttpRefusals(const Timers& timers, std::uint64_t seed) : timers_(timers), pause_(seed) {}

  // What a request is told instead of being sent; empty: it may be sent.
  std::string_view answer() const {
    return timers_.now() < until_ ? std::string_view(why_) : std::string_view();
  }
  // How long that lasts; zero: it is over.
  Duration left() const { return std::max(until_ - timers_.now(), Duration::zero()); }
  // Of a connection that is tried now.
  std::uint32_t round() const { return round_; }
  void refused(std::uint32_t round, std::string_view why) {
    if (round != round_) return;
    ++round_;
    until_ = timers_.now() + pause_.next();
    why_ = why;
    why_ += "; it is not asked again yet";
  }
  void reached() {
    if (until_ == TimePoint{}) return;
    ++round_;
    until_ = {};
    pause_.reset();
  }

 private:
  const Timers& timers_;
  ReconnectPause pause_;
  TimePoint until_{};
  std::uint32_t round_ = 0;
  std::string why_;
};

}  // namespace logbraid
