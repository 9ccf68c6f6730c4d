#include "engine/release_order.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint kStart{};

FinishedPart part(std::uint64_t sequence, Lanes lanes, Lanes closes, std::string lines = "") {
  FinishedPart made;
  made.sequence = sequence;
  made.lanes = lanes;
  made.closes = closes;
  made.lines = lines.empty() ? std::to_string(sequence) : std::move(lines);
  return made;
}

std::string released(ReleaseOrder& order) {
  std::string all;
  while (auto next = order.pop()) all += next->lines + " ";
  return all;
}

TEST(ReleaseOrder, one_lane_keeps_the_order_of_the_batches) {
  ReleaseOrder order(1);
  order.put(part(2, 1, 1), kStart);
  order.put(part(1, 1, 1), kStart);
  EXPECT_EQ(released(order), "");
  order.put(part(0, 1, 1), kStart);
  EXPECT_EQ(released(order), "0 1 2 ");
}

TEST(ReleaseOrder, the_head_of_the_first_batch_does_not_wait_for_its_tail) {
  ReleaseOrder order(1);
  order.put(part(0, 1, 0, "0a"), kStart);
  order.put(part(1, 1, 0, "1a"), kStart);
  EXPECT_EQ(released(order), "0a ");
  order.put(part(1, 1, 1, "1b"), kStart);
  EXPECT_EQ(released(order), "");
  order.put(part(0, 1, 1, "0b"), kStart);
  EXPECT_EQ(released(order), "0b 1a 1b ");
}

TEST(ReleaseOrder, without_lanes_nothing_waits) {
  ReleaseOrder order(0);
  order.put(part(7, 0, ~Lanes{0}), kStart);
  EXPECT_EQ(released(order), "7 ");
}

TEST(ReleaseOrder, a_lane_waits_for_batches_that_nothing_is_known_of) {
  ReleaseOrder order(kMostLanes);
  order.announce(1, 0b10, kStart);
  order.put(part(1, 0b10, 0b10), kStart);
  EXPECT_EQ(released(order), "");
  order.announce(0, 0b01, kStart);  // none of that lane in it
  EXPECT_EQ(released(order), "1 ");
}

TEST(ReleaseOrder, says_since_when_others_wait_for_a_batch) {
  ReleaseOrder order(1);
  EXPECT_FALSE(order.waited_for_since(0, 1));
  order.put(part(2, 1, 1), kStart + milliseconds(5));
  order.put(part(1, 1, 1), kStart + milliseconds(9));
  EXPECT_EQ(order.waited_for_since(0, 1), kStart + milliseconds(5));
  EXPECT_FALSE(order.waited_for_since(1, 1)) << "it waits itself";
  order.put(part(0, 1, 1), kStart + milliseconds(10));
  const auto first = order.pop();
  const auto second = order.pop();
  EXPECT_EQ(first->released_at - first->put_at, milliseconds(0));
  EXPECT_EQ(second->released_at - second->put_at, milliseconds(1));
}

// Batches of parts in random lanes, put in random order: in each lane they come out in order, and
// all come out.
TEST(ReleaseOrder, random_parts_all_come_out_in_the_order_of_their_lanes) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const unsigned lanes = seed % 2 == 0 ? kMostLanes : 1;
    constexpr std::uint64_t kBatches = 12;
    std::map<unsigned, std::vector<std::string>> expected;
    // By batch: what is done with it, in order.
    std::vector<std::vector<FinishedPart>> to_put(kBatches);
    std::vector<Lanes> used(kBatches);
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
      for (unsigned i = 0; i < random() % 5; ++i) {
        const unsigned lane = lanes == 1 ? 0 : random() % 4;
        const std::string name = std::to_string(batch) + "." + std::to_string(i);
        expected[lane].push_back(name);
        used[batch] |= Lanes{1} << lane;
        to_put[batch].push_back(part(batch, Lanes{1} << lane, 0, name));
      }
      to_put[batch].push_back(part(batch, 0, ~Lanes{0}, "-"));
    }
    ReleaseOrder order(lanes);
    std::vector<std::uint64_t> open(kBatches);
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) open[batch] = batch;
    std::vector<std::size_t> next(kBatches);
    std::map<unsigned, std::vector<std::string>> came;
    while (!open.empty()) {
      const std::size_t which = random() % open.size();
      const std::uint64_t batch = open[which];
      if (next[batch] == 0 && random() % 2 == 0) order.announce(batch, used[batch], kStart);
      // The closing part of a batch with one lane has its place in it.
      FinishedPart& now = to_put[batch][next[batch]++];
      if (now.lines == "-" && lanes == 1) now.lanes = 1;
      order.put(std::move(now), kStart);
      if (next[batch] == to_put[batch].size()) {
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
      }
      while (auto out = order.pop()) {
        if (out->lines == "-") continue;
        came[static_cast<unsigned>(std::countr_zero(out->lanes))].push_back(out->lines);
      }
    }
    ASSERT_EQ(came, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace logbraid::test
