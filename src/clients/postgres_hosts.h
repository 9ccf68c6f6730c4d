#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "clients/host_resolver.h"
#include "clients/postgres_target.h"

namespace logbraid {

// The hosts of a target with their addresses as they are now: libpq is given addresses beside the
// names, which certificates are for, and so asks no resolver itself; that would hold up the loop.
//
// Threads:  the loop's.
// Lifetime: its end forgets the waiter.
// Errors:   what the waiter is told.
// Blocking: never.
class PostgresHosts final : private HostResolver::Waiter {
 public:
  class Waiter {
   public:
    // `hosts`: parameters of a connection; valid as long as the call.
    virtual void hosts_found(const PostgresTarget::Parameters& hosts) noexcept = 0;
    // None has an address.
    virtual void hosts_unknown(std::string why) noexcept = 0;

   protected:
    ~Waiter() = default;
  };

  // Both outlive it. `resolver`: null where the target has no names.
  PostgresHosts(const std::vector<PostgresTarget::Host>& hosts, HostResolver* resolver)
      : hosts_(hosts), resolver_(resolver) {}
  ~PostgresHosts() { forget(); }
  PostgresHosts(const PostgresHosts&) = delete;
  PostgresHosts& operator=(const PostgresHosts&) = delete;

  // Tells the waiter once, from within or later, unless it is forgotten. One at a time.
  void find(Waiter& waiter) noexcept;
  void forget() noexcept;

 private:
  void go_on() noexcept;
  void host_resolved(const HostResolver::Answer& answer) noexcept override;
  void add(const PostgresTarget::Host& host, const std::string& address);

  const std::vector<PostgresTarget::Host>& hosts_;
  HostResolver* const resolver_;
  PostgresHosts::Waiter* waiter_ = nullptr;
  std::size_t next_ = 0;  // of the hosts
  // Lists of the same length.
  std::string names_;
  std::string addresses_;
  std::string ports_;
  bool found_ = false;
  std::string why_not_;  // of the last name without an address
};

}  // namespace logbraid
