#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/resilience.h"
#include "resilience/call_window.h"
#include "resilience/jitter_source.h"

namespace logbraid {

enum class BreakerState : std::uint8_t { closed, open, half_open };
std::string_view to_string(BreakerState state);

enum class BreakerCause : std::uint8_t {
  failure_share,         // opened: enough calls, and so many of them failed
  slow_share,            // opened: enough calls, and so many of them were slow
  consecutive_failures,  // opened: few calls, and so many failed in a row
  outage,                // opened: min_calls failed in a row, and for a bucket's time none did not
  probes_failed,         // opened again
  undecided,             // opened again: too long half-open without a verdict
  wait_over,             // half-open
  probes_passed,         // closed
  mode_set,              // by set_mode()
};
std::string_view to_string(BreakerCause cause);

struct BreakerChange {
  BreakerState from = BreakerState::closed;
  BreakerState to = BreakerState::closed;
  BreakerCause cause = BreakerCause::mode_set;
  std::uint64_t generation = 0;  // of the new state
  TimePoint at{};
  Duration open_for{};  // where `to` is open and no mode forces it
};

struct BreakerStats {
  BreakerState state = BreakerState::closed;
  BreakerMode mode = BreakerMode::normal;
  std::uint64_t generation = 0;
  std::uint64_t opened = 0;
  std::uint64_t would_have_opened = 0;  // metrics_only
  std::uint64_t probes = 0;             // permits given out half-open
  // By the fronts, as far as they were merged:
  std::uint64_t refused = 0;
  std::uint64_t stale = 0;              // results of an older generation
  CallCounts window;                    // of this generation
  std::uint64_t changes_lost = 0;       // for a callback that blocked for too long
  std::uint64_t callback_failures = 0;  // it threw
};

enum class Admission : std::uint8_t {
  allowed,  // call it
  refused,  // do not
  probe,    // call it, but let nobody wait for it: it finds out whether the service is back
};

class CircuitBreaker;

// Leave to make one call, and with which generation of the breaker its result counts. A probe's
// permit that is dropped unjudged (cancelled, ignored, never made) goes back to the breaker and
// never closes it; dropping any other costs nothing.
//
// Threads:  one at a time; may end on another than it began on.
// Lifetime: a probe's must not outlive its breaker.
class [[nodiscard]] BreakerPermit {
 public:
  BreakerPermit() = default;  // refused
  BreakerPermit(BreakerPermit&& other) noexcept
      : probe_of_(std::exchange(other.probe_of_, nullptr)),
        word_(std::exchange(other.word_, kRefused)) {}
  BreakerPermit& operator=(BreakerPermit&& other) noexcept {
    std::swap(probe_of_, other.probe_of_);
    std::swap(word_, other.word_);
    return *this;
  }
  ~BreakerPermit() {
    if (probe_of_ != nullptr) give_back();
  }

  Admission admission() const {
    if (word_ == kRefused) return Admission::refused;
    return probe_of_ != nullptr ? Admission::probe : Admission::allowed;
  }

 private:
  friend class BreakerFront;
  friend class CircuitBreaker;
  static constexpr std::uint64_t kRefused = std::numeric_limits<std::uint64_t>::max();

  BreakerPermit(std::uint64_t word, CircuitBreaker* probe_of) : probe_of_(probe_of), word_(word) {}
  void give_back() noexcept;

  CircuitBreaker* probe_of_ = nullptr;
  std::uint64_t word_ = kRefused;  // the breaker's when it was given
};

// Leaves an enricher (or what a look-up asks) alone for a while when it fails too often. One for
// the process; each shard asks and counts through a BreakerFront of its own. A pure state machine:
// it has no clock and starts nothing, it is told what time it is. What holds is written down in
// docs/decisions/circuit_breaker.md.
//
// Threads:  any function from any thread.
// Lifetime: must outlive its fronts and permits.
// Errors:   none; options must have passed check().
// Blocking: a lock for some ten instructions. The callback runs on the thread whose call changed
//           the state, outside the lock; another thread's changes wait for it in order.
class CircuitBreaker {
 public:
  // Told of each change of state, in order, one at a time. It may call back; what it throws is
  // counted. One that blocks holds the thread it runs on, often a shard's, and nobody else: of what
  // happens meanwhile the last 64 changes are kept. Hand over what takes long.
  using Callback = std::function<void(const BreakerChange&)>;

  // `timeout` is the calls' own. The same seed gives the same times.
  CircuitBreaker(const BreakerOptions& options, Duration timeout, std::uint64_t seed,
                 Callback callback = {});
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  // Starts anew in another mode: closed with nothing counted, or open until the next set_mode().
  // The mode it has: nothing happens.
  void set_mode(BreakerMode mode, TimePoint now);

  BreakerState state() const { return state_of(word()); }
  BreakerStats stats() const;

 private:
  friend class BreakerFront;
  friend class BreakerPermit;
  static constexpr std::size_t kMostChanges = 64;

  // What a front has counted since its last merge.
  struct Delta {
    CallCounts calls;  // successes first, then failures
    std::uint64_t refused = 0;
    std::uint64_t stale = 0;
  };
  // What is known of the probes of this half-open time.
  struct Probes {
    std::uint32_t free = 0;
    std::uint32_t out = 0;
    std::uint32_t passed = 0;
    std::uint32_t failed = 0;
  };

  // State, mode and generation in one word: whatever changes the meaning of a result changes it.
  static constexpr std::uint64_t make_word(BreakerState state, BreakerMode mode,
                                           std::uint64_t generation) {
    return static_cast<std::uint64_t>(state) | static_cast<std::uint64_t>(mode) << 2 |
           generation << 4;
  }
  static constexpr BreakerState state_of(std::uint64_t word) {
    return static_cast<BreakerState>(word & 3);
  }
  static constexpr BreakerMode mode_of(std::uint64_t word) {
    return static_cast<BreakerMode>(word >> 2 & 3);
  }
  static constexpr std::uint64_t generation_of(std::uint64_t word) { return word >> 4; }
  // Relaxed: the word stands for itself; who acts on an old one gets a permit of an old generation.
  std::uint64_t word() const { return word_.load(std::memory_order_relaxed); }
  // Whoever asks before this time is refused. Relaxed: who sees an old one is refused a moment
  // longer, or asks under the lock.
  TimePoint ask_from() const {
    return TimePoint(Duration(ask_from_.load(std::memory_order_relaxed)));
  }

  BreakerPermit ask(TimePoint now);
  void judge(BreakerPermit& probe, bool passed, TimePoint now);
  void give_back(std::uint64_t word) noexcept;
  // Takes what was counted for `word`.
  void merge(const Delta& delta, std::uint64_t word, TimePoint now);

  // With the lock held:
  void advance(TimePoint now);
  void evaluate();
  std::optional<BreakerCause> cause_to_open() const;
  void decide();
  void end_undecided();
  void open(BreakerCause cause, TimePoint at);
  void half_open();
  void close(BreakerCause cause, TimePoint at);
  void start_counting();
  void change_to(BreakerState state, BreakerCause cause, TimePoint at, Duration open_for);
  void let_ask_from(TimePoint time);
  bool must_deliver() const { return !changes_.empty() && !delivering_; }

  void deliver();

  const BreakerOptions options_;
  const Callback callback_;
  const Duration slow_after_;
  const Duration undecided_after_;
  std::uint32_t failures_to_open_ = 1;  // of the probes

  // Read by every shard at each call, written when the state changes.
  alignas(64) std::atomic<std::uint64_t> word_;
  std::atomic<Duration::rep> ask_from_;

  alignas(64) mutable std::mutex mutex_;  // guards everything below, and all writing above
  TimePoint now_ = TimePoint::min();      // the latest it was told
  CallWindow window_;
  std::uint64_t failures_in_a_row_ = 0;
  std::optional<TimePoint> last_success_;
  std::uint32_t times_failed_ = 0;  // openings since it was closed, but for the first
  TimePoint open_until_{};
  TimePoint undecided_at_{};
  Probes probes_;
  JitterSource jitter_;
  BreakerStats stats_;
  std::vector<BreakerChange> changes_;  // not yet delivered
  bool delivering_ = false;
};

}  // namespace logbraid
