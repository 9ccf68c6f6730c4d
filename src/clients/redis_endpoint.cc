#include "clients/redis_endpoint.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace logbraid {
namespace {

constexpr std::string_view kForms =
    "write redis://host:6379/0, rediss://host (TLS) or unix:///run/redis.sock?db=0";

Error wrong(std::string_view why) { return Error(fmt::format("{}; {}", why, kForms)); }

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [stop, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc() || stop != digits + 2) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// What stands before the first `sign`, which is taken away with it; nothing where there is none.
std::optional<std::string_view> take_before(std::string_view& text, char sign) {
  const std::size_t place = text.find(sign);
  if (place == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, place);
  text.remove_prefix(place + 1);
  return before;
}

Result<void> parse_query(std::string_view query, RedisUrl& url) {
  while (!query.empty()) {
    std::string_view value = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), value.size() + 1));
    const auto name = take_before(value, '=');
    const auto decoded = percent_decoded(value);
    if (!name || !decoded) return wrong("the query is not name=value");
    if (*name == "prefix") {
      url.prefix = *decoded;
    } else if (*name == "db") {
      const auto database = number<std::uint32_t>(*decoded);
      if (!database) return wrong("db is no number");
      url.endpoint.database = *database;
    } else {
      return wrong(fmt::format("the query has \"{}\"; known are db and prefix", *name));
    }
  }
  return {};
}

Result<void> parse_credentials(std::string_view text, RedisEndpoint& endpoint) {
  std::string_view password = text;
  const std::string_view user = take_before(password, ':').value_or(text);
  if (user.size() == text.size()) return wrong("a user without password");
  auto decoded_user = percent_decoded(user);
  auto decoded_password = percent_decoded(password);
  if (!decoded_user || !decoded_password) return wrong("user or password end within a %XX");
  endpoint.user = *std::move(decoded_user);
  endpoint.password = *std::move(decoded_password);
  if (endpoint.password.empty()) return wrong("the password is empty");
  return {};
}

Result<void> parse_authority(std::string_view text, RedisEndpoint& endpoint) {
  std::string_view port;
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    const auto address = take_before(text, ']');
    if (!address) return wrong("a bracket is open");
    endpoint.host = *address;
    if (!text.empty() && text.front() != ':') return wrong("something stands behind the bracket");
    port = text.empty() ? text : text.substr(1);
  } else {
    port = text;
    const auto host = take_before(port, ':');
    endpoint.host = host.value_or(text);
    if (!host) port = {};
  }
  if (endpoint.host.empty()) return wrong("the host is missing");
  if (port.empty()) return {};
  const auto parsed = number<std::uint16_t>(port);
  if (!parsed || *parsed == 0) return wrong(fmt::format("\"{}\" is no port", port));
  endpoint.port = *parsed;
  return {};
}

}  // namespace

std::string RedisEndpoint::name() const {
  if (!path.empty()) return path;
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<RedisUrl> RedisUrl::parse(std::string_view text) {
  RedisUrl url;
  RedisEndpoint& endpoint = url.endpoint;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return wrong("this is no URL");
  const std::string_view scheme = text.substr(0, scheme_end);
  if (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
    return wrong(fmt::format("\"{}\" is no scheme of Redis", scheme));
  }
  endpoint.tls = scheme == "rediss";
  std::string_view rest = text.substr(scheme_end + 3);
  std::string_view query = rest;
  rest = take_before(query, '?').value_or(rest);
  if (query.size() == rest.size() && query.data() == rest.data()) query = {};

  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const auto credentials = parse_credentials(authority.substr(0, at), endpoint);
    if (!credentials) return credentials.error();
    authority.remove_prefix(at + 1);
  }

  if (scheme == "unix") {
    auto decoded = percent_decoded(path);
    if (!authority.empty()) return wrong("a path begins with a third slash");
    if (!decoded || decoded->size() < 2) return wrong("the path of the socket is missing");
    if (decoded->size() >= sizeof(sockaddr_un::sun_path) ||
        decoded->find('\0') != std::string::npos) {
      return wrong("no socket can have this path: it is over 107 bytes, or has a NUL in it");
    }
    endpoint.path = *std::move(decoded);
  } else {
    const auto parsed = parse_authority(authority, endpoint);
    if (!parsed) return parsed.error();
    if (path.size() > 1) {
      const auto database = number<std::uint32_t>(path.substr(1));
      if (!database) return wrong("the path is the number of a database");
      endpoint.database = *database;
    }
  }
  const auto parsed = parse_query(query, url);
  if (!parsed) return parsed.error();
  return url;
}

Result<std::shared_ptr<boost::asio::ssl::context>> redis_tls_context(
    const RedisTlsOptions& options) {
  namespace ssl = boost::asio::ssl;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  const auto check = [&](const std::string& file, std::string_view what) -> Result<void> {
    if (!error) return {};
    return Error(fmt::format("{} {}: {}", what, file, error.message()));
  };
  if (options.ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(options.ca_file, error);
  }
  if (auto read = check(options.ca_file, "ca_file"); !read) return read.error();
  if (!options.certificate.empty()) {
    context->use_certificate_chain_file(options.certificate, error);
    if (auto read = check(options.certificate, "certificate"); !read) return read.error();
    context->use_private_key_file(options.certificate_key, ssl::context::pem, error);
    if (auto read = check(options.certificate_key, "certificate_key"); !read) return read.error();
  }
  context->set_verify_mode(options.verify ? ssl::verify_peer : ssl::verify_none, error);
  return context;
}

}  // namespace logbraid
