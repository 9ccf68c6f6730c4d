#include <string>

#include "core/units.h"
#include "logbraid/resilience.h"

namespace logbraid {
namespace {

constexpr Duration kMillisecond = std::chrono::milliseconds(1);
constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kHour = std::chrono::hours(1);

// Names the first member that is out of its range.
class Ranges {
 public:
  Ranges& number(const char* key, double value, double least, double most) {
    const bool inside = value >= least && value <= most;  // NaN is not
    if (!inside) refuse(key, "from " + spell_number(least) + " to " + spell_number(most));
    return *this;
  }
  // Over 0, at most 1.
  Ranges& share(const char* key, double value) {
    const bool inside = value > 0 && value <= 1;
    if (!inside) refuse(key, "a share over 0, at most 1");
    return *this;
  }
  Ranges& duration(const char* key, Duration value, Duration least, Duration most) {
    if (value < least || value > most)
      refuse(key, "from " + spell_duration(least) + " to " + spell_duration(most));
    return *this;
  }
  Ranges& at_least(const char* key, Duration value, const char* other_key, Duration other) {
    if (value < other)
      refuse(key, "at least " + std::string(other_key) + ", " + spell_duration(other));
    return *this;
  }
  Result<void> result() const { return error_.message.empty() ? Result<void>{} : error_; }

 private:
  void refuse(const char* key, const std::string& right) {
    if (!error_.message.empty()) return;
    error_.message = "must be " + right;
    error_.key = key;
  }

  Error error_;
};

}  // namespace

Result<void> check(const BreakerOptions& options) {
  Ranges ranges;
  ranges.duration("window", options.window, 10 * kMillisecond, kHour)
      .number("window_buckets", options.window_buckets, 1, 100)
      .number("min_calls", options.min_calls, 1, 1e9)
      .share("failure_share", options.failure_share)
      .share("slow_share", options.slow_share)
      .share("slow_after", options.slow_after)
      .number("consecutive_failures", options.consecutive_failures, 1, 1e9)
      .duration("open_for", options.open_for, kMillisecond, kHour)
      .duration("open_for_most", options.open_for_most, kMillisecond, kHour)
      .at_least("open_for_most", options.open_for_most, "open_for", options.open_for)
      .number("half_open_permits", options.half_open_permits, 1, 1000);
  if (options.undecided_after) {
    ranges.duration("undecided_after", *options.undecided_after, kMillisecond, kHour);
  }
  return ranges.result();
}

Result<void> check(const BulkheadOptions& options) {
  return Ranges().number("max_in_flight", options.max_in_flight.value_or(1), 1, 1e6).result();
}

Result<void> check(const RetryOptions& options) {
  return Ranges()
      .number("retries", options.retries, 0, 10)
      .duration("backoff", options.backoff, Duration::zero(), kMinute)
      .duration("backoff_most", options.backoff_most, Duration::zero(), kMinute)
      .at_least("backoff_most", options.backoff_most, "backoff", options.backoff)
      .number("budget", options.budget, 0, 1)
      .number("budget_floor", options.budget_floor, 0, 1e6)
      .result();
}

Result<void> check(const LifecycleOptions& options) {
  return Ranges()
      .duration("start_timeout", options.start_timeout, kMillisecond, kHour)
      .duration("start_again_after", options.start_again_after, kMillisecond, kHour)
      .duration("start_again_after_most", options.start_again_after_most, kMillisecond, kHour)
      .at_least("start_again_after_most", options.start_again_after_most, "start_again_after",
                options.start_again_after)
      .duration("health_period", options.health_period, kMillisecond, kHour)
      .duration("health_timeout", options.health_timeout, kMillisecond, kHour)
      .number("unhealthy_after", options.unhealthy_after, 1, 1000)
      .duration("stop_timeout", options.stop_timeout, kMillisecond, kHour)
      .result();
}

std::string_view to_string(Jitter jitter) {
  switch (jitter) {
    case Jitter::none:
      return "none";
    case Jitter::equal:
      return "equal";
    case Jitter::full:
      return "full";
  }
  return "unknown";
}

std::string_view to_string(BreakerMode mode) {
  switch (mode) {
    case BreakerMode::normal:
      return "normal";
    case BreakerMode::disabled:
      return "disabled";
    case BreakerMode::forced_open:
      return "forced_open";
    case BreakerMode::metrics_only:
      return "metrics_only";
  }
  return "unknown";
}

std::string_view to_string(WhenFull when_full) {
  return when_full == WhenFull::wait ? "wait" : "reject";
}

std::string_view to_string(OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::pass:
      return "pass";
    case OnFailure::drop:
      return "drop";
    case OnFailure::dead_letter:
      return "dead_letter";
  }
  return "unknown";
}

}  // namespace logbraid
