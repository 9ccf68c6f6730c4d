#pragma once

#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace logbraid {

// Where a Redis is, and who asks.
struct RedisEndpoint {
  std::string host;  // a name or an address; empty with a socket in the file system
  std::uint16_t port = 6379;
  std::string path;  // of that socket
  std::string user;  // empty: the default one
  std::string password;
  std::uint32_t database = 0;
  bool tls = false;

  // "127.0.0.1:6379", "/run/redis.sock": as messages say it.
  std::string name() const;
};

// What a URL of Redis says:
//
//   redis://user:password@host:6379/0?prefix=user:
//   rediss://host                                   with TLS
//   unix:///run/redis.sock?db=0
//
// User, password, path and the values of the query are percent-decoded.
struct RedisUrl {
  RedisEndpoint endpoint;
  std::string prefix;  // before each key

  // Errors say what would be right, and never the password.
  static Result<RedisUrl> parse(std::string_view text);
};

struct RedisTlsOptions {
  std::string ca_file = {};      // empty: what the system trusts
  std::string certificate = {};  // of the client; empty: none
  std::string certificate_key = {};
  std::string server_name = {};  // that the server's certificate must be for; empty: the host
  bool verify = true;
};

// Reads the files. Errors: one cannot be read or holds no certificate, no key, or another's key.
Result<std::shared_ptr<boost::asio::ssl::context>> redis_tls_context(
    const RedisTlsOptions& options);

}  // namespace logbraid
