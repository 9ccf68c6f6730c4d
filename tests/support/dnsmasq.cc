#include "tests/support/dnsmasq.h"

#include <unistd.h>

#include "tests/support/scripted_server.h"

namespace logbraid::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/dnsmasq";

}  // namespace

bool Dnsmasq::installed() { return ::access(kProgram, X_OK) == 0; }

Dnsmasq::Dnsmasq(const std::vector<std::string>& options)
    : port_(BoundPort().number()),
      command_({kProgram, "--no-daemon", "--conf-file=/dev/null", "--pid-file=", "--no-resolv",
                "--no-hosts", "--listen-address=127.0.0.1", "--bind-interfaces",
                "--local=/example/", "--port=" + std::to_string(port_)}) {
  command_.insert(command_.end(), options.begin(), options.end());
  start();
}

void Dnsmasq::start() {
  process_ = std::make_unique<ChildProcess>(command_);
  process_->wait_for_error("started");
}

}  // namespace logbraid::test
