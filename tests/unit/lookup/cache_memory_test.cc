// What the cache says it takes is what it has asked of the allocator, byte for byte.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <string>

#include "lookup/cache.h"
#include "lookup/lookup_key.h"

namespace {

// Bytes of blocks made and not given back while counting; the rest of the program is not counted.
std::ptrdiff_t live_bytes = 0;
std::ptrdiff_t most_bytes = 0;
bool counting = false;

// The size that was asked for stands in front of each block.
[[maybe_unused]] constexpr std::size_t kFront = 16;

[[maybe_unused]] void count(const void* front, int sign) {
  if (!counting) return;
  std::size_t size = 0;
  std::memcpy(&size, front, sizeof size);
  live_bytes += sign * static_cast<std::ptrdiff_t>(logbraid::heap_bytes(size));
  if (live_bytes > most_bytes) most_bytes = live_bytes;
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// The sanitizers' own operators know of each other, and must not meet ours.
constexpr bool kCounts = false;
#else
constexpr bool kCounts = true;

void* operator new(std::size_t size) {
  void* const front = std::malloc(kFront + size);
  if (front == nullptr) throw std::bad_alloc();
  std::memcpy(front, &size, sizeof size);
  count(front, 1);
  return static_cast<char*>(front) + kFront;
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  void* const front = static_cast<char*>(block) - kFront;
  count(front, -1);
  std::free(front);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
#endif

namespace logbraid {
namespace {

class Counting {
 public:
  Counting() { counting = true; }
  ~Counting() { counting = false; }
};

TEST(CacheMemoryTest, counts_each_byte_that_it_takes_and_never_takes_more_than_it_may) {
  if (!kCounts) GTEST_SKIP() << "the allocator is the sanitizer's";
  constexpr std::size_t kMost = 300'000;
  constexpr KeyHash kHash(3);
  live_bytes = most_bytes = 0;
  std::mt19937_64 random(1);
  {
    Cache cache(kMost);
    for (int i = 0; i < 20'000; ++i) {
      const std::string key = std::to_string(random() % 3'000) + std::string(random() % 20, 'k');
      const std::string value(random() % 200, 'v');
      Answer answer;
      answer.value = value;
      answer.stale_until = TimePoint::max();
      const Counting on;
      if (i % 5'000 == 4'999) {
        cache.shrink_to(random() % kMost);
      } else if (random() % 8 == 0) {
        cache.remove(key, kHash(key));
      } else {
        cache.put(key, kHash(key), answer, TimePoint());
      }
      ASSERT_EQ(cache.bytes(), static_cast<std::size_t>(live_bytes)) << "after step " << i;
    }
    EXPECT_GT(cache.stats().evictions, 1'000u);
    EXPECT_LE(static_cast<std::size_t>(most_bytes), kMost);
    EXPECT_GT(static_cast<std::size_t>(most_bytes), kMost * 9 / 10);
    counting = true;
  }
  counting = false;
  EXPECT_EQ(live_bytes, 0) << "all is given back";
}

}  // namespace
}  // namespace logbraid
