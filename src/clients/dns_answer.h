#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "support/cidr.h"

namespace logbraid {

enum class DnsType : std::uint16_t { a = 1, ptr = 12, txt = 16, aaaa = 28 };

// What a reply of a name server says, read from its packet: c-ares gives no time to live for some
// types and none for "there is no such name".
struct DnsAnswer {
  enum class Kind : std::uint8_t { found, not_found, refused, malformed };

  // No longer than this is an answer kept, whatever the server says: RFC 8767, 4 has a week.
  static constexpr Duration kLongest = std::chrono::hours(24);
  static constexpr int kMostAliases = 16;

  Kind kind = Kind::malformed;
  // Addresses and names as text, texts as they are with bytes that are no UTF-8 replaced; in the
  // order of the packet.
  std::vector<std::string> values;
  // The least of all records on the way from the name to the values; for what is not found that of
  // the zone (RFC 2308, 5), where it says so.
  std::optional<Duration> ttl;
  std::string_view why;  // of refused and malformed; lives for ever

  // Of the records in the packet only those count that the name in the question leads to.
  static DnsAnswer read(std::span<const std::uint8_t> packet, DnsType type);
};

// The name that stands for an address in the tree of names: 1.2.0.192.in-addr.arpa.
std::string reverse_name(const IpAddress& address);

}  // namespace logbraid
