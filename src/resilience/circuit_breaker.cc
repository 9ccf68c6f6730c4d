#include "resilience/circuit_breaker.h"

#include <algorithm>

#include "core/assert.h"

namespace logbraid {
namespace {

constexpr Duration kLeastUndecided = std::chrono::seconds(10);
constexpr TimePoint kNever = TimePoint::max();
constexpr TimePoint kAnyTime = TimePoint::min();

bool reaches(std::uint64_t part, std::uint64_t whole, double share) {
  // The quotient, not the product: 7 / 10 is the double that 0.7 is, 0.7 * 10 is not 7.
  return static_cast<double>(part) / static_cast<double>(whole) >= share;
}

bool forced(BreakerMode mode) { return mode == BreakerMode::forced_open; }

BreakerState start_of(BreakerMode mode) {
  return forced(mode) ? BreakerState::open : BreakerState::closed;
}

}  // namespace

CircuitBreaker::CircuitBreaker(const BreakerOptions& options, Duration timeout, std::uint64_t seed,
                               Callback callback)
    : options_(options),
      callback_(std::move(callback)),
      slow_after_(
          static_cast<Duration::rep>(static_cast<double>(timeout.count()) * options.slow_after)),
      undecided_after_(options.undecided_after.value_or(std::max(2 * timeout, kLeastUndecided))),
      word_(make_word(start_of(options.mode), options.mode, 0)),
      ask_from_((forced(options.mode) ? kNever : kAnyTime).time_since_epoch().count()),
      window_(options.window, options.window_buckets),
      jitter_(seed) {
  LOGBRAID_ASSERT(check(options), "options of a breaker are checked where they come from");
  while (!reaches(failures_to_open_, options.half_open_permits, options.failure_share)) {
    ++failures_to_open_;
  }
  stats_.mode = options.mode;
  changes_.reserve(kMostChanges);
}

void CircuitBreaker::set_mode(BreakerMode mode, TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    if (mode == stats_.mode) return;
    advance(now);
    stats_.mode = mode;
    let_ask_from(forced(mode) ? kNever : kAnyTime);
    change_to(start_of(mode), BreakerCause::mode_set, now_, Duration::zero());
  }
  deliver();
}

BreakerStats CircuitBreaker::stats() const {
  const std::lock_guard lock(mutex_);
  BreakerStats stats = stats_;
  stats.state = state_of(word());
  stats.generation = generation_of(word());
  stats.window = window_.total();
  return stats;
}

BreakerPermit CircuitBreaker::ask(TimePoint now) {
  BreakerPermit permit;
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    advance(now);
    if (state_of(word()) == BreakerState::open && now_ >= open_until_ && !forced(stats_.mode)) {
      half_open();
    }
    if (state_of(word()) == BreakerState::closed) {
      permit.word_ = word();
    } else if (state_of(word()) == BreakerState::half_open && probes_.free > 0) {
      --probes_.free;
      ++probes_.out;
      ++stats_.probes;
      if (probes_.free == 0) let_ask_from(undecided_at_);
      permit.word_ = word();
      permit.probe_of_ = this;
    }
    changed = must_deliver();
  }
  if (changed) deliver();
  return permit;
}

void CircuitBreaker::judge(BreakerPermit& probe, bool passed, TimePoint now) {
  probe.probe_of_ = nullptr;
  {
    const std::lock_guard lock(mutex_);
    advance(now);
    if (probe.word_ != word()) {
      ++stats_.stale;
    } else {
      --probes_.out;
      ++(passed ? probes_.passed : probes_.failed);
      decide();
    }
    if (!must_deliver()) return;
  }
  deliver();
}

void CircuitBreaker::give_back(std::uint64_t word) noexcept {
  const std::lock_guard lock(mutex_);
  if (word != this->word()) return;
  --probes_.out;
  ++probes_.free;
  let_ask_from(kAnyTime);
}

void CircuitBreaker::merge(const Delta& delta, std::uint64_t word, TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    advance(now);
    stats_.refused += delta.refused;
    stats_.stale += delta.stale;
    const CallCounts& calls = delta.calls;
    if (word != this->word()) {
      stats_.stale += calls.calls;
    } else if (calls.calls > 0 && state_of(word) == BreakerState::closed &&
               stats_.mode != BreakerMode::disabled) {
      window_.add(calls);
      if (calls.calls > calls.failures) {
        failures_in_a_row_ = 0;
        last_success_ = now_;
      }
      failures_in_a_row_ += calls.failures;
      evaluate();
    }
    if (!must_deliver()) return;
  }
  deliver();
}

// What time alone brings about happens when its time comes, whenever somebody looks.
void CircuitBreaker::advance(TimePoint now) {
  // Shards look at the clock at different times; for the breaker it never goes back.
  now_ = std::max(now_, now);
  window_.advance(now_);
  if (state_of(word()) == BreakerState::half_open && now_ >= undecided_at_) end_undecided();
}

void CircuitBreaker::evaluate() {
  const auto cause = cause_to_open();
  if (!cause) return;
  if (stats_.mode == BreakerMode::normal) {
    open(*cause, now_);
    return;
  }
  ++stats_.would_have_opened;
  start_counting();
  word_.store(make_word(BreakerState::closed, stats_.mode, generation_of(word()) + 1),
              std::memory_order_relaxed);
}

std::optional<BreakerCause> CircuitBreaker::cause_to_open() const {
  const CallCounts& window = window_.total();
  if (window.calls < options_.min_calls) {
    if (failures_in_a_row_ < options_.consecutive_failures) return std::nullopt;
    return BreakerCause::consecutive_failures;
  }
  if (reaches(window.failures, window.calls, options_.failure_share)) {
    return BreakerCause::failure_share;
  }
  if (reaches(window.slow, window.calls, options_.slow_share)) return BreakerCause::slow_share;
  // A busy window would hide for seconds that nothing succeeds any more. A burst of failures
  // between successes (a connection that broke under many calls) is over before this fires.
  if (failures_in_a_row_ >= options_.min_calls && last_success_ &&
      now_ - *last_success_ >= window_.bucket_length()) {
    return BreakerCause::outage;
  }
  return std::nullopt;
}

// As soon as the probes that are left cannot change the verdict.
void CircuitBreaker::decide() {
  if (probes_.failed >= failures_to_open_) {
    open(BreakerCause::probes_failed, now_);
  } else if (probes_.passed > options_.half_open_permits - failures_to_open_) {
    close(BreakerCause::probes_passed, now_);
  }
}

// What is still out counts as failed; the share of what there is decides, so that a service asked
// once a minute comes back too. Where nothing was judged nothing is known: open again.
void CircuitBreaker::end_undecided() {
  const std::uint32_t judged = probes_.passed + probes_.failed;
  if (judged > 0 &&
      !reaches(probes_.failed + probes_.out, judged + probes_.out, options_.failure_share)) {
    close(BreakerCause::probes_passed, undecided_at_);
  } else {
    open(BreakerCause::undecided, undecided_at_);
  }
}

void CircuitBreaker::open(BreakerCause cause, TimePoint at) {
  const bool again = state_of(word()) == BreakerState::half_open;
  times_failed_ = again ? times_failed_ + 1 : 0;
  Duration longest = options_.open_for;
  for (std::uint32_t i = 0; i < times_failed_ && longest < options_.open_for_most; ++i) {
    longest *= 2;
  }
  longest = std::min(longest, options_.open_for_most);
  const Duration open_for = jitter_.spread(longest, options_.jitter);
  open_until_ = at + open_for;
  let_ask_from(open_until_);
  change_to(BreakerState::open, cause, at, open_for);
}

void CircuitBreaker::half_open() {
  probes_ = {};
  probes_.free = options_.half_open_permits;
  undecided_at_ = now_ + undecided_after_;
  let_ask_from(kAnyTime);
  change_to(BreakerState::half_open, BreakerCause::wait_over, now_, Duration::zero());
}

void CircuitBreaker::close(BreakerCause cause, TimePoint at) {
  change_to(BreakerState::closed, cause, at, Duration::zero());
}

void CircuitBreaker::start_counting() {
  window_.clear();
  failures_in_a_row_ = 0;
  last_success_.reset();
}

void CircuitBreaker::change_to(BreakerState state, BreakerCause cause, TimePoint at,
                               Duration open_for) {
  const BreakerState from = state_of(word());
  const std::uint64_t generation = generation_of(word()) + 1;
  start_counting();
  if (state == BreakerState::open) ++stats_.opened;
  word_.store(make_word(state, stats_.mode, generation), std::memory_order_relaxed);
  if (from == state || !callback_) return;
  if (changes_.size() == kMostChanges) {
    changes_.erase(changes_.begin());
    ++stats_.changes_lost;
  }
  changes_.push_back({from, state, cause, generation, at, open_for});
}

void CircuitBreaker::let_ask_from(TimePoint time) {
  ask_from_.store(time.time_since_epoch().count(), std::memory_order_relaxed);
}

void CircuitBreaker::deliver() {
  std::unique_lock lock(mutex_);
  if (delivering_) return;  // whoever delivers sees it when the callback returns
  delivering_ = true;
  while (!changes_.empty()) {
    const BreakerChange change = changes_.front();
    changes_.erase(changes_.begin());
    lock.unlock();
    bool threw = false;
    try {
      callback_(change);
    } catch (...) {  // not ours, and a shard has nobody to give it to: it is counted
      threw = true;
    }
    lock.lock();
    if (threw) ++stats_.callback_failures;
  }
  delivering_ = false;
}

void BreakerPermit::give_back() noexcept { probe_of_->give_back(word_); }

std::string_view to_string(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::open:
      return "open";
    case BreakerState::half_open:
      return "half_open";
  }
  return "unknown";
}

std::string_view to_string(BreakerCause cause) {
  switch (cause) {
    case BreakerCause::failure_share:
      return "failure_share";
    case BreakerCause::slow_share:
      return "slow_share";
    case BreakerCause::consecutive_failures:
      return "consecutive_failures";
    case BreakerCause::outage:
      return "outage";
    case BreakerCause::probes_failed:
      return "probes_failed";
    case BreakerCause::undecided:
      return "undecided";
    case BreakerCause::wait_over:
      return "wait_over";
    case BreakerCause::probes_passed:
      return "probes_passed";
    case BreakerCause::mode_set:
      return "mode_set";
  }
  return "unknown";
}

}  // namespace logbraid
