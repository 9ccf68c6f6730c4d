#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "logbraid/arena.h"
#include "logbraid/result.h"

namespace logbraid {

// A byte that tells most keys apart.
constexpr std::uint8_t key_tag(std::string_view key) noexcept {
  if (key.empty()) return 0;
  const auto first = static_cast<unsigned char>(key.front());
  const auto last = static_cast<unsigned char>(key.back());
  return static_cast<std::uint8_t>(first * 5u + last * 3u + key.size() * 11u);
}

// A bit in a 64-bit mask for a key: an event whose mask lacks the bit has no field of that name.
constexpr std::uint64_t key_bit_of_tag(std::uint8_t tag) noexcept {
  return std::uint64_t{1} << (tag & 63u);
}
constexpr std::uint64_t key_bit(std::string_view key) noexcept {
  return key_bit_of_tag(key_tag(key));
}

// One step of a path.
struct PathSegment {
  std::string_view key;     // as a reader sees it: decoded, no quotes
  std::string_view quoted;  // as JSON writes it, with its colon: "key":
  std::uint64_t bit = 0;    // key_bit(key)
};

// A parsed path: a view of at least one segment.
class PathView {
 public:
  constexpr PathView() = default;
  constexpr PathView(const PathSegment* segments, std::uint32_t size)
      : segments_(segments), size_(size) {}

  constexpr std::uint32_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const PathSegment& operator[](std::size_t i) const { return segments_[i]; }
  constexpr const PathSegment& front() const { return segments_[0]; }
  constexpr const PathSegment* begin() const { return segments_; }
  constexpr const PathSegment* end() const { return segments_ + size_; }
  constexpr PathView without_front(std::uint32_t count = 1) const {
    return {segments_ + count, size_ - count};
  }

  // "geo.country"; dots and backslashes in a key are escaped with a backslash.
  std::string to_string() const;

 private:
  const PathSegment* segments_ = nullptr;
  std::uint32_t size_ = 0;
};

// True when both have the same keys.
bool operator==(PathView a, PathView b);
// True when one is the other or lies above it: `user` and `user.id` overlap, `user` and `uses` do
// not.
bool overlap(PathView a, PathView b);

// Where a field is: `geo.country` means nesting, `a\.b` is one key with a dot, `\\` a backslash.
//
// Parse it once, where the enricher is made; reading and writing by a FieldPath parses nothing.
// Threads:  immutable; copies share one state.
// Lifetime: views of it live as long as any copy.
// Limits:   1 to 64 segments (the nesting depth of an event), none of them empty.
class FieldPath {
 public:
  FieldPath() = default;  // empty(); reads as absent, cannot be written

  static Result<FieldPath> parse(std::string_view text);
  // For literals in code: a text that does not parse is a broken invariant and ends the program.
  explicit FieldPath(std::string_view text);
  // One segment, taken literally: dots mean nothing.
  static FieldPath literal(std::string_view key);
  // This path and one more literal segment.
  FieldPath child(std::string_view key) const;

  PathView view() const { return view_; }
  operator PathView() const { return view(); }  // NOLINT: a path is its view
  bool empty() const { return state_ == nullptr; }
  std::string to_string() const { return view().to_string(); }

 private:
  struct State;
  static FieldPath from_keys(std::span<const std::string> keys);
  std::shared_ptr<const State> state_;
  PathView view_;  // of state_
};

// Parses a path that is known only now (a key found in a reply) into an arena; an empty view where
// the text is no path.
PathView parse_path(std::string_view text, Arena& arena);
// The same for one key taken literally, below `parent` (which may be empty).
PathView child_path(PathView parent, std::string_view key, Arena& arena);

}  // namespace logbraid
