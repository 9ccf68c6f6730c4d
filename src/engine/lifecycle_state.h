#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "logbraid/clock.h"
#include "logbraid/lifecycle.h"
#include "logbraid/resilience.h"
#include "logbraid/result.h"
#include "resilience/jitter_source.h"

namespace logbraid {

// Where one enricher stands between its start and its stop: what is to be run next and when, and
// whether it may be called. Pure: it is told the time and how code ended, and gives orders; whoever
// carries them out comes back with ended(). (docs/decisions/lifecycle.md has the invariants)
//
// Threads: one at a time.
class LifecycleState {
 public:
  struct Has {
    bool start_and_stop = false;
    bool health_check = false;
  };
  struct Orders {
    std::optional<LifecycleCode> begin;  // run this; nothing else of the enricher runs now
    bool tell = false;                   // tell the code that runs to stop
  };

  // Closed. The same seed gives the same waits before starts that are made again.
  LifecycleState(const LifecycleOptions& options, Has has, std::uint64_t seed)
      : options_(options), has_(has), jitter_(seed) {}

  // Somebody wants to call it.
  [[nodiscard]] Orders open(TimePoint now);
  // Nobody wants to any more, and its last call has ended.
  [[nodiscard]] Orders close(TimePoint now);
  // The code that was begun has ended.
  [[nodiscard]] Orders ended(const Result<void>& result, TimePoint now);
  // due() has passed; nothing happens before it.
  [[nodiscard]] Orders pass(TimePoint now);
  TimePoint due() const { return due_; }

  bool may_be_called() const { return wanted_ && started_ && verdict_ == Verdict::healthy; }
  // Since it was opened its first start has ended, or taken too long: who waits for it goes on.
  bool decided() const { return decided_; }
  // Closed, and nothing is left to run or to wait for.
  bool through() const { return !wanted_ && !started_ && !running_; }
  // Closed, and through or late with what is left: its end is not waited for any longer.
  bool settled() const { return !wanted_ && (through() || overdue_); }

  std::optional<LifecycleCode> running() const { return running_; }
  bool healthy() const { return wanted_ ? may_be_called() : verdict_ == Verdict::healthy; }
  std::uint32_t times_unhealthy() const { return times_unhealthy_; }
  const std::string& first_error() const { return first_error_; }

 private:
  enum class Verdict : std::uint8_t { none, healthy, unhealthy };

  Orders next(TimePoint now);
  Orders begin(LifecycleCode code, Duration limit, TimePoint now);
  void be_well(TimePoint now);
  void start_failed(const std::string& why);
  void check_failed(const std::string& why);
  void turn(Verdict verdict);
  void note(const std::string& why);
  Duration start_again_after();

  const LifecycleOptions options_;
  const Has has_;
  JitterSource jitter_;
  bool wanted_ = false;
  bool started_ = false;  // a start has succeeded, its stop has not begun
  bool decided_ = false;
  std::optional<LifecycleCode> running_;
  bool told_ = false;     // the code that runs, to stop
  bool overdue_ = false;  // its time is over
  TimePoint due_ = TimePoint::max();
  Verdict verdict_ = Verdict::none;
  std::uint32_t failed_starts_ = 0;  // in a row
  std::uint32_t failed_checks_ = 0;  // in a row
  std::uint32_t times_unhealthy_ = 0;
  std::string first_error_;
};

}  // namespace logbraid
