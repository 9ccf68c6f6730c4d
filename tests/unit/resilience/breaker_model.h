#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "resilience/breaker_front.h"

namespace logbraid::test {

// What a circuit breaker with its fronts must do, said as plainly as possible: it forgets nothing,
// and finds every answer by going through all calls. No jitter, mode normal.
class BreakerModel {
 public:
  struct Permit {
    Admission admission = Admission::refused;
    std::uint64_t generation = 0;
  };

  BreakerModel(BreakerOptions options, Duration timeout, std::size_t fronts)
      : options_(options), timeout_(timeout), fronts_(fronts) {}

  Permit ask(std::size_t front, TimePoint now) {
    if (now < nobody_before()) return refuse(front, now);  // by its own clock
    if (state_ != BreakerState::closed) pass_time(now);
    if (state_ == BreakerState::open) {
      if (now_ < open_until_) return refuse(front, now);
      change_to(BreakerState::half_open);
      half_open_since_ = now_;
      out_ = passed_ = failed_ = 0;
    }
    if (state_ == BreakerState::half_open) {
      if (free_permits() == 0) return refuse(front, now);
      ++out_;
      return {Admission::probe, generation_};
    }
    return {Admission::allowed, generation_};
  }

  void result(std::size_t front, Permit permit, bool failed, bool slow, TimePoint now) {
    if (permit.admission == Admission::probe) {
      pass_time(now);
      if (permit.generation != generation_) {
        ++stale;
        return;
      }
      --out_;
      ++(failed ? failed_ : passed_);
      const double least_failed = failed_;
      const double most_failed = options_.half_open_permits - passed_;
      if (least_failed / options_.half_open_permits >= options_.failure_share) {
        open(now_);
      } else if (most_failed / options_.half_open_permits < options_.failure_share) {
        close();
      }
      return;
    }
    fronts_[front].pending.push_back({permit.generation, now, failed, slow});
    if (failed) {
      hand_over(front, now);
    } else {
      merge(front, now);
    }
  }

  void drop(Permit permit) {
    if (permit.admission == Admission::probe && permit.generation == generation_) --out_;
  }

  void merge(std::size_t front, TimePoint now) {
    const auto& last = fronts_[front].last_merge;
    if (!last || now >= *last + BreakerFront::kMergeEvery) hand_over(front, now);
  }

  BreakerState state() const { return state_; }
  std::uint64_t generation() const { return generation_; }
  std::uint64_t stale = 0;
  std::uint64_t refused = 0;

 private:
  struct Call {
    std::uint64_t generation;
    TimePoint at;  // of the merge, once merged
    bool failed;
    bool slow;
  };
  struct Front {
    std::vector<Call> pending;
    std::optional<TimePoint> last_merge;
    std::uint64_t refused = 0;
  };

  Permit refuse(std::size_t front, TimePoint now) {
    ++fronts_[front].refused;
    merge(front, now);
    return {};
  }
  double free_permits() const { return options_.half_open_permits - out_ - passed_ - failed_; }
  TimePoint undecided_at() const {
    const Duration usual = std::max<Duration>(2 * timeout_, std::chrono::seconds(10));
    return half_open_since_ + options_.undecided_after.value_or(usual);
  }
  TimePoint nobody_before() const {
    if (state_ == BreakerState::open) return open_until_;
    const bool full = state_ == BreakerState::half_open && free_permits() == 0;
    return full ? undecided_at() : TimePoint::min();
  }

  void pass_time(TimePoint now) {
    now_ = std::max(now_, now);
    if (state_ != BreakerState::half_open) return;
    const TimePoint limit = undecided_at();
    if (now_ < limit) return;
    const double judged = passed_ + failed_;
    if (judged > 0 && (failed_ + out_) / (judged + out_) < options_.failure_share) {
      close();
    } else {
      open(limit);
    }
  }

  void hand_over(std::size_t number, TimePoint now) {
    Front& front = fronts_[number];
    pass_time(now);
    front.last_merge = now;
    refused += front.refused;
    front.refused = 0;
    bool any = false;
    for (Call call : front.pending) {
      if (call.generation != generation_) {
        ++stale;
        continue;
      }
      call.at = now_;
      calls_.push_back(call);
      any = true;
    }
    front.pending.clear();
    if (any && must_open()) open(now_);
  }

  bool must_open() const {
    const Duration bucket = options_.window / options_.window_buckets;
    const auto number = [&](TimePoint at) { return at.time_since_epoch() / bucket; };
    double calls = 0;
    double failures = 0;
    double slow = 0;
    for (const Call& call : calls_) {
      if (number(call.at) <= number(now_) - options_.window_buckets) continue;
      ++calls;
      failures += call.failed;
      slow += call.slow;
    }
    std::size_t row = 0;
    auto last = calls_.rbegin();
    while (last != calls_.rend() && last->failed) {
      ++row;
      ++last;
    }
    if (calls < options_.min_calls) return row >= options_.consecutive_failures;
    return failures / calls >= options_.failure_share || slow / calls >= options_.slow_share ||
           (row >= options_.min_calls && last != calls_.rend() && now_ - last->at >= bucket);
  }

  void open(TimePoint at) {
    times_failed_ = state_ == BreakerState::half_open ? times_failed_ + 1 : 0;
    Duration length = options_.open_for;
    for (int i = 0; i < times_failed_; ++i) length = std::min(2 * length, options_.open_for_most);
    open_until_ = at + length;
    change_to(BreakerState::open);
  }
  void close() { change_to(BreakerState::closed); }
  void change_to(BreakerState state) {
    state_ = state;
    ++generation_;
    calls_.clear();
  }

  const BreakerOptions options_;
  const Duration timeout_;
  BreakerState state_ = BreakerState::closed;
  std::uint64_t generation_ = 0;
  TimePoint now_ = TimePoint::min();
  std::vector<Call> calls_;  // of this generation, all of them
  std::vector<Front> fronts_;
  TimePoint open_until_{};
  TimePoint half_open_since_{};
  int times_failed_ = 0;
  double out_ = 0;
  double passed_ = 0;
  double failed_ = 0;
};

}  // namespace logbraid::test
