// The cache against a map that keeps everything: it may have forgotten, but never has anything
// else, and without pressure it has forgotten nothing.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "lookup/cache.h"
#include "lookup/lookup_key.h"
#include "tests/support/seeds.h"

namespace logbraid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

using HashOf = std::function<std::uint64_t(std::string_view)>;

struct Kept {
  AnswerKind kind;
  std::string value;
  TimePoint fresh_until;
  TimePoint stale_until;
  TimePoint error_until = TimePoint::min();
};

// What answers there should be, without a limit.
class Model {
 public:
  const Kept* find(const std::string& key, TimePoint now) {
    const auto found = kept_.find(key);
    if (found == kept_.end()) return nullptr;
    Kept& kept = found->second;
    if (now < kept.stale_until) return &kept;
    if (now < kept.error_until) {
      kept.kind = AnswerKind::error;
      kept.fresh_until = kept.stale_until = kept.error_until;
      return &kept;
    }
    kept_.erase(found);
    return nullptr;
  }
  void put(const std::string& key, const Answer& answer, TimePoint now) {
    Kept* const there = const_cast<Kept*>(find_alive(key, now));
    if (answer.kind == AnswerKind::error && there != nullptr && there->kind != AnswerKind::error) {
      there->error_until = answer.fresh_until;
      return;
    }
    kept_[key] = {answer.kind, std::string(answer.value), answer.fresh_until, answer.stale_until};
  }
  void forget(const std::string& key) { kept_.erase(key); }

 private:
  const Kept* find_alive(const std::string& key, TimePoint now) const {
    const auto found = kept_.find(key);
    if (found == kept_.end() || now >= found->second.stale_until) return nullptr;
    return &found->second;
  }

  std::map<std::string, Kept> kept_;
};

class Comparison {
 public:
  Comparison(std::uint64_t seed, std::size_t max_bytes, HashOf hash)
      : random_(seed), cache_(max_bytes), hash_(std::move(hash)) {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      now_ += milliseconds(random_() % 3);
      step();
      ASSERT_LE(cache_.stats().bytes, cache_.max_bytes());
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i < kKeys; ++i) found += check(key(i)) ? 1 : 0;
    ASSERT_EQ(cache_.stats().entries, found);
  }
  // Whether nothing may have been forgotten.
  bool complete = false;
  const Cache& cache() const { return cache_; }

 private:
  static constexpr std::size_t kKeys = 2'000;

  static std::string key(std::size_t number) {
    return std::to_string(number) + std::string(number % 37, 'k');
  }
  // Few keys often, many seldom.
  std::string any_key() { return key(random_() % (random_() % 2 == 0 ? 50 : kKeys)); }

  void step() {
    const std::string key = any_key();
    switch (random_() % 8) {
      case 0:
        cache_.remove(key, hash_(key));
        model_.forget(key);
        break;
      case 1:
      case 2:
      case 3:
        put(key);
        break;
      case 4:
        if (!complete && random_() % 50 == 0) {
          const std::size_t bytes = random_() % (cache_.max_bytes() + 1);
          cache_.shrink_to(bytes);
          ASSERT_LE(cache_.stats().bytes, bytes);
          break;
        }
        [[fallthrough]];
      default:
        check(key);
    }
  }
  void put(const std::string& key) {
    const std::string value(random_() % 10 == 0 ? random_() % 4'000 : random_() % 60, 'v');
    Answer answer;
    answer.kind = static_cast<AnswerKind>(random_() % 3);
    answer.value = value;
    answer.fresh_until = now_ + milliseconds(random_() % 5'000);
    answer.stale_until = answer.fresh_until + milliseconds(random_() % 2 * (random_() % 5'000));
    // An answer that is forgotten does not hold back an error.
    if (cache_.find(key, hash_(key), now_) == nullptr) model_.forget(key);
    cache_.put(key, hash_(key), answer, now_);
    model_.put(key, answer, now_);
  }
  bool check(const std::string& key) {
    const CacheEntry* const entry = cache_.find(key, hash_(key), now_);
    const Kept* const kept = model_.find(key, now_);
    if (entry == nullptr) {
      EXPECT_TRUE(kept == nullptr || !complete) << key;
      return false;
    }
    EXPECT_TRUE(kept != nullptr) << key;
    if (kept == nullptr) return true;
    EXPECT_EQ(entry->key(), key);
    EXPECT_EQ(entry->kind(), kept->kind) << key;
    EXPECT_EQ(entry->value(), kept->value) << key;
    EXPECT_EQ(entry->fresh_until(), kept->fresh_until) << key;
    EXPECT_EQ(entry->stale_until(), kept->stale_until) << key;
    EXPECT_EQ(entry->error_until(), kept->error_until) << key;
    return true;
  }

  std::mt19937_64 random_;
  Cache cache_;
  Model model_;
  HashOf hash_;
  TimePoint now_{hours(1)};
};

TEST(CacheModelTest, under_pressure_it_gives_the_last_answer_or_none) {
  for (const std::uint64_t seed : test::seeds(40)) {
    SCOPED_TRACE(test::seed_text(seed));
    Comparison compared(seed, 8'000 * seed, KeyHash(seed));
    compared.run(5'000);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(CacheModelTest, with_room_for_all_it_forgets_nothing) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_text(seed));
    Comparison compared(seed, 64 << 20, KeyHash(seed));
    compared.complete = true;
    compared.run(10'000);
    if (testing::Test::HasFailure()) return;
    EXPECT_EQ(compared.cache().stats().evictions, 0u);
  }
}

TEST(CacheModelTest, hashes_that_collide_change_no_answer) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_text(seed));
    // Few slots, all at the end of their page, few pages.
    const KeyHash random(seed);
    Comparison compared(seed, 200'000, [random](std::string_view key) {
      const std::uint64_t hash = random(key);
      return (hash & 0xf000'0000'0000'0000) | (252 + (hash & 3));
    });
    compared.run(5'000);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(CacheModelTest, hashes_that_begin_alike_change_no_answer) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_text(seed));
    // Three of four begin with 0, so that their pages are split first and the other one late.
    const KeyHash random(seed);
    Comparison compared(seed, 64 << 20, [random](std::string_view key) {
      const std::uint64_t hash = random(key);
      return hash % 4 == 0 ? hash | std::uint64_t{1} << 63 : hash >> 1;
    });
    compared.complete = true;
    compared.run(20'000);
    if (testing::Test::HasFailure()) return;
    EXPECT_EQ(compared.cache().stats().not_kept, 0u);
  }
}

}  // namespace
}  // namespace logbraid
