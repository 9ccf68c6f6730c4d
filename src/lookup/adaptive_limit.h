#pragma once

#include <chrono>
#include <cstdint>

#include "logbraid/clock.h"

namespace logbraid {

struct AdaptiveLimitOptions {
  std::uint32_t least = 1;   // at least 1
  std::uint32_t most = 256;  // at least `first`
  std::uint32_t first = 8;   // until something is known; at least `least`
};

// How many requests to a service may be in flight, found out from how long they take: as many as it
// works on at once, and a few that wait. More would only make all of them slower.
//
// Answers are counted in rounds. After each the limit is multiplied by the ratio of the latency
// that the service has at half the limit to that of the round, and gets room to try more. That
// first latency is measured anew every 3 s, or 1 s after a round that was twice as slow: for two
// short rounds the limit is halved, so that what waits at the service drains. Thus a service that
// has become slower is not taken for one that is overloaded, nor its queue for its speed. When the
// service says that it is overloaded, a tenth goes off (docs/decisions/adaptive_limit.md).
//
// Threads: one.
// Cost:    a few additions an answer; a division and a square root a round.
class AdaptiveLimit {
 public:
  explicit AdaptiveLimit(const AdaptiveLimitOptions& options);

  // Between `least` and `most`.
  std::uint32_t limit() const { return static_cast<std::uint32_t>(limit_); }

  // An answer came. `in_flight`: how many requests there were, this one included; a round in which
  // they were less than half the limit says nothing about it.
  void answered(TimePoint now, Duration latency, std::uint32_t in_flight);
  // The service had no room for a request: told it to come again, or left it without an answer.
  void overloaded();

 private:
  enum class Step : std::uint8_t {
    following,  // the ratio of latencies
    draining,   // at half the limit: what was sent before ends
    measuring,  // at half the limit
  };

  double round_size() const;
  void end_round(TimePoint now);
  void follow(TimePoint now, double latency);
  void begin_round();
  void set_limit(double limit);

  const double least_;
  const double most_;
  double limit_;
  Step step_ = Step::following;
  double limit_before_ = 0;  // of the halved limit
  double calm_latency_ = 0;  // ns, at half the limit; 0: not known yet
  TimePoint measured_at_ = TimePoint::min();
  Duration measure_after_{0};  // from then on
  std::uint32_t ended_since_cut_ = 0;
  // Of this round.
  std::uint32_t answers_ = 0;
  double latencies_ = 0;  // ns
  bool busy_ = false;
};

}  // namespace logbraid
