#include "clients/http_origin.h"

#include <algorithm>
#include <charconv>

#include "lookup/key_escape.h"
#include "support/cidr.h"

namespace logbraid {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string bracketed(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return std::string(host);
  return "[" + std::string(host) + "]";
}

// Systems read "127.1", "0x7f000001" and "2130706433" as addresses, too.
bool looks_like_a_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.front() >= '0' && last.front() <= '9' &&
         (last.starts_with("0x") ||
          std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; }));
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end || port == 0 || port > 65535) {
    return Error("\"" + std::string(text) + "\" is no port; write one from 1 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

// "host", "host:8080", "[::1]:8080"
Result<void> parse_authority(std::string_view text, HttpOrigin& origin) {
  std::size_t host_end = text.find(':');
  std::string_view host = text.substr(0, host_end);
  bool is_address = false;
  if (text.starts_with('[')) {
    host_end = text.find(']');
    host = text.substr(1, host_end == std::string_view::npos ? host_end : host_end - 1);
    is_address = host.find(':') != std::string_view::npos && parse_ip(host).has_value();
    if (host_end == std::string_view::npos || !is_address) {
      return Error("no IPv6 address in brackets, like [2001:db8::1]");
    }
    ++host_end;
  } else {
    is_address = parse_ip(host).has_value();
  }
  if (!is_address && (!is_dns_name(host) || looks_like_a_number(host))) {
    return Error("\"" + std::string(host) +
                 "\" is no host; write a DNS name (with xn--... for letters outside ASCII) or an "
                 "address");
  }
  origin.host = lower_case(host);
  if (host_end >= text.size()) return {};
  if (text[host_end] != ':') return Error("a host is followed by :port or /path");
  const auto port = parse_port(text.substr(host_end + 1));
  if (!port) return port.error();
  origin.port = *port;
  return {};
}

}  // namespace

std::string HttpOrigin::url(std::string_view name) const {
  return (tls ? "https://" : "http://") + bracketed(name) + ":" + std::to_string(port);
}

std::string HttpOrigin::name() const {
  if (port == (tls ? kHttpsPort : kHttpPort)) return bracketed(host);
  return bracketed(host) + ":" + std::to_string(port);
}

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  HttpUrl url;
  const std::string scheme = lower_case(text.substr(0, text.find("://")));
  if (scheme != "http" && scheme != "https") {
    return Error("a URL begins with http:// or https://");
  }
  url.origin.tls = scheme == "https";
  url.origin.port = url.origin.tls ? kHttpsPort : kHttpPort;
  text.remove_prefix(scheme.size() + 3);
  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  text.remove_prefix(authority.size());
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (auto parsed = parse_authority(authority, url.origin); !parsed) return parsed.error();
  if (text.find('#') != std::string_view::npos) {
    return Error("a fragment (# and what follows) is never sent; write %23 for the sign");
  }
  url.target = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
  return url;
}

}  // namespace logbraid
