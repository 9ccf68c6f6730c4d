#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace logbraid {

// Where requests go: scheme, host and port of a URL.
struct HttpOrigin {
  bool tls = false;
  std::string host;  // lower case, IPv6 without brackets
  std::uint16_t port = 80;

  // "https://users.example:8443"; the port is always there.
  std::string url() const { return url(host); }
  // With another name in the host's place.
  std::string url(std::string_view name) const;
  // For messages and the header Host: "users.example", "[::1]:8080".
  std::string name() const;

  friend bool operator==(const HttpOrigin&, const HttpOrigin&) = default;
};

// The parts of an http or https URL.
struct HttpUrl {
  HttpOrigin origin;
  std::string user_info;  // "user:password", as it stands
  std::string target;     // path and query as they stand; begins with a slash

  // A fragment is refused, and a host that is no DNS name (letters outside ASCII are written
  // xn--...) and no address.
  static Result<HttpUrl> parse(std::string_view text);
};

}  // namespace logbraid
