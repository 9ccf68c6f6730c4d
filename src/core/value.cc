#include "logbraid/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace logbraid {
namespace {

// Whether a number that is out of the range of double is too small for it, not too large;
// from_chars does not say. The place of the first digit that counts and the exponent decide.
bool is_tiny(std::string_view number) {
  const std::size_t digits = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = std::min(number.find('.'), digits);
  const std::size_t first = number.find_first_of("123456789");
  const std::int64_t power =
      static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) - (first < point ? 1 : 0);
  if (digits == number.size()) return power < 0;
  std::string_view exponent = number.substr(digits + 1);
  if (exponent.front() == '+') exponent.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, code] =
      std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
  if (code == std::errc::result_out_of_range) return exponent.front() == '-';
  return value < -power;
}

}  // namespace

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
  const std::string_view spelling = text();
  const double magnitude = is_tiny(spelling) ? 0.0 : std::numeric_limits<double>::infinity();
  return spelling.front() == '-' ? -magnitude : magnitude;
}

}  // namespace logbraid
