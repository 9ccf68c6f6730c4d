#include "logbraid/event.h"

#include <bit>
#include <cstring>

#include "core/json_text.h"
#include "core/short_text.h"

namespace logbraid {
namespace {

bool is_named(const Field& field, std::string_view key) {
  if (field.key_escaped) [[unlikely]]
    return json_equals(field.key_text(), key);
  return same_short(field.key_text(), key);
}

// The high bit of each byte of `word` that is `byte`, exactly those.
std::uint64_t bytes_equal(std::uint64_t word, std::uint8_t byte) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  const std::uint64_t differs = word ^ (kOnes * byte);
  return ~(((differs & kLow) + kLow) | differs | kLow);
}

const Field* find_one_by_one(const Field* fields, std::uint32_t size, std::string_view key) {
  for (std::uint32_t i = size; i-- > 0;) {
    if (is_named(fields[i], key)) return fields + i;
  }
  return nullptr;
}

}  // namespace

// Nearly always the last field with the tag is the one. For that this function calls nothing, and
// so saves no registers.
inline const Field* Event::find_by_tag(std::string_view key) const {
  static_assert(std::endian::native == std::endian::little, "the last field is the highest byte");
  const std::uint8_t tag = key_tag(key);
  std::uint32_t at = size_ - 1;  // the last field that is looked at next
  for (;; at = at / 8 * 8 - 1) {
    std::uint64_t word;
    std::memcpy(&word, key_tags_ + at / 8 * 8, sizeof word);
    const std::uint64_t hits = bytes_equal(word, tag) << (56 - 8 * (at % 8));
    if (hits != 0) {
      at -= static_cast<std::uint32_t>(std::countl_zero(hits)) / 8;
      break;
    }
    if (at < 8) return nullptr;
  }
  const Field& field = fields_[at];
  if (key.size() <= 16 && field.key_size == key.size() && !field.key_escaped &&
      same_short(field.key, key.data(), key.size())) {
    return &field;
  }
  return find_one_by_one(fields_, at + 1, key);
}

const Field* Event::find_slowly(std::string_view key) const {
  return key_tags_ != nullptr && size_ != 0 ? find_by_tag(key)
                                            : find_one_by_one(fields_, size_, key);
}

}  // namespace logbraid
