#include "support/private_address.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace logbraid {
namespace {

constexpr const char* kPrivate[] = {
    "0.0.0.0/8",         // this host
    "10.0.0.0/8",        // RFC 1918
    "100.64.0.0/10",     // carrier-grade NAT; metadata of Alibaba Cloud
    "127.0.0.0/8",       // loopback
    "168.63.129.16/32",  // metadata of Azure
    "169.254.0.0/16",    // link-local; metadata of most clouds
    "172.16.0.0/12",     // RFC 1918
    "192.0.0.0/24",      // IETF protocols; metadata of Oracle Cloud
    "192.168.0.0/16",    // RFC 1918
    "198.18.0.0/15",     // benchmarks
    "224.0.0.0/4",       // multicast
    "240.0.0.0/4",       // reserved, broadcast
    "::/96",             // unspecified, loopback, IPv4-compatible
    "64:ff9b:1::/48",    // NAT64 of local use
    "100::/64",          // discard
    "2001::/32",         // Teredo: carries an IPv4 address, disguised
    "fc00::/7",          // unique-local
    "fe80::/10",         // link-local
    "fec0::/10",         // site-local
    "ff00::/8",          // multicast
};

std::array<Cidr, std::size(kPrivate)> parse_all() {
  std::array<Cidr, std::size(kPrivate)> all;
  std::ranges::transform(kPrivate, all.begin(), [](const char* text) { return *parse_cidr(text); });
  return all;
}

// The IPv4 address within a NAT64 (64:ff9b::/96) or 6to4 (2002::/16) address.
std::optional<IpAddress> carried(const IpAddress& address) {
  if (address.is_v4) return std::nullopt;
  static const Cidr nat64 = *parse_cidr("64:ff9b::/96");
  static const Cidr six_to_four = *parse_cidr("2002::/16");
  std::size_t at = 0;
  if (contains(nat64, address)) {
    at = 12;
  } else if (contains(six_to_four, address)) {
    at = 2;
  } else {
    return std::nullopt;
  }
  IpAddress inner;
  inner.is_v4 = true;
  std::memcpy(inner.bytes.data(), address.bytes.data() + at, 4);
  return inner;
}

}  // namespace

bool is_private_address(const IpAddress& address) noexcept {
  static const auto all = parse_all();
  if (const auto inner = carried(address)) return is_private_address(*inner);
  return std::ranges::any_of(all, [&](const Cidr& net) { return contains(net, address); });
}

}  // namespace logbraid
