#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clients/redis_endpoint.h"
#include "clients/redis_reply_reader.h"

namespace logbraid {

// With TLS: what is trusted, and what the server's certificate must be for.
struct RedisWireTls {
  boost::asio::ssl::context* context = nullptr;  // null: without
  std::string server_name = {};
  bool verify = true;
};

// The bytes to and from a Redis: connects to the first address that answers, over TLS where that is
// wanted, writes what is to be written, and reads into a reply reader.
//
// Threads:  the shard's.
// Lifetime: its handlers hold it while the loop has them; after close() they do nothing.
// Errors:   wire_failed(), from the loop or from within connect(), and nothing after it.
// Blocking: never.
class RedisWire final : public std::enable_shared_from_this<RedisWire> {
 public:
  using Address = boost::asio::generic::stream_protocol::endpoint;
  class Owner {
   public:
    virtual void wire_connected() noexcept = 0;
    // Bytes have come to the reader.
    virtual void wire_read() noexcept = 0;
    // The owner closes it.
    virtual void wire_failed(const std::string& why) noexcept = 0;

   protected:
    ~Owner() = default;
  };

  RedisWire(Owner& owner, boost::asio::io_context& io, RedisWireTls tls);
  RedisWire(const RedisWire&) = delete;
  RedisWire& operator=(const RedisWire&) = delete;

  // The first of at least one address first.
  void connect(std::vector<Address> addresses);
  // Whoever has it hears no more of it.
  void close();

  // Once, when it is connected.
  void read();
  // What is to be written; write() makes it leave.
  std::string& out() { return out_; }
  // At once where the socket takes it.
  void write();
  RedisReplyReader& reader() { return reader_; }

 private:
  using Error = boost::system::error_code;
  using Socket = boost::asio::generic::stream_protocol::socket;

  void connect_next();
  void connected(const Error& error);
  void secure();
  void secured(const Error& error);
  void came(const Error& error, std::size_t size);
  void write_rest();
  void written(const Error& error, std::size_t size);
  // Calls that member of this with what comes, unless it was closed meanwhile.
  template <class... Came>
  auto then(void (RedisWire::*member)(const Error&, Came...));

  Owner* owner_;  // null: closed
  const RedisWireTls options_;
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  std::vector<Address> addresses_;  // still to be tried, the last one first
  RedisReplyReader reader_;
  std::string out_;      // to be written
  std::string sending_;  // being written, while `writing_`
  bool writing_ = false;
};

}  // namespace logbraid
