#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "lookup/lookup_enricher.h"
#include "support/cidr.h"

namespace logbraid {

// Finds the addresses of host names, without a thread: libcurl's own way takes one, and joins it
// when a request is called off (measured: the loop stood for 2.9 s).
//
// Threads:  the shard's.
// Lifetime: waiters are told or forgotten before they go.
// Errors:   answers without addresses.
// Blocking: never, but for reading /etc/hosts.
class HostResolver {
 public:
  struct Answer {
    std::vector<IpAddress> addresses;  // in the order to try them
    Duration ttl{};
    std::string_view error;  // where there are none: why; lives for ever
  };
  class Waiter {
   public:
    virtual void host_resolved(const Answer& answer) noexcept = 0;

   protected:
    ~Waiter() = default;
  };

  virtual ~HostResolver() = default;
  // Tells the waiter once, from within or later.
  virtual void resolve(const std::string& host, Waiter& waiter) noexcept = 0;
  // The waiter is not told any more.
  virtual void forget(Waiter& waiter) noexcept = 0;
};

// By c-ares: /etc/hosts and the name servers of /etc/resolv.conf, as they are now.
std::shared_ptr<HostResolver> make_host_resolver(const LookupSurroundings& surroundings);
// The one that all clients of a shard share.
std::shared_ptr<HostResolver> shared_host_resolver(const LookupSurroundings& surroundings);

}  // namespace logbraid
