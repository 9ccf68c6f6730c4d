#include "lookup/adaptive_limit.h"

#include <algorithm>
#include <cmath>

#include "core/assert.h"

namespace logbraid {
namespace {

// Tried in the simulation of docs/decisions/adaptive_limit.md.
constexpr Duration kMeasureEvery = std::chrono::seconds(3);
constexpr Duration kMeasureSoon = std::chrono::seconds(1);
constexpr double kFewestInRound = 50;  // or a mean says little
constexpr double kTolerance = 1.15;
constexpr double kLeastRatio = 0.7;
constexpr double kCut = 0.9;

}  // namespace

AdaptiveLimit::AdaptiveLimit(const AdaptiveLimitOptions& options)
    : least_(options.least), most_(options.most), limit_(options.first) {
  LOGBRAID_ASSERT(
      1 <= options.least && options.least <= options.first && options.first <= options.most,
      "limits are checked where they come from");
}

void AdaptiveLimit::answered(TimePoint now, Duration latency, std::uint32_t in_flight) {
  ++ended_since_cut_;
  ++answers_;
  latencies_ += static_cast<double>(latency.count());
  busy_ = busy_ || 2.0 * in_flight >= limit_;
  if (answers_ >= round_size()) end_round(now);
}

void AdaptiveLimit::overloaded() {
  ++ended_since_cut_;
  // Those that were sent before the last cut tell nothing new.
  if (ended_since_cut_ < limit_) return;
  ended_since_cut_ = 0;
  if (step_ != Step::following) limit_ = limit_before_;
  step_ = Step::following;
  set_limit(limit_ * kCut);
  begin_round();
}

double AdaptiveLimit::round_size() const {
  return step_ == Step::draining ? limit_before_ : std::max(kFewestInRound, 4 * limit_);
}

void AdaptiveLimit::end_round(TimePoint now) {
  const double latency = latencies_ / answers_;
  switch (step_) {
    case Step::following:
      if (busy_) follow(now, latency);
      break;
    case Step::draining:
      step_ = Step::measuring;
      break;
    case Step::measuring:
      calm_latency_ = latency;
      limit_ = limit_before_;
      step_ = Step::following;
      break;
  }
  begin_round();
}

void AdaptiveLimit::follow(TimePoint now, double latency) {
  if (calm_latency_ > 0 && latency > 0) {
    const double ratio = std::clamp(kTolerance * calm_latency_ / latency, kLeastRatio, 1.0);
    set_limit(limit_ * ratio + std::max(1.0, std::sqrt(limit_) / 2));
    if (latency > 2 * calm_latency_) measure_after_ = kMeasureSoon;
  }
  if (calm_latency_ > 0 && now - measured_at_ < measure_after_) return;
  measured_at_ = now;
  measure_after_ = kMeasureEvery;
  step_ = Step::draining;
  limit_before_ = limit_;
  set_limit(limit_ / 2);
}

void AdaptiveLimit::begin_round() {
  answers_ = 0;
  latencies_ = 0;
  busy_ = false;
}

void AdaptiveLimit::set_limit(double limit) { limit_ = std::clamp(limit, least_, most_); }

}  // namespace logbraid
