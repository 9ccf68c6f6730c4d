#include "clients/redis_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <utility>

namespace logbraid {

namespace asio = boost::asio;

RedisWire::RedisWire(Owner& owner, asio::io_context& io, RedisWireTls tls)
    : owner_(&owner), options_(std::move(tls)), socket_(io) {}

void RedisWire::close() {
  owner_ = nullptr;
  Error ignored;
  socket_.close(ignored);
}

template <class... Came>
auto RedisWire::then(void (RedisWire::*member)(const Error&, Came...)) {
  return [self = shared_from_this(), member](const Error& error, Came... came) {
    if (self->owner_ != nullptr) ((*self).*member)(error, came...);
  };
}

// --- connecting

void RedisWire::connect(std::vector<Address> addresses) {
  addresses_ = std::move(addresses);
  std::ranges::reverse(addresses_);
  connect_next();
}

void RedisWire::connect_next() {
  const Address address = addresses_.back();
  addresses_.pop_back();
  Error error;
  socket_.close(error);
  socket_.open(address.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  if (error && !addresses_.empty()) return connect_next();  // a family that this host has not
  if (error) return owner_->wire_failed(error.message());
  if (address.protocol().family() != AF_UNIX) {
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
  }
  socket_.async_connect(address, then(&RedisWire::connected));
}

void RedisWire::connected(const Error& error) {
  if (error && !addresses_.empty()) return connect_next();
  if (error) return owner_->wire_failed(error.message());
  if (options_.context != nullptr) return secure();
  owner_->wire_connected();
}

void RedisWire::secure() {
  const std::string& name = options_.server_name;
  auto& tls = tls_.emplace(socket_, *options_.context);
  Error error;
  asio::ip::make_address(name, error);
  if (error) SSL_set_tlsext_host_name(tls.native_handle(), name.c_str());  // no address: it has one
  if (options_.verify) tls.set_verify_callback(asio::ssl::host_name_verification(name), error);
  tls.async_handshake(asio::ssl::stream_base::client, then(&RedisWire::secured));
}

void RedisWire::secured(const Error& error) {
  if (error) return owner_->wire_failed("TLS: " + error.message());
  owner_->wire_connected();
}

// --- bytes

void RedisWire::read() {
  const std::span<char> room = reader_.room();
  const auto buffer = asio::buffer(room.data(), room.size());
  if (tls_) {
    tls_->async_read_some(buffer, then(&RedisWire::came));
  } else {
    socket_.async_read_some(buffer, then(&RedisWire::came));
  }
}

void RedisWire::came(const Error& error, std::size_t size) {
  if (error) {
    return owner_->wire_failed(error == asio::error::eof ? "the connection was closed"
                                                         : error.message());
  }
  reader_.add(size);
  owner_->wire_read();
  if (owner_ != nullptr) read();
}

// A request is one write, and leaves at once where the socket takes it.
void RedisWire::write() {
  if (writing_ || out_.empty()) return;
  if (!tls_) {
    Error error;
    const std::size_t size = socket_.write_some(asio::buffer(out_), error);
    out_.erase(0, size);
    if (out_.empty()) return;
    if (error && error != asio::error::would_block) {
      // The read that waits is told so; nobody is called back from within a call.
      socket_.shutdown(asio::socket_base::shutdown_both, error);
      return;
    }
  }
  write_rest();
}

void RedisWire::write_rest() {
  writing_ = true;
  sending_.clear();
  sending_.swap(out_);
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(sending_), then(&RedisWire::written));
  } else {
    asio::async_write(socket_, asio::buffer(sending_), then(&RedisWire::written));
  }
}

void RedisWire::written(const Error& error, std::size_t) {
  if (error) return owner_->wire_failed(error.message());
  writing_ = false;
  write();
}

}  // namespace logbraid
