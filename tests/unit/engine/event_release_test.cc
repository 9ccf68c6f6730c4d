#include "engine/event_release.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;

TimePoint at(int ms) { return TimePoint() + milliseconds(ms); }

std::string released(EventRelease& release) {
  std::string text;
  release.release([&](unsigned lane, std::uint32_t event, Duration waited) {
    const auto ms = std::chrono::duration_cast<milliseconds>(waited).count();
    text += std::to_string(lane) + ":" + std::to_string(event) + "+" + std::to_string(ms) + " ";
  });
  return text;
}

std::string blocking(const EventRelease& release, TimePoint limit, Lanes awaited = 0) {
  std::string text;
  release.find_blocking(limit, awaited,
                        [&](std::uint32_t event) { text += std::to_string(event) + " "; });
  return text;
}

TEST(EventRelease, preserve_lets_go_the_unbroken_prefix_and_counts_what_the_rest_lost) {
  EventRelease release(Order::preserve, 4, {});
  release.done(1, at(10));
  EXPECT_EQ(released(release), "");
  release.done(0, at(30));
  release.done(3, at(40));
  EXPECT_EQ(released(release), "0:0+0 0:1+20 ");
  EXPECT_EQ(release.open(), 1u);
  release.done(2, at(45));
  EXPECT_EQ(released(release), "0:2+0 0:3+5 ");
  EXPECT_EQ(release.open(), 0u);
}

TEST(EventRelease, any_lets_go_what_is_done_as_it_was_done) {
  EventRelease release(Order::any, 3, {});
  release.done(2, at(1));
  release.done(0, at(2));
  EXPECT_EQ(released(release), "0:2+0 0:0+0 ");
  release.done(1, at(3));
  EXPECT_EQ(released(release), "0:1+0 ");
}

TEST(EventRelease, by_key_keeps_the_order_within_a_lane_only) {
  const std::vector<std::uint8_t> lanes = {5, 9, 5, 9};
  EventRelease release(Order::by_key, 4, lanes);
  EXPECT_EQ(release.open(), Lanes{1} << 5 | Lanes{1} << 9);
  release.done(2, at(1));
  release.done(1, at(2));
  EXPECT_EQ(released(release), "9:1+0 ");
  release.done(0, at(4));
  EXPECT_EQ(released(release), "5:0+0 5:2+3 ");
  EXPECT_EQ(release.open(), Lanes{1} << 9);
}

TEST(EventRelease, finds_who_has_kept_others_waiting_for_long) {
  EventRelease release(Order::preserve, 5, {});
  release.done(2, at(10));
  release.done(4, at(50));
  EXPECT_EQ(blocking(release, at(5)), "");
  EXPECT_EQ(blocking(release, at(10)), "0 1 ") << "3 is behind it";
  EXPECT_EQ(blocking(release, at(50)), "0 1 3 ");
  EXPECT_EQ(blocking(release, at(5), 1), "0 1 3 ") << "others wait for the whole batch";
}

}  // namespace
}  // namespace logbraid::test
