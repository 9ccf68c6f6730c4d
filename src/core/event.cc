#include "logbraid/event.h"

#include <cstring>

#include "core/json_text.h"

namespace logbraid {

const Field* Event::find_slowly(std::string_view key) const {
  const auto size = static_cast<std::uint32_t>(key.size());
  const auto same = [&](const Field& field) {
    // The last byte tells most keys of one length apart, before a call does.
    return field.key_size == size && (size == 0 || (field.key[size - 1] == key[size - 1] &&
                                                    std::memcmp(field.key, key.data(), size) == 0));
  };
  for (std::uint32_t i = size_; i-- > 0;) {
    const Field& field = fields_[i];
    if (!field.key_escaped) {
      if (same(field)) return &field;
    } else if (json_equals(field.key_text(), key)) {
      return &field;
    }
  }
  return nullptr;
}

}  // namespace logbraid
