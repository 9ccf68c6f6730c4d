#include "logbraid/value.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace logbraid {

std::string_view to_string(ValueKind kind) {
  switch (kind) {
    case ValueKind::absent:
      return "absent";
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return "boolean";
    case ValueKind::int64:
      return "int64";
    case ValueKind::uint64:
      return "uint64";
    case ValueKind::real:
      return "real";
    case ValueKind::string:
      return "string";
    case ValueKind::object:
      return "object";
    case ValueKind::array:
      return "array";
  }
  return "unknown";
}

std::optional<double> Value::as_double() const noexcept {
  switch (kind_) {
    case ValueKind::int64:
      return static_cast<double>(integer_);
    case ValueKind::uint64:
      return static_cast<double>(unsigned_);
    case ValueKind::real:
      break;
    default:
      return std::nullopt;
  }
  if (!spelled_) return real_;
  double value = 0;
  const auto [end, code] = std::from_chars(text_, text_ + size_, value);
  if (code != std::errc::result_out_of_range) return value;
  // from_chars does not say on which side it left the range: a negative exponent is underflow.
  const std::string_view spelling = text();
  const std::size_t exponent = spelling.find_first_of("eE");
  const bool tiny = exponent != std::string_view::npos && exponent + 1 < spelling.size() &&
                    spelling[exponent + 1] == '-';
  const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  return spelling.front() == '-' ? -magnitude : magnitude;
}

}  // namespace logbraid
