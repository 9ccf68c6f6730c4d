#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/batch.h"

// What all readers of lines have in common.
namespace logbraid {

// JSON's blanks. The '\r' of a CRLF line end is one of them.
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

inline bool is_blank_line(std::string_view line) {
  for (const char c : line) {
    if (!is_blank(c)) return false;
  }
  return true;
}

// The place of the next '\n' at or behind `at`, or `end`.
inline const char* end_of_line(const char* at, const char* end) {
  const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

// How many '\n' there are, many bytes at a time.
std::uint64_t count_line_ends(std::string_view text);

// [begin, end) without the '\r' of a CRLF line end.
inline std::string_view line_text(const char* begin, const char* end) {
  if (begin != end && end[-1] == '\r') --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

// Goes through text line by line, blank lines too.
class Lines {
 public:
  explicit Lines(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}
  bool next(std::string_view& line) {
    if (at_ == end_) return false;
    const char* const stop = end_of_line(at_, end_);
    line = line_text(at_, stop);
    at_ = stop == end_ ? end_ : stop + 1;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

// The batch's text without the byte order mark that may stand at the very start of the input: in
// the batch with sequence 0. Elsewhere these three bytes are ordinary ones.
std::string_view text_behind_bom(const Batch& batch);

// Adds a record for a line that is refused: its event is {"message": ..., "parse_error": ...},
// bytes that are not UTF-8 replaced, the message cut at Reader::kMaxLine bytes. `reason` must live
// as long as the batch.
void add_malformed(Batch& batch, std::string_view line, std::string_view reason);
// The same for "byte N: what", N counted from 1 at the start of the line.
void add_malformed_at(Batch& batch, std::string_view line, std::size_t offset,
                      std::string_view what);
// For lines over Reader::kMaxLine, and for those that are not UTF-8; both say so in their words.
void add_too_long(Batch& batch, std::string_view line);
void add_not_utf8(Batch& batch, std::string_view line);

}  // namespace logbraid
