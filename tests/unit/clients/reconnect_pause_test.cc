#include "clients/reconnect_pause.h"

#include <gtest/gtest.h>

#include <set>

namespace logbraid {
namespace {

using std::chrono::milliseconds;

TEST(ReconnectPauseTest, doubles_from_100_ms_to_5_s_with_half_of_it_at_random) {
  std::set<Duration> firsts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    ReconnectPause pause(seed);
    for (const int longest : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
      const Duration waits = pause.next();
      EXPECT_GE(waits, milliseconds(longest) / 2);
      EXPECT_LE(waits, milliseconds(longest));
      if (longest == 100) firsts.insert(waits);
    }
    pause.reset();
    EXPECT_LE(pause.next(), milliseconds(100));
  }
  EXPECT_GT(firsts.size(), 90u) << "they come back in step";
}

}  // namespace
}  // namespace logbraid
