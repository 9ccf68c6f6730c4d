#include "resilience/bulkhead.h"

#include <gtest/gtest.h>

#include <vector>

namespace logbraid {
namespace {

TEST(BulkheadTest, lets_in_as_many_as_its_limit) {
  Bulkhead bulkhead(2);
  const Bulkhead::Place first = bulkhead.try_enter();
  Bulkhead::Place second = bulkhead.try_enter();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(bulkhead.try_enter());
  EXPECT_EQ(bulkhead.in_flight(), 2u);
  second = {};
  EXPECT_FALSE(bulkhead.full());
  EXPECT_TRUE(bulkhead.try_enter()) << "a place dropped at once is free at once";
  EXPECT_EQ(bulkhead.in_flight(), 1u);
}

TEST(BulkheadTest, a_place_that_moves_stays_one_place) {
  Bulkhead bulkhead(3);
  std::vector<Bulkhead::Place> places;
  for (int i = 0; i < 3; ++i) places.push_back(bulkhead.try_enter());  // grows: moves them
  EXPECT_EQ(bulkhead.in_flight(), 3u);
  places.erase(places.begin());
  EXPECT_EQ(bulkhead.in_flight(), 2u);
  places.clear();
  EXPECT_EQ(bulkhead.in_flight(), 0u);
}

TEST(BulkheadTest, shards_divide_the_limit) {
  BulkheadOptions options;
  options.max_in_flight = 7;
  EXPECT_EQ(Bulkhead::limit_of_shard(options, 0, 3, 99), 3u);
  EXPECT_EQ(Bulkhead::limit_of_shard(options, 2, 3, 99), 2u);
}

TEST(BulkheadTest, without_an_option_the_client_says_what_a_shard_can_carry) {
  EXPECT_EQ(Bulkhead::limit_of_shard({}, 0, 8), 1024u);
  EXPECT_EQ(Bulkhead::limit_of_shard({}, 0, 8, 64), 64u);
}

}  // namespace
}  // namespace logbraid
