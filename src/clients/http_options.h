#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clients/http_origin.h"
#include "format/json_pointer.h"
#include "logbraid/clock.h"
#include "lookup/lookup_key.h"
#include "support/cidr.h"

namespace logbraid {

// One request for many keys.
struct HttpBulk {
  std::string body_start;  // what stands before the keys, and behind them
  std::string body_end;
  bool numbers = false;  // keys are numbers in the body, not strings
  JsonPointer items;     // where an array or object of answers stands in the reply
  std::optional<JsonPointer>
      item_key;  // in an item: its key; unset: answers come in the keys' order
};

// How answers are read.
struct HttpReplyOptions {
  std::vector<JsonPointer> fields;  // values of the enricher's fields, in order
  std::optional<HttpBulk> bulk;
};

// Whether connections must not go there.
using RefusesAddress = bool (*)(const IpAddress& address) noexcept;

// All that a client of one enricher knows of its service.
struct HttpOptions {
  using Header = std::pair<std::string, std::string>;
  struct EventHeader {
    std::string name;
    std::size_t part;  // of the key
  };

  HttpOptions(HttpOrigin where, KeySpec parts) : origin(std::move(where)), key(std::move(parts)) {}

  HttpOrigin origin;
  std::string server_name;  // for TLS; empty: the host
  std::string ca_file;      // empty: the system's
  std::string certificate;
  std::string private_key;
  bool verify = true;
  bool http2 = true;
  std::optional<HttpUrl> proxy;
  RefusesAddress refuses = nullptr;  // what connections must not go to; null: all is allowed
  std::uint32_t connections = 64;    // of the process, divided among its shards
  unsigned redirects = 0;
  std::size_t max_reply = 1024 * 1024;              // bytes, decompressed
  std::optional<Duration> connect_timeout;          // unset: none of its own
  Duration idle_timeout = std::chrono::minutes(1);  // of a connection without requests
  std::vector<Header> headers;                      // the same for each request
  std::vector<EventHeader> event_headers;
  bool post = false;
  std::string content_type;  // of a body
  // What a key is: target, body (where fields stand in it), event headers. Of bulk requests: what
  // stands for one event in the body.
  KeySpec key;
  std::string target;                    // of a bulk request
  std::string warm_up;                   // asked before there are requests; empty: nothing is
  std::string body;                      // of a post without fields in it
  std::optional<std::size_t> body_part;  // of the key; unset: `body`
  HttpReplyOptions reply;

  // What stands in URLs in the host's place.
  const std::string& url_host() const { return server_name.empty() ? origin.host : server_name; }
  // All that makes a difference to a connection.
  std::string connection_key() const;
};

}  // namespace logbraid
