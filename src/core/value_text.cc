#include "core/value_text.h"

#include <charconv>
#include <cmath>

#include "core/json_text.h"

namespace logbraid {
namespace {

template <class Number>
std::string_view spell(Number number, ValueTextBuffer& buffer) {
  const char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

// As it is written into an event: 3.0 stays a real, what JSON cannot spell is null.
std::string_view spell_real(double number, ValueTextBuffer& buffer) {
  if (!std::isfinite(number)) return {};
  std::string_view text = spell(number, buffer);
  if (text.find_first_of(".e") != std::string_view::npos) return text;
  buffer[text.size()] = '.';
  buffer[text.size() + 1] = '0';
  return {buffer.data(), text.size() + 2};
}

}  // namespace

std::string_view value_text(const Value& value, ValueTextBuffer& buffer) {
  switch (value.kind()) {
    case ValueKind::absent:
    case ValueKind::null:
      return {};
    case ValueKind::boolean:
      return *value.as_bool() ? "true" : "false";
    case ValueKind::int64:
      return spell(*value.as_int64(), buffer);
    case ValueKind::uint64:
      return spell(*value.as_uint64(), buffer);
    case ValueKind::real:
      return value.as_json() ? value.text() : spell_real(*value.as_double(), buffer);
    case ValueKind::string:
    case ValueKind::object:
    case ValueKind::array:
      return value.text();
  }
  return {};
}

Value typed_value(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (!is_json_number(text)) return text;
  Arena unused;  // numbers need no memory
  return decode_json(text, unused);
}

}  // namespace logbraid
