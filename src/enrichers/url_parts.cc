#include "enrichers/url_parts.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/json_text.h"

namespace logbraid {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// The bytes in front of "://", where they are a scheme.
std::string_view scheme_of(std::string_view url) {
  if (url.empty() || !is_letter(url.front())) return {};
  std::size_t at = 1;
  while (at < url.size() && (is_letter(url[at]) || is_digit(url[at]) || url[at] == '+' ||
                             url[at] == '-' || url[at] == '.')) {
    ++at;
  }
  return url.substr(at).starts_with("://") ? url.substr(0, at) : std::string_view();
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  unsigned port = 0;
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

void split_authority(std::string_view authority, UrlParts& parts) {
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string_view port;
  const std::size_t bracket = authority.find(']');
  if (authority.starts_with('[') && bracket != std::string_view::npos) {
    parts.host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
  } else {
    const std::size_t colon = std::min(authority.rfind(':'), authority.size());
    parts.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (port.starts_with(':')) parts.port = parse_port(port.substr(1));
}

std::string_view extension_of(std::string_view path) {
  constexpr std::size_t kLongest = 16;
  std::size_t at = path.size();
  while (at > 0 && path.size() - at <= kLongest &&
         (is_letter(path[at - 1]) || is_digit(path[at - 1]))) {
    --at;
  }
  const std::string_view letters = path.substr(at);
  // A dot that begins the segment hides a file, it does not end a name.
  if (letters.empty() || letters.size() > kLongest || at < 2 || path[at - 1] != '.' ||
      path[at - 2] == '/') {
    return {};
  }
  return letters;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  parts.scheme = scheme_of(url);
  std::string_view rest = url;
  if (!parts.scheme.empty()) {
    rest.remove_prefix(parts.scheme.size() + 3);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    split_authority(rest.substr(0, end), parts);
    rest.remove_prefix(end);
  }
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    parts.fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    parts.query = rest.substr(mark + 1);
    parts.has_query = true;
    rest = rest.substr(0, mark);
  }
  parts.path = rest;
  parts.extension = extension_of(rest);
  return parts;
}

bool QueryWalk::next() {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('&'), rest_.size());
    const std::string_view parameter = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    name_ = parameter.substr(0, equals);
    value_ = parameter.substr(std::min(equals + 1, parameter.size()));
    if (!name_.empty()) return true;
  }
  return false;
}

std::string_view decode_parameter(std::string_view text, Arena& arena) {
  const auto coded = [](char c) { return c == '%' || c == '+'; };
  const auto first = std::find_if(text.begin(), text.end(), coded);
  if (first == text.end()) return text;

  char* const out = arena.allocate_array<char>(text.size());  // decoding never grows
  auto size = static_cast<std::size_t>(first - text.begin());
  std::memcpy(out, text.data(), size);
  for (std::size_t at = size; at < text.size(); ++at) {
    char c = text[at];
    if (c == '+') {
      c = ' ';
    } else if (c == '%' && text.size() - at > 2) {
      const int high = hex_digit(text[at + 1]);
      const int low = hex_digit(text[at + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        at += 2;
      }
    }
    out[size++] = c;
  }
  const std::string_view decoded(out, size);
  if (valid_utf8_prefix(decoded) == size) return decoded;
  std::string repaired;
  append_valid_utf8(repaired, decoded);
  return arena.copy(repaired);
}

}  // namespace logbraid
