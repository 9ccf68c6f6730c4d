#pragma once

#include <chrono>
#include <cstdint>

#include "logbraid/clock.h"
#include "resilience/circuit_breaker.h"

namespace logbraid {

// One shard's view of a circuit breaker: asks it with one load, counts for itself, and tells it
// what was counted every 100 ms and at each failure.
//
// Threads:  one.
// Lifetime: borrows the breaker. What was counted since the last merge() is lost with the front.
// Cost:     closed: one load to ask, one comparison and one increment to count; no allocation, no
//           lock, no clock. Refused: two loads.
class BreakerFront {
 public:
  static constexpr Duration kMergeEvery = std::chrono::milliseconds(100);

  explicit BreakerFront(CircuitBreaker& breaker) : breaker_(breaker), word_(breaker.word()) {}

  // `now` matters only where the breaker is not closed; it may be as old as the shard's last look
  // at the clock.
  BreakerPermit try_acquire(TimePoint now) {
    const std::uint64_t word = breaker_.word();
    if (CircuitBreaker::state_of(word) == BreakerState::closed) [[likely]]
      return {word, nullptr};
    return try_probe(now);
  }

  // How the call of that permit ended. `took` is the call's own time, without waiting. What says
  // nothing about the service (no match, a bad key, an end from outside) is neither: drop the
  // permit.
  void success(BreakerPermit permit, Duration took, TimePoint now) {
    if (permit.word_ == word_) [[likely]] {
      count(1, took > breaker_.slow_after_ ? 1 : 0, now);
    } else {
      judge(permit, true, took, now);
    }
  }
  void failure(BreakerPermit permit, Duration took, TimePoint now) {
    judge(permit, false, took, now);
  }

  // Without permits, for calls made in place one after the other: where closed() says yes, and
  // until it is asked again, successes() and failure() count for the generation it saw.
  bool closed() {
    const std::uint64_t word = breaker_.word();
    if (CircuitBreaker::state_of(word) != BreakerState::closed) return false;
    if (word != word_) [[unlikely]]
      start(word);
    return true;
  }
  void successes(std::uint32_t calls, TimePoint now, std::uint32_t slow = 0) {
    count(calls, slow, now);
  }
  void failure(Duration took, TimePoint now);

  // Hands over what was counted, for who has not called for a while; also lets a half-open time run
  // out. Cheap when nothing is due.
  void merge(TimePoint now);

 private:
  void count(std::uint32_t calls, std::uint32_t slow, TimePoint now) {
    delta_.calls.calls += calls;
    delta_.calls.slow += slow;
    if (now >= merge_at_) [[unlikely]]
      hand_over(now);
  }
  BreakerPermit try_probe(TimePoint now);
  void judge(BreakerPermit& permit, bool passed, Duration took, TimePoint now);
  void start(std::uint64_t word);
  void hand_over(TimePoint now);

  CircuitBreaker& breaker_;
  // What delta_.calls is counted for; once closed, always the word of a closed time, so that no
  // probe is taken for a plain call.
  std::uint64_t word_;
  CircuitBreaker::Delta delta_;
  TimePoint merge_at_ = TimePoint::min();
};

}  // namespace logbraid
