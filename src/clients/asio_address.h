#pragma once

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "support/cidr.h"

namespace logbraid {

inline boost::asio::ip::address asio_address(const IpAddress& address) {
  if (!address.is_v4) return boost::asio::ip::address_v6(address.bytes);
  boost::asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
  return boost::asio::ip::address_v4(bytes);
}

}  // namespace logbraid
