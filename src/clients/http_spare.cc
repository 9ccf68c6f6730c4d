#include "clients/http_spare.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "clients/asio_address.h"

namespace logbraid {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Nothing has come, not even the end.
bool is_quiet(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

// Its handlers hold it, and nothing else.
struct HttpSpare::Attempt : std::enable_shared_from_this<Attempt> {
  explicit Attempt(boost::asio::io_context& io) : socket(io) {}

  void connect_next() {
    if (left.empty()) return;
    const tcp::endpoint to = left.back();
    left.pop_back();
    error_code ignored;
    socket.close(ignored);
    socket.async_connect(to, [self = shared_from_this()](const error_code& error) {
      if (error && error != boost::asio::error::operation_aborted) self->connect_next();
    });
  }

  tcp::socket socket;
  std::vector<tcp::endpoint> left;  // still to be tried, the last one first
};

HttpSpare::HttpSpare(boost::asio::io_context& io, Timers& timers, HttpNames& names)
    : io_(io), timers_(timers), names_(names) {}

HttpSpare::~HttpSpare() { close(); }

void HttpSpare::open(const HttpOrigin& to, std::string_view alias) {
  if (age_.waiting()) return;
  to_ = to;
  alias_ = alias;
  timers_.set(age_, kLongest);
  if (names_.know(to, alias, *this)) names_known();
}

void HttpSpare::names_known() noexcept {
  attempt_ = std::make_shared<Attempt>(io_);
  for (const IpAddress& address : names_.addresses(to_, alias_)) {
    attempt_->left.emplace_back(asio_address(address), to_.port);
  }
  std::ranges::reverse(attempt_->left);
  attempt_->connect_next();
}

void HttpSpare::names_unknown(RequestError, std::string_view) noexcept { close(); }

void HttpSpare::close() {
  timers_.remove(age_);
  names_.forget(*this);
  if (!attempt_) return;
  attempt_->left.clear();
  error_code ignored;
  std::exchange(attempt_, nullptr)->socket.close(ignored);
}

// libcurl calls connect() on what it is given. On a socket whose connect() was begun and has
// succeeded since, Linux lets that succeed once more; asio has not called it a second time.
curl_socket_t HttpSpare::take(const curl_sockaddr& to) {
  if (!attempt_) return CURL_SOCKET_BAD;
  tcp::endpoint asked;
  if (to.addrlen > asked.capacity()) return CURL_SOCKET_BAD;
  std::memcpy(asked.data(), &to.addr, to.addrlen);
  asked.resize(to.addrlen);
  error_code failed;
  const tcp::endpoint there = attempt_->socket.remote_endpoint(failed);
  if (failed || there != asked) return CURL_SOCKET_BAD;  // it may yet come about
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (is_quiet(attempt_->socket.native_handle())) {
    socket = attempt_->socket.release(failed);
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  }
  close();
  return socket;
}

}  // namespace logbraid
