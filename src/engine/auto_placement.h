#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "async/activity.h"
#include "logbraid/clock.h"
#include "logbraid/metrics.h"

namespace logbraid {

// Where a synchronous function of unknown cost runs (`placement: auto`): it starts in the pool,
// moves inline when its calls were measured cheap with a clear margin, and goes back for good when
// that was a mistake. One for the process; every shard feeds it.
//
// Threads: any.
class AutoPlacement {
 public:
  enum class Where : std::uint8_t { pool, in_line, pool_for_good };

  Where where() const { return where_.load(std::memory_order_relaxed); }
  // True when this call changed it. `mean`: what a call took when that was decided.
  bool move_inline(Duration mean) { return change(Where::pool, Where::in_line, mean); }
  // `stalled`: because of a single call that took that long.
  bool move_back(Duration mean, bool stalled) {
    if (stalled) stalled_.store(true, std::memory_order_relaxed);
    return change(Where::in_line, Where::pool_for_good, mean);
  }
  // A call that a shard ran itself took too long: it runs none of them any more.
  bool stay_in_pool(Duration mean) {
    stalled_.store(true, std::memory_order_relaxed);
    return change(Where::pool, Where::pool_for_good, mean);
  }

  // The last move, for people.
  MoveReason reason() const {
    switch (where()) {
      case Where::pool:
        return MoveReason::none;
      case Where::in_line:
        return MoveReason::cheap;
      case Where::pool_for_good:
        break;
    }
    return stalled_.load(std::memory_order_relaxed) ? MoveReason::stall : MoveReason::dear;
  }
  Duration moved_at_mean() const { return Duration(mean_.load(std::memory_order_relaxed)); }

 private:
  // Relaxed: a shard that sees it late runs some calls more where they ran before.
  bool change(Where from, Where to, Duration mean) {
    if (!where_.compare_exchange_strong(from, to, std::memory_order_relaxed)) return false;
    mean_.store(mean.count(), std::memory_order_relaxed);
    return true;
  }
  std::atomic<Where> where_{Where::pool};
  std::atomic<Duration::rep> mean_{0};
  std::atomic<bool> stalled_{false};
};

// What one shard has measured of such a function.
//
// Threads: the shard's.
class CostProbe {
 public:
  // The hop to the pool and back costs 18 us in the mean (architecture.md): a call under a quarter
  // of that, none over kLongest, is cheaper in place.
  static constexpr Duration kCheap = std::chrono::microseconds(4);
  static constexpr Duration kLongest = std::chrono::milliseconds(1);
  static constexpr std::uint32_t kCalls = 256;
  // In place, a mean over this is worth the hop again.
  static constexpr Duration kDear = std::chrono::microseconds(20);
  // One call in so many is asked how long its thread computed: two readings of a slow clock.
  static constexpr std::uint32_t kAskedShare = 8;
  // A shard may run a pool call itself where calls compute for nearly all of their time and, while
  // one runs, no deadline is kept much later than it would be.
  static constexpr Duration kShareable = std::chrono::microseconds(500);
  static constexpr Duration kLongestShareable = std::chrono::milliseconds(10);

  // A call in the pool took that long; true when the last kCalls say that it is cheap.
  bool cheap_after(Duration took) {
    if (!add(took)) return false;
    const bool cheap = mean_ <= kCheap && longest_ <= kLongest;
    begin();
    return cheap;
  }
  // `calls` in place took that long together; true when they are no longer worth it.
  bool dear_after(Duration took, std::uint32_t calls) {
    if (took >= kStall) return true;
    sum_ += took;
    calls_ += calls;
    if (calls_ < kCalls) return false;
    mean_ = sum_ / calls_;
    begin();
    return mean_ > kDear;
  }
  // Whether the next call in the pool is asked how long its thread computed.
  bool asks() { return asked_++ % kAskedShare == 0; }
  // One that was asked took that long.
  void answer(Duration computed, Duration took) {
    computed_ += computed;
    took_ += took;
  }
  // The last kCalls say that its calls wait for nothing and are short: a shard may run one.
  bool shareable() const { return shareable_; }
  // Of the last kCalls; zero before.
  Duration mean() const { return mean_; }

 private:
  bool add(Duration took) {
    sum_ += took;
    longest_ = std::max(longest_, took);
    if (++calls_ < kCalls) return false;
    mean_ = sum_ / calls_;
    shareable_ = took_ > Duration::zero() && 10 * computed_ >= 9 * took_ && mean_ <= kShareable &&
                 longest_ <= kLongestShareable;
    computed_ = took_ = {};
    return true;
  }
  void begin() {
    sum_ = longest_ = {};
    calls_ = 0;
  }

  Duration sum_{};
  Duration longest_{};
  Duration mean_{};
  std::uint32_t calls_ = 0;
  std::uint32_t asked_ = 0;
  Duration computed_{};  // those that were asked, since the last kCalls
  Duration took_{};      // the same calls in all
  bool shareable_ = false;
};

}  // namespace logbraid
