#include "logbraid/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace logbraid {
namespace {

TEST(Arena, aligns_what_it_gives) {
  Arena arena;
  (void)arena.allocate(1, 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(8, 8)) % 8, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(64, 64)) % 64, 0u);
}

TEST(Arena, gives_more_than_a_block) {
  Arena arena(128);
  const std::string text(10 * Arena::kLargestBlock, 'x');
  EXPECT_EQ(arena.copy(text), text);
}

TEST(Arena, a_steady_load_takes_nothing_more_from_the_system) {
  Arena arena;
  const auto load = [&] {
    arena.reset();
    for (int i = 0; i < 1000; ++i) (void)arena.allocate(100, 8);
  };
  for (int i = 0; i < 3; ++i) load();  // until one block holds it
  const std::size_t capacity = arena.capacity();
  for (int i = 0; i < 10; ++i) load();
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(Arena, gives_a_huge_block_back) {
  Arena arena;
  (void)arena.allocate(10 * Arena::kLargestBlock, 1);
  arena.reset();
  EXPECT_EQ(arena.capacity(), 0u);
  EXPECT_EQ(arena.copy("after"), "after");
}

TEST(Arena, knows_its_own_memory) {
  Arena arena;
  const std::string other = "other";
  EXPECT_TRUE(arena.contains(arena.copy("own").data()));
  EXPECT_FALSE(arena.contains(other.data()));
}

TEST(ArenaVector, grows_and_keeps_its_elements) {
  Arena arena;
  ArenaVector<int> numbers;
  ArenaVector<int> others;
  for (int i = 0; i < 1000; ++i) {
    numbers.push_back(arena, i);
    if (i % 3 == 0) others.push_back(arena, -i);  // in between, so that it has to move
  }
  ASSERT_EQ(numbers.size(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
  ASSERT_EQ(others.size(), 334u);
}

}  // namespace
}  // namespace logbraid
