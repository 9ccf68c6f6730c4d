#include "config/yaml_scalar.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace logbraid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::optional<std::int64_t> integer_in(std::string_view digits, int base) {
  std::int64_t value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, code] = std::from_chars(digits.data(), last, value, base);
  if (code != std::errc() || end != last) return std::nullopt;
  return value;
}

std::optional<Setting> special_real(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return negative ? -kInfinity : kInfinity;
  return std::nullopt;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_real(std::string_view text) {
  std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  std::size_t digits = at - whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(text, at);
    digits += at - fraction;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

double real_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc::result_out_of_range) return value;
  // Beyond a double: from_chars does not say on which side.
  const std::size_t exponent = text.find_first_of("eE");
  const bool tiny = exponent != std::string_view::npos && text[exponent + 1] == '-';
  const double magnitude = tiny ? 0 : kInfinity;
  return text.front() == '-' ? -magnitude : magnitude;
}

std::optional<Setting> number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0o")) {
    const bool bare = text.size() > 2 && text[2] != '-';
    if (const auto value = integer_in(text.substr(2), text[1] == 'x' ? 16 : 8); value && bare) {
      return *value;
    }
    return std::nullopt;
  }
  if (!is_real(text)) return std::nullopt;
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (const auto value = integer_in(text.substr(text.front() == '+' ? 1 : 0), 10)) return *value;
  }
  return real_in(text);
}

}  // namespace

Setting plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (auto value = number(text)) return Setting::spelled(*std::move(value), std::string(text));
  if (auto value = special_real(text))
    return Setting::spelled(*std::move(value), std::string(text));
  return text;
}

bool reads_as_text(std::string_view text) { return plain_scalar(text).is_string(); }

}  // namespace logbraid
