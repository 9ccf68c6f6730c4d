#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logbraid {

// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (::ffff:10.0.0.1) is the IPv4 address: what
// a dual-stack server logs is the same client.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network order; IPv4: the first four, the rest zero
  bool is_v4 = false;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// All addresses that share their first `length` bits.
struct Cidr {
  IpAddress address;        // bits past `length` are zero
  std::uint8_t length = 0;  // 0 to 32 for IPv4, 0 to 128 for IPv6

  friend bool operator==(const Cidr&, const Cidr&) = default;
};

// "10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3". nullopt for all else: octets with leading zeros
// (octal to some), brackets, ports, zones, blanks. Takes no memory.
std::optional<IpAddress> parse_ip(std::string_view text) noexcept;

// "10.0.0.0/8", "2001:db8::/32"; an address alone is a prefix of full length. Bits past the length
// are cleared: 10.1.2.3/8 is 10.0.0.0/8. Takes no memory.
std::optional<Cidr> parse_cidr(std::string_view text) noexcept;

// IPv6 prefixes contain no IPv4 addresses, not even ::/0.
bool contains(const Cidr& prefix, const IpAddress& address) noexcept;

}  // namespace logbraid
