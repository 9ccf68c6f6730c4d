#include "tests/support/nginx.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>

namespace logbraid::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/nginx";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// With SO_REUSEPORT two sockets of one user may be bound to a port; connections go to the one that
// listens.
FileDescriptor reserve(std::uint16_t& port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) fail("socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) fail("bind");
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("getsockname");
  }
  port = ntohs(address.sin_port);
  return socket;
}

}  // namespace

bool Nginx::is_installed() { return std::filesystem::exists(kProgram); }

Nginx::Nginx(std::string_view server, const Certificate* certificate)
    : tls_(certificate != nullptr), reserved_(reserve(port_)) {
  const std::string here = directory_.path().string();
  std::string text =
      "daemon off; master_process off; worker_processes 1;\n"
      "error_log stderr notice; pid " +
      here +
      "/pid;\n"
      "events { worker_connections 1024; }\n"
      "http {\n"
      "  error_log " +
      here +
      "/error.log warn;\n"
      "  log_format short '$server_protocol $request_method $request_uri $status';\n"
      "  access_log " +
      here +
      "/access.log short;\n"
      "  keepalive_requests 1000000000; keepalive_timeout 1h;\n"
      "  default_type application/json;\n";
  for (const char* const kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text += "  " + std::string(kind) + "_temp_path " + here + "/" + kind + ";\n";
  }
  text += "  server {\n    listen 127.0.0.1:" + std::to_string(port_) + " reuseport";
  if (certificate != nullptr) {
    text += " ssl http2;\n    ssl_certificate " + certificate->file() +
            ";\n    ssl_certificate_key " + certificate->key();
  }
  text += ";\n" + std::string(server) + "  }\n}\n";
  configuration_ = directory_.file("nginx.conf", text);
  start();
}

std::string Nginx::url() const {
  return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
}

void Nginx::start() {
  const std::string here = directory_.path().string();
  process_.emplace(std::vector<std::string>{kProgram, "-p", here, "-c", configuration_});
  process_->wait_for_error("getrlimit(RLIMIT_NOFILE)");  // said when it listens
}

void Nginx::kill() {
  process_->signal(SIGKILL);
  process_->wait();
  process_.reset();
}

}  // namespace logbraid::test
