#include "tests/unit/resilience/breaker_model.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace logbraid::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTimeout = seconds(1);

enum class Step : std::uint8_t {
  ask,
  oldest_succeeds,
  newest_succeeds,
  oldest_is_slow,
  oldest_fails,
  newest_fails,
  oldest_is_dropped,
  little_time,
  much_time,
};
constexpr Step kAlphabet[] = {
    Step::ask,          Step::oldest_succeeds, Step::newest_succeeds,   Step::oldest_is_slow,
    Step::oldest_fails, Step::newest_fails,    Step::oldest_is_dropped, Step::little_time,
    Step::much_time,
};

// Small numbers, so that eight steps get far.
BreakerOptions small_options() {
  BreakerOptions options;
  options.window = seconds(8);
  options.window_buckets = 4;
  options.min_calls = 3;
  options.consecutive_failures = 2;
  options.half_open_permits = 2;
  options.open_for = seconds(3);
  options.open_for_most = seconds(6);
  options.jitter = Jitter::none;
  return options;
}

// The machine and the model, driven alike.
class Pair {
 public:
  Pair(const BreakerOptions& options, std::size_t fronts)
      : model_(options, kTimeout, fronts),
        breaker_(options, kTimeout, 1, [this](const BreakerChange& change) { note(change); }) {
    fronts_.reserve(fronts);
    for (std::size_t i = 0; i < fronts; ++i) fronts_.emplace_back(breaker_);
  }

  // False: the step means nothing here, or the same as another.
  bool take(Step step, std::size_t front = 0, Duration behind = {}) {
    const TimePoint now = now_ - behind;
    switch (step) {
      case Step::ask:
        permits_.push_back({fronts_[front].try_acquire(now), model_.ask(front, now)});
        if (permits_.back().first.admission() != permits_.back().second.admission) wrong_ = true;
        if (permits_.back().second.admission == Admission::refused) permits_.pop_back();
        return true;
      case Step::little_time:
        now_ += milliseconds(700);
        fronts_[front].merge(now_ - behind);
        model_.merge(front, now_ - behind);
        return true;
      case Step::much_time:
        now_ += seconds(6);
        return true;
      case Step::oldest_succeeds:
        return end(true, false, false, front, now);
      case Step::newest_succeeds:
        return permits_.size() > 1 && end(false, false, false, front, now);
      case Step::oldest_is_slow:
        return end(true, false, true, front, now);
      case Step::oldest_fails:
        return end(true, true, false, front, now);
      case Step::newest_fails:
        return permits_.size() > 1 && end(false, true, false, front, now);
      case Step::oldest_is_dropped:
        if (permits_.empty()) return false;
        model_.drop(permits_.front().second);
        permits_.erase(permits_.begin());
        return true;
    }
    return false;
  }

  bool agree() const {
    const BreakerStats stats = breaker_.stats();
    return !wrong_ && stats.state == model_.state() && stats.generation == model_.generation() &&
           told_ == model_.state() && told_generation_ == model_.generation();
  }
  // Also of what is counted, once all is handed over.
  bool agree_in_the_end() {
    now_ += BreakerFront::kMergeEvery;
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
      fronts_[i].merge(now_);
      model_.merge(i, now_);
    }
    const BreakerStats stats = breaker_.stats();
    return agree() && stats.stale == model_.stale && stats.refused == model_.refused;
  }
  std::size_t permits() const { return permits_.size(); }

 private:
  bool end(bool oldest, bool failed, bool slow, std::size_t front, TimePoint now) {
    if (permits_.empty()) return false;
    auto [permit, expected] = std::move(oldest ? permits_.front() : permits_.back());
    permits_.erase(oldest ? permits_.begin() : permits_.end() - 1);
    const Duration took = slow ? kTimeout : milliseconds(1);
    if (failed) {
      fronts_[front].failure(std::move(permit), took, now);
    } else {
      fronts_[front].success(std::move(permit), took, now);
    }
    model_.result(front, expected, failed, slow, now);
    return true;
  }
  void note(const BreakerChange& change) {
    if (change.from != told_ || change.generation != told_generation_ + 1) wrong_ = true;
    told_ = change.to;
    told_generation_ = change.generation;
  }

  BreakerModel model_;
  BreakerState told_ = BreakerState::closed;
  std::uint64_t told_generation_ = 0;
  bool wrong_ = false;
  TimePoint now_{hours(1)};
  CircuitBreaker breaker_;
  std::vector<BreakerFront> fronts_;
  std::vector<std::pair<BreakerPermit, BreakerModel::Permit>> permits_;
};

std::string text_of(const std::vector<Step>& steps) {
  static constexpr const char* kNames[] = {
      "ask",          "oldest succeeds", "newest succeeds", "oldest slow", "oldest fails",
      "newest fails", "oldest dropped",  "little time",     "much time"};
  std::string text;
  for (const Step step : steps) text += std::string(kNames[static_cast<int>(step)]) + ", ";
  return text;
}

// Every sequence over the alphabet that goes on from `steps`. Each is run from its start: a breaker
// cannot be copied.
struct Explorer {
  std::vector<Step> steps;
  std::size_t sequences = 0;

  void explore(std::size_t more) {
    for (const Step step : kAlphabet) {
      steps.push_back(step);
      if (runs() && more > 1) explore(more - 1);
      steps.pop_back();
      if (testing::Test::HasFailure()) return;
    }
  }
  bool runs() {
    Pair pair(small_options(), 1);
    bool meant = true;
    for (const Step step : steps) meant = pair.take(step);
    if (!meant) return false;
    ++sequences;
    EXPECT_TRUE(pair.agree()) << text_of(steps);
    EXPECT_TRUE(pair.agree_in_the_end()) << "in the end: " << text_of(steps);
    return true;
  }
};

TEST(BreakerModelTest, all_sequences_of_eight_steps_agree) {
  Explorer explorer;
  explorer.explore(8);
  EXPECT_GT(explorer.sequences, 100'000u);
}

TEST(BreakerModelTest, all_sequences_of_six_steps_agree_from_open_and_from_half_open) {
  const std::vector<Step> opened = {Step::ask, Step::ask, Step::ask, Step::oldest_fails,
                                    Step::oldest_fails};
  for (std::vector<Step> more : {std::vector<Step>{},
                                 {Step::much_time, Step::ask},
                                 {Step::much_time, Step::ask, Step::ask}}) {
    Explorer explorer;
    explorer.steps = opened;
    explorer.steps.insert(explorer.steps.end(), more.begin(), more.end());
    explorer.explore(6);
    EXPECT_GT(explorer.sequences, 10'000u);
  }
}

TEST(BreakerModelTest, long_random_sequences_of_several_fronts_agree) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    BreakerOptions options = small_options();
    if (round % 2 == 0) {
      options = {};
      options.jitter = Jitter::none;
    }
    options.failure_share = std::vector<double>{0.3, 0.5, 0.7, 1}[random() % 4];
    Pair pair(options, 3);
    // Spells in which most calls fail, and spells in which few do.
    bool bad = false;
    for (int step = 0; step < 2000; ++step) {
      if (random() % 100 == 0) bad = !bad;
      const std::size_t front = random() % 3;
      const Duration behind = milliseconds(front * 40);
      Step next = Step::ask;
      if (pair.permits() > random() % 8) {
        next = random() % 10 < (bad ? 8u : 1u)
                   ? (random() % 2 == 0 ? Step::oldest_fails : Step::newest_fails)
                   : (random() % 2 == 0 ? Step::oldest_succeeds : Step::newest_succeeds);
        if (random() % 10 == 0) next = Step::oldest_is_dropped;
        if (random() % 10 == 0) next = Step::oldest_is_slow;
      }
      if (random() % 30 == 0) next = Step::little_time;
      if (random() % 200 == 0) next = Step::much_time;
      pair.take(next, front, behind);
      ASSERT_TRUE(pair.agree()) << "round " << round << ", step " << step;
    }
    ASSERT_TRUE(pair.agree_in_the_end()) << "round " << round;
  }
}

}  // namespace
}  // namespace logbraid::test
