#include "logbraid/event.h"

#include "core/json_text.h"

namespace logbraid {

const Field* Event::find_slowly(std::string_view key) const {
  for (std::uint32_t i = size_; i-- > 0;) {
    const Field& field = fields_[i];
    if (!field.key_escaped) {
      if (field.key_text() == key) return &field;
    } else if (json_equals(field.key_text(), key)) {
      return &field;
    }
  }
  return nullptr;
}

}  // namespace logbraid
