#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/file_descriptor.h"
#include "tests/support/certificate.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {

// A real nginx, one process, on a port of 127.0.0.1 that stays its own when it is killed and
// started again.
//
// Threads:  one.
// Lifetime: killed at its end.
// Blocking: start() until it listens.
class Nginx {
 public:
  // Whether Debian's package is there; tests skip where it is not.
  static bool is_installed();

  // `server`: what stands in its server {}: locations. `certificate`: TLS and HTTP/2 with it; must
  // outlive it.
  explicit Nginx(std::string_view server, const Certificate* certificate = nullptr);

  std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:8080", "https://localhost:8443"
  std::string url() const;
  void start();
  void kill();
  // What its access log says: a line a request, "protocol method target status".
  std::string log() const { return directory_.read("access.log"); }

 private:
  const bool tls_;
  std::uint16_t port_ = 0;
  const FileDescriptor reserved_;  // bound, not listening: nobody else gets the port
  TemporaryDirectory directory_;
  std::string configuration_;  // file
  std::optional<ChildProcess> process_;
};

}  // namespace logbraid::test
