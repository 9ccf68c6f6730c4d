#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "format/reader.h"
#include "format/structural_index.h"
#include "logbraid/arena.h"
#include "logbraid/event.h"

namespace logbraid {

// Checks JSON objects, one a line, along a structural index, and notes where their fields stand.
// Every byte that the index has not checked (it has: UTF-8, control characters in strings, that
// strings end) is checked here: the grammar, numbers, literals, escapes. What is valid by RFC 8259
// passes, within the limits of Reader.
//
// Threads:  one at a time.
// Lifetime: the fields it gives are valid until the next object().
// Errors:   object() is false and says where and why.
// Blocking: never; allocates only to decode a key that has escapes.
class JsonWalk {
 public:
  // Starts on a text and its index, which stay as they are until the last object().
  void start(std::string_view text, StructuralIndex& index);

  // The first structural byte that was not passed yet, or null.
  const char* next() const { return at_ == last_ ? nullptr : text_ + *at_; }

  // Reads the object that must begin at next(), before `line_end`, and be all that stands there.
  // True: fields(), key_mask() and json() are set. False: error_offset() and error().
  // In both cases go on with skip_to().
  bool object(const char* line_end, Arena& arena);

  std::span<const Field> fields() const { return {fields_.data(), size_}; }
  // key_tag() of each field's key; Event::tag_bytes() may be read.
  const std::uint8_t* key_tags() const { return key_tags_.data(); }
  std::uint64_t key_mask() const { return key_mask_; }
  std::string_view json() const { return json_; }

  const char* error_at() const { return error_at_; }
  const char* error() const { return error_; }

  // Goes to the first structural byte at or behind `place`.
  void skip_to(const char* place);

 private:
  using Index = const std::uint32_t*;

  // A closing bracket that was reached; nowhere when it was not: fail() says why.
  struct Passed {
    Passed(const char* closing, Index next) : place(closing), behind(next) {}
    Passed(std::nullptr_t) : place(nullptr), behind(nullptr) {}  // NOLINT: so that fail() is one

    const char* place;
    Index behind;
  };

  Passed members(Index at, Arena& arena);
  Passed container(Index at);
  const char* scalar(const char* value, Index next);
  bool escapes(const char* string_end, const char* next);
  std::nullptr_t fail(Index where, const char* why);
  std::nullptr_t fail_at(const char* where, const char* why);

  const char* text_ = nullptr;
  const char* text_end_ = nullptr;
  const char* line_end_ = nullptr;
  // The first backslash at or behind the string being read, text_end_ if there is none: strings
  // without escapes need not be looked at.
  const char* backslash_ = nullptr;
  Index at_ = nullptr;
  Index last_ = nullptr;

  std::uint32_t size_ = 0;
  std::uint64_t key_mask_ = 0;
  std::string_view json_;
  const char* error_at_ = nullptr;
  const char* error_ = nullptr;
  std::array<Field, Reader::kMaxFields> fields_;
  std::array<std::uint8_t, Reader::kMaxFields> key_tags_{};
};

}  // namespace logbraid
