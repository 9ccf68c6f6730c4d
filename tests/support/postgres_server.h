#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {

// A PostgreSQL of the system's own package, with an empty cluster in a temporary directory. It
// listens on a socket there and, with TLS, on a port of 127.0.0.1, where it wants passwords.
//
// Threads:  one.
// Lifetime: its end kills the server.
// Blocking: all functions, until the server has done it.
class PostgresServer {
 public:
  // False where the package is not installed.
  static bool is_installed();

  PostgresServer();

  // It runs from the start.
  void start();
  void stop();  // in order: sessions are told
  void kill();  // at once: sessions just break

  // Runs SQL as the superuser; throws where that fails. Gives the first value, "" where there is
  // none.
  std::string execute(const std::string& sql);

  // Of user `reader`, who may log in.
  std::string socket_url() const;
  std::string port_url(const std::string& more = "") const;
  std::uint16_t port() const { return port_; }
  // The certificate that it shows, which is its own authority; for 127.0.0.1.
  std::string certificate() const { return directory_ / "server.crt"; }

  static constexpr const char* kPassword = "it's \"secret\"";

 private:
  std::vector<std::string> command(const std::string& program, std::vector<std::string> arguments);
  void run(const std::string& program, std::vector<std::string> arguments);

  const TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace logbraid::test
