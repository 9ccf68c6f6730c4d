#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "logbraid/path.h"
#include "logbraid/value.h"

namespace logbraid {

// What the bytes of a field are. Everything but `text` is valid JSON, spelled as it was read.
enum class Token : std::uint8_t { null, boolean, number, string, object, array, text };

// One top-level field: where its key and its value stand in the batch's buffer (or arena).
struct Field {
  const char* key;  // without quotes
  const char* raw;  // string: without quotes; text: raw bytes, valid UTF-8; else the JSON text
  std::uint32_t key_size;  // bytes
  std::uint32_t raw_size;  // bytes
  Token token;
  bool key_escaped;  // the key has JSON escapes: compare it decoded
  bool raw_escaped;  // the string has JSON escapes: decode it before use

  std::string_view key_text() const { return {key, key_size}; }
  std::string_view raw_text() const { return {raw, raw_size}; }
};

// One record as it was read: an immutable, ordered list of fields over the batch's buffer.
// Nothing is decoded until somebody reads it; what nobody changes is copied out byte for byte.
//
// Threads:  immutable once read.
// Lifetime: its batch's.
class Event {
 public:
  Event() = default;
  // `json` is the object's text when the fields stand in it in order ("{...}", no blanks around),
  // empty when the record was no JSON (a line of text, an access log). `key_tags` may be null; else
  // it is key_tag() of each field's key, decoded, in memory of tag_bytes(fields.size()): then
  // find() compares eight fields at a time.
  Event(std::span<const Field> fields, std::uint64_t key_mask, std::string_view json,
        const std::uint8_t* key_tags = nullptr)
      : fields_(fields.data()),
        json_(json.data()),
        key_tags_(key_tags),
        key_mask_(key_mask),
        size_(static_cast<std::uint32_t>(fields.size())),
        json_size_(static_cast<std::uint32_t>(json.size())) {}

  // Whole words, so that no step of a search has to look for the end.
  static constexpr std::size_t tag_bytes(std::size_t fields) { return (fields + 7) / 8 * 8; }

  std::span<const Field> fields() const { return {fields_, size_}; }
  std::string_view json() const { return {json_, json_size_}; }
  // Where key_bit(k) is missing there is no field k.
  std::uint64_t key_mask() const { return key_mask_; }

  // The last field of that name (duplicate keys: the last one counts), or null.
  const Field* find(const PathSegment& key) const {
    return (key_mask_ & key.bit) == 0 ? nullptr : find_slowly(key.key);
  }

 private:
  const Field* find_slowly(std::string_view key) const;
  const Field* find_by_tag(std::string_view key) const;

  const Field* fields_ = nullptr;
  const char* json_ = nullptr;
  const std::uint8_t* key_tags_ = nullptr;
  std::uint64_t key_mask_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t json_size_ = 0;
};

}  // namespace logbraid
