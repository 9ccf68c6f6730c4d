#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace logbraid {

// Copies a text that is mostly a few bytes long; gives the place behind it. Two words that overlap
// take the place of a call, which costs more than such a copy.
inline char* copy_short(char* to, std::string_view text) {
  const std::size_t size = text.size();
  const char* const from = text.data();
  const auto copy_ends = [&](auto word) {
    auto last = word;
    std::memcpy(&word, from, sizeof word);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &word, sizeof word);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    copy_ends(std::uint64_t{});
  } else if (size >= 4) {
    copy_ends(std::uint32_t{});
  } else if (size >= 2) {
    copy_ends(std::uint16_t{});
  } else if (size == 1) {
    *to = *from;
  }
  return to + size;
}

// Whether two texts of `size` bytes are the same, in the same way.
inline bool same_short(const char* a, const char* b, std::size_t size) {
  const auto same_ends = [&](auto word) {
    decltype(word) words[3];
    std::memcpy(&word, a, sizeof word);
    std::memcpy(words, b, sizeof word);
    std::memcpy(words + 1, a + size - sizeof word, sizeof word);
    std::memcpy(words + 2, b + size - sizeof word, sizeof word);
    return word == words[0] && words[1] == words[2];
  };
  if (size > 16) return std::memcmp(a, b, size) == 0;
  if (size >= 8) return same_ends(std::uint64_t{});
  if (size >= 4) return same_ends(std::uint32_t{});
  if (size >= 2) return same_ends(std::uint16_t{});
  return size == 0 || *a == *b;
}
inline bool same_short(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_short(a.data(), b.data(), a.size());
}

}  // namespace logbraid
