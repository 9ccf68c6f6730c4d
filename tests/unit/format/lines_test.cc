#include "format/lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace logbraid {
namespace {

TEST(Lines, line_ends_are_counted_in_texts_of_any_length) {
  // 16 bytes a step, and 255 steps before the lanes are added up.
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 31u, 4079u, 4080u, 4081u, 9000u}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; i += 3) text[i] = '\n';
    EXPECT_EQ(count_line_ends(text), (size + 2) / 3) << size;
  }
}

TEST(Lines, no_lane_of_the_count_runs_over) {
  EXPECT_EQ(count_line_ends(std::string(100'000, '\n')), 100'000u);
}

TEST(Lines, bytes_that_look_like_a_line_end_but_for_one_bit_are_none) {
  std::string text;
  for (int bit = 0; bit < 8; ++bit) text += static_cast<char>('\n' ^ (1 << bit));
  text += text + text;
  EXPECT_EQ(count_line_ends(text), 0u);
}

}  // namespace
}  // namespace logbraid
