#include "resilience/shard_part.h"

#include <gtest/gtest.h>

#include <vector>

namespace logbraid {
namespace {

TEST(ShardPartTest, shards_divide_what_the_process_may_have_and_none_is_left_without) {
  const struct {
    std::uint32_t whole;
    std::vector<std::uint32_t> parts;
  } rows[] = {{64, {64}},     {64, {32, 32}}, {7, {3, 2, 2}},
              {1, {1, 1, 1}}, {0, {1, 1}},    {5, {2, 1, 1, 1}}};
  for (const auto& [whole, parts] : rows) {
    const auto shards = static_cast<std::uint32_t>(parts.size());
    for (std::uint32_t i = 0; i < shards; ++i) {
      EXPECT_EQ(part_of_shard(whole, i, shards), parts[i]) << whole << " of " << shards;
    }
  }
}

}  // namespace
}  // namespace logbraid
