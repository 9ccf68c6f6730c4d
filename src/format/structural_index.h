#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace logbraid {

// Where the structure of JSON text is: each bracket, colon and comma outside strings, the opening
// quote of each string, and the first byte of whatever else stands outside strings (numbers,
// literals, garbage). Found 64 bytes at a time by simdjson's first stage, which nothing else of
// logbraid sees. What the indexes mean, and whether they make JSON, is for the caller to check.
//
// Between two indexes that follow each other nothing stands but one string, number or literal
// (from its index on) and blanks; so the closing quote of a string is found by going back from
// the next index over blanks.
//
// Threads:  one at a time.
// Lifetime: the indexes are valid until the next build().
// Errors:   text is refused as a whole; throws std::bad_alloc when the system has no memory.
// Blocking: never.
class StructuralIndex {
 public:
  StructuralIndex();
  ~StructuralIndex();

  // False when somewhere in `text` a string is open or holds a control character (a line end is
  // one), or bytes are not UTF-8: then there are no indexes. Text of blanks alone is fine and has
  // none either. At most 4 GiB - 1.
  bool build(std::string_view text);

  // Offsets from the start of the text, rising.
  const std::uint32_t* begin() const { return begin_; }
  const std::uint32_t* end() const { return begin_ + size_; }

  // Makes the two entries behind the last one point at `offset`, so that a walk that runs past the
  // end meets a byte of the caller's choice there, twice, and needs no check at each step.
  void guard(std::uint32_t offset) {
    begin_[size_] = offset;
    begin_[size_ + 1] = offset;
  }

 private:
  struct Stage1;
  std::unique_ptr<Stage1> stage1_;
  std::uint32_t* begin_ = nullptr;
  std::uint32_t size_ = 0;
};

// Whether all of `text` is UTF-8, many bytes at a time.
bool is_utf8(std::string_view text);

}  // namespace logbraid
