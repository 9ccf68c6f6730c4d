#include "lookup/cache.h"

#include <gtest/gtest.h>

#include <string>

#include "lookup/lookup_key.h"

namespace logbraid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kNow{hours(1)};
constexpr KeyHash kHash(5);

Answer answer_of(std::string_view value, AnswerKind kind = AnswerKind::found,
                 Duration fresh = seconds(10), Duration stale = seconds(60)) {
  Answer answer;
  answer.kind = kind;
  answer.value = value;
  answer.fresh_until = kNow + fresh;
  answer.stale_until = kNow + stale;
  return answer;
}

// A cache that makes the hashes itself.
struct Cached {
  explicit Cached(std::size_t bytes = 1 << 20) : cache(bytes) {}

  void put(std::string_view key, const Answer& answer, Duration at = {}) {
    cache.put(key, kHash(key), answer, kNow + at);
  }
  const CacheEntry* find(std::string_view key, Duration at = {}) {
    return cache.find(key, kHash(key), kNow + at);
  }
  // Keys that nobody asks for.
  void scan(std::size_t keys) {
    for (std::size_t i = 0; i < keys; ++i) {
      put("scan" + std::to_string(scanned++), answer_of(std::string(50, 's')));
    }
  }

  Cache cache;
  std::size_t scanned = 0;
};

TEST(CacheTest, gives_what_was_put) {
  Cached cached;
  EXPECT_EQ(cached.find("a"), nullptr);
  Answer answer = answer_of(std::string_view("x\0y", 3));
  answer.refresh_at = kNow + seconds(8);
  cached.put("a", answer);
  const CacheEntry* const entry = cached.find("a");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->key(), "a");
  EXPECT_EQ(entry->value(), std::string_view("x\0y", 3));
  EXPECT_EQ(entry->kind(), AnswerKind::found);
  EXPECT_EQ(entry->fresh_until(), kNow + seconds(10));
  EXPECT_EQ(entry->stale_until(), kNow + seconds(60));
  EXPECT_FALSE(entry->refresh_due(kNow + seconds(8) - milliseconds(1)));
  EXPECT_TRUE(entry->refresh_due(kNow + seconds(8)));
  EXPECT_EQ(cached.find("b"), nullptr);
  EXPECT_EQ(cached.cache.stats().entries, 1u);
}

TEST(CacheTest, empty_keys_and_values_are_kept) {
  Cached cached;
  cached.put("", answer_of("for nothing"));
  cached.put("x", answer_of("", AnswerKind::not_found));
  EXPECT_EQ(cached.find("")->value(), "for nothing");
  EXPECT_EQ(cached.find("x")->value(), "");
  EXPECT_EQ(cached.find("x")->kind(), AnswerKind::not_found);
}

TEST(CacheTest, is_fresh_then_stale_then_gone) {
  Cached cached;
  cached.put("a", answer_of("1"));
  EXPECT_TRUE(cached.find("a", seconds(9))->fresh(kNow + seconds(9)));
  EXPECT_FALSE(cached.find("a", seconds(10))->fresh(kNow + seconds(10)));
  EXPECT_EQ(cached.find("a", seconds(60) - milliseconds(1))->value(), "1");
  EXPECT_EQ(cached.cache.stats().expired, 0u);
  EXPECT_EQ(cached.find("a", seconds(60)), nullptr);
  EXPECT_EQ(cached.cache.stats().expired, 1u);
  EXPECT_EQ(cached.cache.stats().entries, 0u);
  EXPECT_EQ(cached.find("a"), nullptr) << "what is gone does not come back with a younger time";
}

TEST(CacheTest, the_last_answer_counts) {
  Cached cached;
  cached.put("a", answer_of("1"));
  cached.put("a", answer_of("a longer one"));
  EXPECT_EQ(cached.find("a")->value(), "a longer one");
  cached.put("a", answer_of("", AnswerKind::not_found));
  EXPECT_EQ(cached.find("a")->kind(), AnswerKind::not_found);
  cached.put("a", answer_of("2"));
  EXPECT_EQ(cached.find("a")->value(), "2");
  EXPECT_EQ(cached.cache.stats().entries, 1u);
  EXPECT_EQ(cached.cache.stats().evictions, 0u);
}

TEST(CacheTest, an_error_is_noted_beside_an_answer_that_can_be_served) {
  for (const AnswerKind kind : {AnswerKind::found, AnswerKind::not_found}) {
    Cached cached;
    cached.put("a", answer_of("1", kind));
    EXPECT_LT(cached.find("a")->error_until(), kNow);
    cached.put("a", answer_of("refused", AnswerKind::error, seconds(31)), seconds(30));
    const CacheEntry* const entry = cached.find("a", seconds(30));
    EXPECT_EQ(entry->kind(), kind);
    EXPECT_EQ(entry->value(), "1");
    EXPECT_EQ(entry->error_until(), kNow + seconds(31));
    EXPECT_EQ(entry->stale_until(), kNow + seconds(60)) << "an error prolongs nothing";
  }
}

TEST(CacheTest, an_error_takes_the_place_of_an_answer_that_is_gone) {
  Cached cached;
  cached.put("a", answer_of("1"));
  cached.put("a", answer_of("refused", AnswerKind::error, seconds(61), seconds(61)), seconds(60));
  EXPECT_EQ(cached.find("a", seconds(60))->kind(), AnswerKind::error);
  EXPECT_EQ(cached.find("a", seconds(60))->value(), "refused");
  EXPECT_EQ(cached.find("a", seconds(61)), nullptr);
}

TEST(CacheTest, an_error_outlives_the_answer_beside_which_it_was_noted) {
  Cached cached;
  cached.put("a", answer_of("1"));
  cached.put("a", answer_of("refused", AnswerKind::error, seconds(65)), seconds(59));
  EXPECT_EQ(cached.find("a", seconds(59))->value(), "1");
  const CacheEntry* const entry = cached.find("a", seconds(60));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->kind(), AnswerKind::error);
  EXPECT_EQ(entry->reason(), "the service has just failed to answer anew") << "not the answer";
  EXPECT_TRUE(entry->fresh(kNow + seconds(60)));
  EXPECT_EQ(cached.find("a", seconds(65)), nullptr);
}

TEST(CacheTest, an_answer_takes_the_place_of_an_error) {
  Cached cached;
  cached.put("a", answer_of("refused", AnswerKind::error, seconds(1), seconds(1)));
  EXPECT_EQ(cached.find("a")->kind(), AnswerKind::error) << "and never \"not found\"";
  cached.put("a", answer_of("refused again", AnswerKind::error, seconds(2), seconds(2)));
  EXPECT_EQ(cached.find("a")->value(), "refused again");
  cached.put("a", answer_of("1"));
  EXPECT_EQ(cached.find("a")->value(), "1");
  EXPECT_LT(cached.find("a")->error_until(), kNow);
}

TEST(CacheTest, what_is_removed_is_gone) {
  Cached cached;
  cached.put("a", answer_of("1"));
  cached.put("b", answer_of("2"));
  cached.cache.remove("a", kHash("a"));
  cached.cache.remove("c", kHash("c"));
  EXPECT_EQ(cached.find("a"), nullptr);
  EXPECT_EQ(cached.find("b")->value(), "2");
  EXPECT_EQ(cached.cache.stats().entries, 1u);
}

TEST(CacheTest, what_was_asked_for_twice_outlives_what_was_not) {
  Cached cached(64 * 1024);
  for (const std::string_view key : {"twice", "once", "never"}) cached.put(key, answer_of("1"));
  EXPECT_NE(cached.find("once"), nullptr);
  for (int i = 0; i < 2; ++i) EXPECT_NE(cached.find("twice"), nullptr);
  cached.scan(10'000);
  EXPECT_GT(cached.cache.stats().evictions, 9'000u);
  EXPECT_EQ(cached.find("once"), nullptr);
  EXPECT_EQ(cached.find("never"), nullptr);
  EXPECT_NE(cached.find("twice"), nullptr);
}

TEST(CacheTest, what_comes_back_soon_after_it_left_stays) {
  Cached cached(64 * 1024);
  cached.scan(2'000);
  cached.put("a", answer_of("1"));
  cached.scan(400);
  ASSERT_EQ(cached.find("a"), nullptr) << "all are new, and nobody asked";
  cached.put("a", answer_of("2"));
  cached.scan(1'000);
  ASSERT_NE(cached.find("a"), nullptr);
  EXPECT_EQ(cached.find("a")->value(), "2");
}

TEST(CacheTest, what_cannot_be_served_any_more_goes_first) {
  Cached cached(64 * 1024);
  cached.put("a", answer_of("1", AnswerKind::found, seconds(1), seconds(1)));
  for (int i = 0; i < 3; ++i) EXPECT_NE(cached.find("a"), nullptr);
  const auto put_all = [&](Duration at) {
    for (std::size_t i = 0; i < 2'000; ++i) {
      cached.put(std::to_string(i), answer_of(std::string(50, 's')), at);
    }
  };
  put_all(seconds(1));
  EXPECT_EQ(cached.cache.stats().expired, 1u) << "its uses do not help it";
}

TEST(CacheTest, what_has_no_room_is_not_kept_and_the_old_answer_is_gone) {
  Cached cached(32 * 1024);
  cached.put("a", answer_of("1"));
  cached.put("b", answer_of("2"));
  cached.put("a", answer_of(std::string(64 * 1024, 'x')));
  EXPECT_EQ(cached.find("a"), nullptr);
  EXPECT_EQ(cached.cache.stats().not_kept, 1u);
  cached.put("a", answer_of("3"));
  EXPECT_EQ(cached.find("a")->value(), "3");
}

TEST(CacheTest, an_answer_of_more_than_a_quarter_of_the_bytes_drops_no_other) {
  Cached cached(64 * 1024);
  for (int i = 0; i < 100; ++i) cached.put(std::to_string(i), answer_of("x"));
  for (const std::size_t size : {17'000, 60'000, 100'000}) {
    cached.put("large", answer_of(std::string(size, 'x')));
    EXPECT_EQ(cached.find("large"), nullptr);
  }
  EXPECT_EQ(cached.cache.stats().entries, 100u);
  EXPECT_EQ(cached.cache.stats().not_kept, 3u);
}

TEST(CacheTest, a_cache_of_no_bytes_keeps_nothing) {
  for (const std::size_t bytes : {0, 1, 100, 5'000}) {
    Cached cached(bytes);
    cached.put("a", answer_of("1"));
    EXPECT_EQ(cached.find("a"), nullptr);
    EXPECT_EQ(cached.cache.stats().bytes, 0u);
    EXPECT_EQ(cached.cache.stats().not_kept, 1u);
  }
}

TEST(CacheTest, shrinks_and_grows_again) {
  Cached cached(256 * 1024);
  cached.scan(5'000);
  const CacheStats full = cached.cache.stats();
  EXPECT_GT(full.bytes, 240u * 1024);
  for (const std::size_t bytes : {128 * 1024, 20 * 1024, 6 * 1024}) {
    cached.cache.shrink_to(bytes);
    const CacheStats less = cached.cache.stats();
    EXPECT_LE(less.bytes, bytes);
    EXPECT_GT(less.bytes, bytes / 2);
    std::size_t found = 0;
    for (std::size_t i = 0; i < cached.scanned; ++i) {
      found += cached.find("scan" + std::to_string(i)) != nullptr;
    }
    EXPECT_EQ(found, less.entries);
  }
  cached.cache.shrink_to(0);
  EXPECT_EQ(cached.cache.stats().bytes, 0u);
  EXPECT_EQ(cached.cache.stats().entries, 0u);
  cached.scan(5'000);
  EXPECT_EQ(cached.cache.stats().entries, full.entries);
}

TEST(CacheTest, shrinking_to_what_it_has_drops_nothing) {
  Cached cached;
  cached.scan(100);
  const CacheStats before = cached.cache.stats();
  cached.cache.shrink_to(before.bytes);
  EXPECT_EQ(cached.cache.stats().entries, before.entries);
}

TEST(CacheTest, keys_that_collide_cost_neither_time_nor_memory_without_end) {
  Cache cache(1 << 20);
  std::size_t found = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string key = std::to_string(i);
    cache.put(key, 42, answer_of(key), kNow);
    if (const CacheEntry* entry = cache.find(key, 42, kNow); entry != nullptr) {
      EXPECT_EQ(entry->value(), key);
      ++found;
    }
  }
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.entries, found);
  EXPECT_GT(found, 100u);
  EXPECT_LT(found, 256u) << "one page of the index";
  EXPECT_EQ(stats.not_kept, 5'000u - found);
  EXPECT_LT(stats.bytes, 200'000u);
}

}  // namespace
}  // namespace logbraid
