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

}  // namespace

const Field* Event::find_slowly(std::string_view key) const {
  if (key_tags_ != nullptr) return find_by_tag(key);
  for (std::uint32_t i = size_; i-- > 0;) {
    if (is_named(fields_[i], key)) return fields_ + i;
  }
  return nullptr;
}

const Field* Event::find_by_tag(std::string_view key) const {
  static_assert(std::endian::native == std::endian::little, "the last field is the highest byte");
  const std::uint8_t tag = key_tag(key);
  const std::uint32_t beyond = size_ % 8;
  std::uint64_t mask = beyond == 0 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} << (8 * beyond));
  for (auto at = static_cast<std::uint32_t>(tag_bytes(size_)); at != 0; mask = ~std::uint64_t{0}) {
    at -= 8;
    std::uint64_t word;
    std::memcpy(&word, key_tags_ + at, sizeof word);
    for (std::uint64_t hits = bytes_equal(word, tag) & mask; hits != 0;) {
      const auto bit = static_cast<std::uint32_t>(63 - std::countl_zero(hits));
      const Field* const field = fields_ + at + bit / 8;
      if (is_named(*field, key)) return field;
      hits &= ~(std::uint64_t{1} << bit);
    }
  }
  return nullptr;
}

}  // namespace logbraid
