#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "logbraid/arena.h"
#include "logbraid/event.h"
#include "logbraid/value.h"

namespace logbraid {

// Small pieces of JSON text that several folders need. All of it works on text that is known to be
// valid (a reader has checked it); format/json_reader.h is what checks.

// The string that `raw` (without quotes) spells. Lone surrogates become U+FFFD. Without escapes it
// is `raw` itself and takes no memory.
std::string_view unescape_json(std::string_view raw, Arena& arena);

// Whether `raw` (without quotes, escapes allowed) spells `text`. Takes no memory.
bool json_equals(std::string_view raw, std::string_view text);

// Appends `text` with the escapes JSON needs, without quotes: \" \\ \b \f \n \r \t, other control
// characters as \u00XX; everything else, U+2028 too, as it is. `text` must be valid UTF-8.
void append_json_escaped(std::string& out, std::string_view text);
void append_json_string(std::string& out, std::string_view text);  // the same with quotes

// Appends any value as JSON.
void append_json(std::string& out, const Value& value);

// The same into memory that has room for json_bound(value) bytes; gives the end of what was
// written.
char* write_json(char* to, const Value& value);
std::size_t json_bound(const Value& value);

// Appends `text` with every byte that is no UTF-8 replaced by U+FFFD.
void append_valid_utf8(std::string& out, std::string_view text);
// The number of bytes at the start of `text` that are valid UTF-8.
std::size_t valid_utf8_prefix(std::string_view text);

// The value of a field or of a raw JSON text; strings are decoded.
Value decode(const Field& field, Arena& arena);
Value decode_json(std::string_view json, Arena& arena);

// Whether `text`, any bytes, is one number as JSON spells it: -1.5e3 is, 007, +1, .5 and nan are
// not.
bool is_json_number(std::string_view text);

// Walks over the members of an object: `for (ObjectWalk walk(json); walk.next();) ...`
class ObjectWalk {
 public:
  explicit ObjectWalk(std::string_view object) : text_(object) {}
  bool next();

  std::string_view raw_key() const { return key_; }  // without quotes
  bool key_escaped() const { return key_escaped_; }
  std::string_view value() const { return value_; }         // JSON text
  std::size_t key_begin() const { return key_begin_; }      // offset of the key's opening quote
  std::size_t value_begin() const { return value_begin_; }  // offsets in the object's text
  std::size_t value_end() const { return value_begin_ + value_.size(); }
  bool key_is(std::string_view key) const;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view key_;
  std::string_view value_;
  std::size_t key_begin_ = 0;
  std::size_t value_begin_ = 0;
  bool key_escaped_ = false;
};

// The same over the elements of an array.
class ArrayWalk {
 public:
  explicit ArrayWalk(std::string_view array) : text_(array) {}
  bool next();

  std::string_view value() const { return value_; }  // JSON text

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view value_;
};

}  // namespace logbraid
