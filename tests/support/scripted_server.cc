#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace logbraid::test {
namespace {

constexpr auto kPatience = std::chrono::minutes(1);

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

FileDescriptor new_socket(int flags) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket.is_open()) fail("socket");
  return socket;
}

}  // namespace

BoundPort::BoundPort() : socket_(new_socket(0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("getsockname");
  }
  number_ = ntohs(address.sin_port);
}

HangingPort::HangingPort() {
  if (::listen(port_.socket().get(), 0) != 0) fail("listen");
  // The first fills the queue of a listener that has place for none; the others stay half open.
  const sockaddr_in address = loopback(port_.number());
  for (int i = 0; i < 4; ++i) {
    fill_.push_back(new_socket(SOCK_NONBLOCK));
    ::connect(fill_.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
}

BoundPort HangingPort::give() && {
  fill_.clear();
  return std::move(port_);
}

struct ScriptedServer::Connection {
  FileDescriptor socket;  // open until the server ends: its destructor breaks it
  std::thread thread;
};

ScriptedServer::ScriptedServer(std::vector<Script> scripts, BoundPort port)
    : scripts_(std::move(scripts)), port_(std::move(port)) {
  if (::listen(port_.socket().get(), SOMAXCONN) != 0) fail("listen");
  accepting_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  ::shutdown(port_.socket().get(), SHUT_RDWR);  // accept() gives up
  accepting_.join();
  for (const auto& connection : connections_) ::shutdown(connection->socket.get(), SHUT_RDWR);
  for (const auto& connection : connections_) connection->thread.join();
}

void ScriptedServer::accept_all() {
  for (;;) {
    FileDescriptor socket(::accept4(port_.socket().get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    if (!socket.is_open()) continue;  // a peer that has gone before it was accepted
    // What is written leaves at once: a byte dripped is a byte received.
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    const std::size_t number = connections_.size();
    const Script& script = scripts_[std::min(number, scripts_.size() - 1)];
    Connection& connection = *connections_.emplace_back(std::make_unique<Connection>());
    connection.socket = std::move(socket);
    connection.thread =
        std::thread([this, &script, &connection, number] { run(script, connection, number); });
    changed_.notify_all();
  }
}

void ScriptedServer::run(const Script& script, Connection& connection, std::size_t number) {
  Peer peer(*this, connection.socket.get(), number);
  try {
    script(peer);
  } catch (const Peer::Gone&) {
    // Its peer has gone, or the server ends.
  }
  ::shutdown(connection.socket.get(), SHUT_RDWR);
  const std::lock_guard lock(mutex_);
  ++ended_;
  changed_.notify_all();
}

void ScriptedServer::let_go(std::size_t times) {
  const std::lock_guard lock(mutex_);
  go_ += times;
  changed_.notify_all();
}

std::string ScriptedServer::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::string ScriptedServer::wait_for_received(std::string_view text) const {
  std::unique_lock lock(mutex_);
  wait_until(lock, "what was to be received",
             [&] { return received_.find(text) != std::string::npos; });
  return received_;
}

std::size_t ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void ScriptedServer::wait_for_connections(std::size_t count) const {
  std::unique_lock lock(mutex_);
  wait_until(lock, "connections", [&] { return connections_.size() >= count; });
}

void ScriptedServer::wait_for_ended(std::size_t count) const {
  std::unique_lock lock(mutex_);
  wait_until(lock, "ends of connections", [&] { return ended_ >= count; });
}

template <class Condition>
void ScriptedServer::wait_until(std::unique_lock<std::mutex>& lock, const char* what,
                                Condition condition) const {
  if (changed_.wait_for(lock, kPatience, condition)) return;
  ADD_FAILURE() << "the scripted server waited in vain for " << what << "; it has "
                << connections_.size() << " connections, " << ended_
                << " ended, and received: " << received_;
}

void ScriptedServer::Peer::read_more() {
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got <= 0) throw Gone();
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  unread_ += bytes;
  const std::lock_guard lock(server_.mutex_);
  server_.received_ += bytes;
  server_.changed_.notify_all();
}

std::string ScriptedServer::Peer::read_until(std::string_view end) {
  std::size_t found;
  while ((found = unread_.find(end)) == std::string::npos) read_more();
  return read_exactly(found + end.size());
}

std::string ScriptedServer::Peer::read_exactly(std::size_t size) {
  while (unread_.size() < size) read_more();
  std::string bytes = unread_.substr(0, size);
  unread_.erase(0, size);
  return bytes;
}

void ScriptedServer::Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0) throw Gone();
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void ScriptedServer::Peer::write_for_ever(std::string_view bytes) {
  for (;;) write(bytes);
}

void ScriptedServer::Peer::drip(std::string_view bytes) {
  for (const char byte : bytes) {
    wait_for_go();
    write({&byte, 1});
  }
}

void ScriptedServer::Peer::wait_for_go() {
  std::unique_lock lock(server_.mutex_);
  server_.wait_until(lock, "let_go()", [&] { return server_.go_ > 0 || server_.closing_; });
  if (server_.go_ == 0) throw Gone();
  --server_.go_;
}

void ScriptedServer::Peer::hang() {
  for (;;) read_more();
}

void ScriptedServer::Peer::hang_deaf() {
  pollfd ends = {.fd = socket_, .events = POLLRDHUP, .revents = 0};
  while (::poll(&ends, 1, -1) < 0 && errno == EINTR) {
  }
  throw Gone();
}

void ScriptedServer::Peer::half_close() { ::shutdown(socket_, SHUT_WR); }

void ScriptedServer::Peer::reset() {
  // An address of no family ends a connection as if it had never been: with an RST at once, while
  // the descriptor stays ours.
  const sockaddr none = {.sa_family = AF_UNSPEC, .sa_data = {}};
  if (::connect(socket_, &none, sizeof(none)) != 0) fail("connect to nothing");
  throw Gone();
}

}  // namespace logbraid::test
