#include "tests/support/redis_server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "clients/redis_command.h"
#include "support/file_descriptor.h"
#include "tests/support/scripted_server.h"

namespace logbraid::test {
namespace {

constexpr const char* kProgram = "/usr/bin/redis-server";

}  // namespace

bool RedisServer::installed() { return ::access(kProgram, X_OK) == 0; }

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)) {
  start();
}

void RedisServer::start() {
  if (port_ != 0) {
    if (!try_to_start()) throw std::runtime_error("redis-server does not start again");
    return;
  }
  // A free port may be taken before the server has it.
  for (int i = 0; i < 10; ++i) {
    port_ = BoundPort().number();
    if (try_to_start()) return;
  }
  throw std::runtime_error("redis-server does not start");
}

bool RedisServer::try_to_start() {
  std::vector<std::string> command = {
      kProgram,     "--bind", "127.0.0.1", "--port", std::to_string(port_),     "--unixsocket",
      socket_path_, "--save", "",          "--dir",  directory_.path().string()};
  command.insert(command.end(), options_.begin(), options_.end());
  process_ = std::make_unique<ChildProcess>(command);
  for (std::string line; !(line = process_->read_line()).empty();) {
    if (line.find("eady to accept connections") != std::string::npos) return true;
  }
  process_.reset();
  return false;
}

void RedisServer::kill() {
  process_->signal(SIGKILL);
  process_->wait();
  process_.reset();
}

std::string RedisServer::run(const std::vector<std::string>& command) const {
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path_.c_str(), sizeof(address.sun_path) - 1);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::system_error(errno, std::generic_category(), socket_path_);
  }
  std::string bytes;
  append_command(bytes, command.size());
  for (const std::string& argument : command) append_argument(bytes, argument);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t put = ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, 0);
    if (put < 0) throw std::system_error(errno, std::generic_category(), "send");
    sent += static_cast<std::size_t>(put);
  }
  ::shutdown(socket.get(), SHUT_WR);  // it answers, and then it closes
  std::string reply;
  char buffer[4096];
  for (ssize_t got; (got = ::recv(socket.get(), buffer, sizeof(buffer), 0)) > 0;) {
    reply.append(buffer, static_cast<std::size_t>(got));
  }
  return reply;
}

}  // namespace logbraid::test
