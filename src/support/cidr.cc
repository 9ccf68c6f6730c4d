#include "support/cidr.h"

#include <algorithm>
#include <cstring>

namespace logbraid {
namespace {

// Four decimal octets, the whole text.
bool parse_v4(std::string_view text, std::uint8_t* out) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int octet = 0; octet < 4; ++octet) {
    if (octet != 0 && (at == end || *at++ != '.')) return false;
    const char* const start = at;
    unsigned value = 0;
    while (at != end && *at >= '0' && *at <= '9' && at - start < 3) {
      value = value * 10 + static_cast<unsigned>(*at++ - '0');
    }
    if (at == start || value > 255 || (*start == '0' && at - start > 1)) return false;
    out[octet] = static_cast<std::uint8_t>(value);
  }
  return at == end;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Eight groups of hexadecimal digits; `::` once, for one group of zero or more; the last two may
// be an IPv4 address. (RFC 4291, 2.2)
bool parse_v6(std::string_view text, std::uint8_t* out) noexcept {
  std::uint8_t bytes[16] = {};
  std::size_t filled = 0;
  std::size_t gap = 16;  // where `::` stood; 16: nowhere
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    if (filled == 16) return false;
    const std::size_t start = at;
    unsigned value = 0;
    while (at < text.size() && at - start < 4 && hex_digit(text[at]) >= 0) {
      value = value * 16 + static_cast<unsigned>(hex_digit(text[at++]));
    }
    if (at < text.size() && text[at] == '.') {
      if (filled > 12 || !parse_v4(text.substr(start), bytes + filled)) return false;
      filled += 4;
      break;
    }
    if (at == start) return false;
    bytes[filled++] = static_cast<std::uint8_t>(value >> 8);
    bytes[filled++] = static_cast<std::uint8_t>(value & 0xff);
    if (at == text.size()) break;
    if (text[at++] != ':' || at == text.size()) return false;
    if (text[at] == ':') {
      if (gap != 16) return false;
      gap = filled;
      ++at;
    }
  }
  if (gap == 16 ? filled != 16 : filled > 14) return false;
  const std::size_t head = std::min(gap, filled);
  std::memset(out, 0, 16);
  std::memcpy(out, bytes, head);
  std::memcpy(out + 16 - (filled - head), bytes + head, filled - head);
  return true;
}

bool is_mapped(const std::uint8_t* bytes) noexcept {
  static constexpr std::uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(bytes, kPrefix, sizeof kPrefix) == 0;
}

// As written: a mapped address stays IPv6.
std::optional<IpAddress> parse_as_written(std::string_view text) noexcept {
  IpAddress address;
  if (text.size() >= 2 && text.size() <= 45) {
    if (parse_v4(text, address.bytes.data())) {
      address.is_v4 = true;
      return address;
    }
    // Has written all bytes where it is true.
    if (parse_v6(text, address.bytes.data())) return address;
  }
  return std::nullopt;
}

IpAddress unmapped(const IpAddress& address) noexcept {
  IpAddress v4;
  v4.is_v4 = true;
  std::memcpy(v4.bytes.data(), address.bytes.data() + 12, 4);
  return v4;
}

void clear_past(std::array<std::uint8_t, 16>& bytes, unsigned length) noexcept {
  for (unsigned i = length / 8; i < 16; ++i) {
    const unsigned kept = i == length / 8 ? length % 8 : 0;
    bytes[i] &= static_cast<std::uint8_t>(0xff00u >> kept);
  }
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) noexcept {
  auto address = parse_as_written(text);
  if (address && !address->is_v4 && is_mapped(address->bytes.data())) return unmapped(*address);
  return address;
}

std::optional<Cidr> parse_cidr(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const auto address = parse_as_written(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4 ? 32 : 128;
  unsigned length = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3) return std::nullopt;
    length = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      length = length * 10 + static_cast<unsigned>(c - '0');
    }
    if (length > most) return std::nullopt;
  }
  Cidr prefix{*address, static_cast<std::uint8_t>(length)};
  if (!address->is_v4 && length >= 96 && is_mapped(address->bytes.data())) {
    prefix = {unmapped(*address), static_cast<std::uint8_t>(length - 96)};
  }
  clear_past(prefix.address.bytes, prefix.length);
  return prefix;
}

bool contains(const Cidr& prefix, const IpAddress& address) noexcept {
  if (prefix.address.is_v4 != address.is_v4) return false;
  const std::size_t whole = prefix.length / 8;
  if (std::memcmp(prefix.address.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = prefix.length % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> rest);
  return (address.bytes[whole] & mask) == prefix.address.bytes[whole];
}

}  // namespace logbraid
