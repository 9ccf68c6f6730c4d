#pragma once

#include <cstdint>
#include <memory>

#include "logbraid/clock.h"

namespace logbraid::bench {

// Ports of 127.0.0.1 in front of services of this machine, which hold back what the services answer
// for a while, as a network would; in order, and without a limit on how much is held back.
//
// Threads:  one of its own; functions from one.
// Lifetime: its end closes what still goes through it.
class DelayingProxy {
 public:
  DelayingProxy();
  ~DelayingProxy();
  DelayingProxy(const DelayingProxy&) = delete;
  DelayingProxy& operator=(const DelayingProxy&) = delete;

  // The port that stands for `port`.
  std::uint16_t stream(std::uint16_t port, Duration delay);
  std::uint16_t datagrams(std::uint16_t port, Duration delay);

 private:
  class Ports;
  std::unique_ptr<Ports> ports_;
};

}  // namespace logbraid::bench
