#include "config/uri.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <unordered_map>

#include "core/json_text.h"
#include "core/masking.h"

namespace logbraid {
namespace {

constexpr std::size_t kLongestUri = 64 * 1024;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A name or value of a query: + is a blank; what is no UTF-8 becomes U+FFFD.
std::string decode_query(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      bytes += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      bytes += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  std::string valid;
  append_valid_utf8(valid, bytes);
  return valid;
}

// What Python's float() takes: blanks around, a sign, digits with single underscores between them,
// a point, an exponent; inf, infinity and nan in any case.
std::optional<double> python_float(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::string name = lower(text);
  const double sign = negative ? -1 : 1;
  if (name == "inf" || name == "infinity") return sign * std::numeric_limits<double>::infinity();
  if (name == "nan") return std::numeric_limits<double>::quiet_NaN();

  std::string digits;  // without underscores
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  // from_chars would read a second sign.
  if (digits.empty() || !(is_digit(digits.front()) || digits.front() == '.')) return std::nullopt;
  double value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, code] = std::from_chars(digits.data(), last, value);
  if (end != last || code == std::errc::invalid_argument) return std::nullopt;
  if (code == std::errc::result_out_of_range) {
    const std::size_t exponent = digits.find_first_of("eE");
    const bool tiny = exponent != std::string::npos && digits[exponent + 1] == '-';
    value = tiny ? 0 : std::numeric_limits<double>::infinity();
  }
  return sign * value;
}

Setting typed(const std::string& text) {
  const std::string name = lower(text);
  if (name == "true") return true;
  if (name == "false") return false;
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit)) {
    std::int64_t integer = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (code == std::errc()) return Setting::spelled(integer, text);
  }
  if (const auto number = python_float(text)) return Setting::spelled(*number, text);
  return text;
}

Setting parse_query(std::string_view query) {
  std::vector<Setting::Member> members;
  std::unordered_map<std::string, std::size_t> places;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string name = decode_query(parameter.substr(0, equals));
    const std::string_view value =
        equals == parameter.size() ? std::string_view() : parameter.substr(equals + 1);
    const auto [place, added] = places.try_emplace(name, members.size());
    if (added) {
      members.emplace_back(name, typed(decode_query(value)));
    } else {
      members[place->second].second = typed(decode_query(value));
    }
  }
  return Setting::map(std::move(members));
}

std::size_t scheme_size(std::string_view text) {
  const std::size_t size = text.find("://");
  if (size == std::string_view::npos || size == 0) return 0;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front())) return 0;
  for (const char c : text.substr(0, size)) {
    if (!letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return 0;
  }
  return size;
}

Result<void> parse_port(std::string_view text, Setting& parts) {
  if (text.empty()) return {};
  unsigned port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc() || end != text.data() + text.size() || port > 65535) {
    return Error("the port must be a number from 0 to 65535");
  }
  if (port != 0) parts.set("port", static_cast<std::int64_t>(port));
  return {};
}

// user:password@host:port
Result<void> parse_authority(std::string_view authority, Setting& parts) {
  const std::size_t at = authority.rfind('@');
  const std::string_view user =
      at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
  std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t bracket = host.find(']');
    if (bracket == std::string_view::npos) return Error("the [ of the address has no ]");
    port = host.substr(bracket + 1);
    host = host.substr(1, bracket - 1);
    if (!port.empty() && port.front() != ':') return Error("only :port may follow the ]");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    if (host.find_first_of("[]") != std::string_view::npos) {
      return Error("an IPv6 address must stand in [ ] alone");
    }
    const std::size_t colon = std::min(host.find(':'), host.size());
    port = host.substr(std::min(colon + 1, host.size()));
    host = host.substr(0, colon);
  }
  if (!host.empty()) parts.set("host", lower(host));
  if (auto read = parse_port(port, parts); !read) return read;
  const std::size_t colon = std::min(user.find(':'), user.size());
  if (colon > 0) parts.set("username", user.substr(0, colon));
  if (colon + 1 < user.size()) {
    Setting password(user.substr(colon + 1));
    password.secret = true;
    parts.set("password", std::move(password));
  }
  return {};
}

}  // namespace

Setting EnricherUri::params() const {
  Setting all = parts;
  for (const auto& [name, value] : query.members()) all.set(name, value);
  return all;
}

std::string uri_without(std::string_view text,
                        const std::function<bool(std::string_view name)>& is_taken) {
  text = text.substr(0, text.find('#'));
  const std::size_t mark = text.find('?');
  std::string rest(text.substr(0, mark));
  if (mark == std::string_view::npos) return rest;
  char before = '?';
  for (std::string_view query = text.substr(mark + 1); !query.empty();) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    if (parameter.empty() || is_taken(decode_query(parameter.substr(0, parameter.find('='))))) {
      continue;
    }
    rest += before;
    rest += parameter;
    before = '&';
  }
  return rest;
}

bool looks_like_uri(std::string_view text) { return scheme_size(text) > 0; }

Result<EnricherUri> parse_enricher_uri(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return Error("\"" + mask_passwords(text) + "\" is no enricher URI: " + why +
                 "; write scheme://user:password@host:port/path?key=value");
  };
  if (text.size() > kLongestUri) return Error("an enricher URI is over 64 KiB long");
  if (valid_utf8_prefix(text) != text.size()) return Error("an enricher URI is not UTF-8");
  const std::size_t scheme = scheme_size(text);
  if (scheme == 0) return wrong("it has no scheme");
  EnricherUri uri;
  uri.scheme = lower(text.substr(0, scheme));
  uri.parts = Setting::map({});
  std::string_view rest = text.substr(scheme + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = std::min(rest.find('?'), rest.size());
  if (question < rest.size()) uri.query = parse_query(rest.substr(question + 1));
  if (uri.query.is_null()) uri.query = Setting::map({});
  rest = rest.substr(0, question);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  if (auto read = parse_authority(rest.substr(0, slash), uri.parts); !read) {
    return wrong(read.error().message);
  }
  std::string_view path = rest.substr(slash);
  while (path.starts_with('/')) path.remove_prefix(1);
  if (!path.empty()) uri.parts.set("path", path);
  return uri;
}

}  // namespace logbraid
