#pragma once

#include <cstdint>
#include <optional>

#include "logbraid/clock.h"
#include "logbraid/resilience.h"
#include "resilience/jitter_source.h"

namespace logbraid {

// Whether a call that failed is made again, and after how long. The budget is a bucket of tokens
// that calls and time fill and retries empty, so that a service that is down gets few calls more
// than it would without retries: in any time, at most `budget` of the calls, `budget_floor` a
// second, and what the bucket held. It holds 10 s of the floor (ours), at least one retry; at the
// start, 1 s of it.
//
// Threads:  one: each shard has its own, with its part of the floor.
// Cost:     a call: an addition and a comparison.
class Retry {
 public:
  // The same seed gives the same delays.
  Retry(const RetryOptions& options, std::uint32_t shards, std::uint64_t seed);

  // A call is made, its first time; retries are not calls.
  void count_call() {
    tokens_ += per_call_;
    if (tokens_ > most_tokens_) tokens_ = most_tokens_;
  }

  // How long to wait before the call is made once more; nullopt: not any more, since it was made
  // often enough, the wait would not end before its deadline, or the budget is used up. `retries`
  // is how often this call was made again so far. `at_least`: what who was called has asked for;
  // the delay comes on top, so that those who were told the same do not come back in step.
  std::optional<Duration> next(std::uint32_t retries, TimePoint now, TimePoint deadline,
                               Duration at_least = {});

  // Retries that were not made for want of budget.
  std::uint64_t over_budget() const { return over_budget_; }

 private:
  void fill(TimePoint now);

  const RetryOptions options_;
  const double per_call_;
  const double per_second_;
  const double most_tokens_;
  double tokens_;
  std::optional<TimePoint> filled_at_;
  std::uint64_t over_budget_ = 0;
  JitterSource jitter_;
};

}  // namespace logbraid
