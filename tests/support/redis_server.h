#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {

// A redis-server of the test's own, without data and without a disk, on a socket in the file system
// and on a port of 127.0.0.1.
//
// Threads:  one.
// Lifetime: the server ends with it.
// Blocking: until the server is ready, and until it has answered.
class RedisServer {
 public:
  static bool installed();

  // `options`: more of the command line.
  explicit RedisServer(std::vector<std::string> options = {});

  const std::string& socket_path() const { return socket_path_; }
  std::uint16_t port() const { return port_; }
  std::string socket_url() const { return "unix://" + socket_path_; }
  std::string tcp_url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

  // Its reply as it is sent; bulk strings with their length.
  std::string run(const std::vector<std::string>& command) const;
  void kill();
  void start();  // where it was killed; at the same addresses, and empty

 private:
  bool try_to_start();

  const std::vector<std::string> options_;
  const TemporaryDirectory directory_;
  const std::string socket_path_ = directory_ / "redis.sock";
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace logbraid::test

#define LOGBRAID_NEEDS_REDIS() \
  if (!::logbraid::test::RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed"
