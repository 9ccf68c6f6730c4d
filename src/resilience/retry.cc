#include "resilience/retry.h"

#include <algorithm>

#include "core/assert.h"

namespace logbraid {
namespace {

constexpr double kSecondsHeld = 10;

}  // namespace

Retry::Retry(const RetryOptions& options, std::uint32_t shards, std::uint64_t seed)
    : options_(options),
      per_call_(options.budget),
      per_second_(options.budget_floor / shards),
      most_tokens_(std::max(1.0, per_second_ * kSecondsHeld)),
      tokens_(std::min(per_second_, most_tokens_)),
      jitter_(seed) {
  LOGBRAID_ASSERT(check(options), "options of a retry are checked where they come from");
}

std::optional<Duration> Retry::next(std::uint32_t retries, TimePoint now, TimePoint deadline,
                                    Duration at_least) {
  if (retries >= options_.retries) return std::nullopt;
  Duration longest = options_.backoff;
  for (std::uint32_t i = 0; i < retries && longest < options_.backoff_most; ++i) longest *= 2;
  const Duration delay =
      at_least + jitter_.spread(std::min(longest, options_.backoff_most), options_.jitter);
  // Before the budget is asked: what will not be made must cost nothing.
  if (delay >= deadline - now) return std::nullopt;
  fill(now);
  if (tokens_ < 1) {
    ++over_budget_;
    return std::nullopt;
  }
  tokens_ -= 1;
  return delay;
}

void Retry::fill(TimePoint now) {
  if (filled_at_ && now > *filled_at_) {
    tokens_ =
        std::min(most_tokens_,
                 tokens_ + per_second_ * std::chrono::duration<double>(now - *filled_at_).count());
  }
  if (!filled_at_ || now > *filled_at_) filled_at_ = now;
}

}  // namespace logbraid
