#include "resilience/breaker_front.h"

#include "core/assert.h"

namespace logbraid {

BreakerPermit BreakerFront::try_probe(TimePoint now) {
  if (now >= breaker_.ask_from()) {
    BreakerPermit permit = breaker_.ask(now);
    if (permit.admission() != Admission::refused) return permit;
  }
  ++delta_.refused;
  merge(now);
  return {};
}

void BreakerFront::judge(BreakerPermit& permit, bool passed, Duration took, TimePoint now) {
  LOGBRAID_ASSERT(permit.admission() != Admission::refused, "a call was made without a permit");
  if (permit.admission() == Admission::probe) {
    breaker_.judge(permit, passed, now);
    return;
  }
  // The first result of a new generation finds the front still counting for the old one.
  if (permit.word_ != word_ && permit.word_ == breaker_.word()) start(permit.word_);
  if (passed && permit.word_ == word_) {
    count(1, took > breaker_.slow_after_ ? 1 : 0, now);
  } else if (passed) {
    ++delta_.stale;
    merge(now);
  } else if (permit.word_ == word_) {
    failure(took, now);
  } else {
    ++delta_.stale;
    hand_over(now);
  }
}

void BreakerFront::failure(Duration took, TimePoint now) {
  if (CircuitBreaker::mode_of(word_) == BreakerMode::disabled) return;
  ++delta_.calls.calls;
  ++delta_.calls.failures;
  delta_.calls.slow += took > breaker_.slow_after_ ? 1 : 0;
  hand_over(now);
}

void BreakerFront::merge(TimePoint now) {
  if (now >= merge_at_) hand_over(now);
}

void BreakerFront::start(std::uint64_t word) {
  delta_.stale += delta_.calls.calls;
  delta_.calls = {};
  word_ = word;
}

void BreakerFront::hand_over(TimePoint now) {
  // The callback may come back to this front: it finds it handed over.
  const CircuitBreaker::Delta delta = delta_;
  delta_ = {};
  merge_at_ = now + kMergeEvery;
  breaker_.merge(delta, word_, now);
}

}  // namespace logbraid
