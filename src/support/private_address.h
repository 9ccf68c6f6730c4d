#pragma once

#include "support/cidr.h"

namespace logbraid {

// Whether an address is of this machine, of a network that is not the internet, or of a cloud's
// metadata service: what a request must not reach when somebody else may say where it goes. True
// for loopback, private (RFC 1918), carrier-grade NAT, link-local, unique-local, multicast and
// reserved addresses, and for IPv6 addresses that carry such an IPv4 address (NAT64, 6to4).
// Takes no memory.
bool is_private_address(const IpAddress& address) noexcept;

}  // namespace logbraid
