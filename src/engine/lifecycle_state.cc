#include "engine/lifecycle_state.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/units.h"

namespace logbraid {
namespace {

std::string failure(LifecycleCode code, const Result<void>& result) {
  return "its " + std::string(to_string(code)) + " failed: " + result.error().message;
}

std::string overrun(LifecycleCode code, Duration limit) {
  return "its " + std::string(to_string(code)) + " has not ended within " + spell_duration(limit);
}

}  // namespace

LifecycleState::Orders LifecycleState::open(TimePoint now) {
  if (wanted_) return {};
  wanted_ = true;
  decided_ = started_;
  if (!running_) {
    if (!started_) due_ = now;
    return next(now);
  }
  // It was told to stop when it was closed. What it says is heard all the same.
  switch (*running_) {
    case LifecycleCode::start:
      decided_ = overdue_;  // that it hangs is known
      due_ = overdue_ ? TimePoint::max() : now + options_.start_timeout;
      break;
    case LifecycleCode::check_health:
      due_ = now + options_.health_period;
      break;
    case LifecycleCode::stop:
      decided_ = overdue_;
      break;
  }
  return {};
}

LifecycleState::Orders LifecycleState::close(TimePoint now) {
  if (!wanted_) return {};
  wanted_ = false;
  if (!running_) return next(now);
  if (overdue_ || running_ == LifecycleCode::stop) return {};
  due_ = now + options_.stop_timeout;
  return {.begin = {}, .tell = !std::exchange(told_, true)};
}

LifecycleState::Orders LifecycleState::pass(TimePoint now) {
  if (now < due_) return {};
  if (!running_) return next(now);
  due_ = TimePoint::max();
  overdue_ = true;
  switch (*running_) {
    case LifecycleCode::start:
      if (wanted_) start_failed(overrun(*running_, options_.start_timeout));
      break;
    case LifecycleCode::check_health:
      if (!wanted_) break;
      check_failed(overrun(*running_, options_.health_timeout));
      // As long as it hangs, each check that would have its turn has failed too.
      due_ = now + options_.health_period;
      break;
    case LifecycleCode::stop:
      note(overrun(*running_, options_.stop_timeout));
      decided_ = true;  // who wants it again need not wait
      break;
  }
  return {.begin = {}, .tell = !std::exchange(told_, true)};
}

LifecycleState::Orders LifecycleState::ended(const Result<void>& result, TimePoint now) {
  LOGBRAID_ASSERT(running_.has_value(), "only what was begun ends");
  const LifecycleCode code = *std::exchange(running_, std::nullopt);
  const bool late = std::exchange(told_, false);
  overdue_ = false;
  switch (code) {
    case LifecycleCode::start:
      if (result) {
        started_ = true;
        if (wanted_) be_well(now);
        break;
      }
      if (wanted_) start_failed(failure(code, result));
      due_ = now + start_again_after();
      break;
    case LifecycleCode::check_health:
      if (late || !wanted_) break;  // it has failed already: only the next one counts
      if (result) {
        be_well(now);
      } else {
        check_failed(failure(code, result));
        due_ = now + options_.health_period;
      }
      break;
    case LifecycleCode::stop:
      if (!result) note(failure(code, result));
      due_ = now;
      break;
  }
  return next(now);
}

// Nothing runs: what is next, now or later.
LifecycleState::Orders LifecycleState::next(TimePoint now) {
  if (!wanted_) {
    due_ = TimePoint::max();
    if (!std::exchange(started_, false) || !has_.start_and_stop) return {};
    return begin(LifecycleCode::stop, options_.stop_timeout, now);
  }
  if (!started_ && !has_.start_and_stop) {
    started_ = true;
    be_well(now);
  }
  if (now < due_) return {};
  return started_ ? begin(LifecycleCode::check_health, options_.health_timeout, now)
                  : begin(LifecycleCode::start, options_.start_timeout, now);
}

LifecycleState::Orders LifecycleState::begin(LifecycleCode code, Duration limit, TimePoint now) {
  running_ = code;
  due_ = now + limit;
  return {.begin = code, .tell = false};
}

void LifecycleState::be_well(TimePoint now) {
  decided_ = true;
  failed_starts_ = 0;
  failed_checks_ = 0;
  turn(Verdict::healthy);
  due_ = has_.health_check ? now + options_.health_period : TimePoint::max();
}

void LifecycleState::start_failed(const std::string& why) {
  decided_ = true;
  note(why);
  turn(Verdict::unhealthy);
}

void LifecycleState::check_failed(const std::string& why) {
  note(why);
  if (++failed_checks_ >= options_.unhealthy_after) turn(Verdict::unhealthy);
}

void LifecycleState::turn(Verdict verdict) {
  if (std::exchange(verdict_, verdict) == verdict) return;
  if (verdict == Verdict::unhealthy) ++times_unhealthy_;
}

void LifecycleState::note(const std::string& why) {
  if (first_error_.empty()) first_error_ = why;
}

// Doubled each time, so that a service that is down is not started at by everybody at once.
Duration LifecycleState::start_again_after() {
  Duration longest = options_.start_again_after;
  const Duration most = options_.start_again_after_most;
  for (std::uint32_t i = 0; i < failed_starts_ && longest < most; ++i) longest *= 2;
  ++failed_starts_;
  return jitter_.spread(std::min(longest, most), Jitter::equal);
}

}  // namespace logbraid
