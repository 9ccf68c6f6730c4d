#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace logbraid::test {

// A dnsmasq of the test's own on a port of 127.0.0.1: it knows what its options say and asks
// nobody.
//
// Lifetime: the server ends with it.
// Blocking: until the server is ready.
class Dnsmasq {
 public:
  static bool installed();

  // "--host-record=www.example,192.0.2.1,60"
  explicit Dnsmasq(const std::vector<std::string>& options);

  std::uint16_t port() const { return port_; }
  void kill() { process_.reset(); }
  void start();  // where it was killed; at the same port

 private:
  const std::uint16_t port_;
  std::vector<std::string> command_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace logbraid::test

#define LOGBRAID_NEEDS_DNSMASQ() \
  if (!::logbraid::test::Dnsmasq::installed()) GTEST_SKIP() << "dnsmasq is not installed"
