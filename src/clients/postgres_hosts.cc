#include "clients/postgres_hosts.h"

#include <arpa/inet.h>

#include <array>
#include <string_view>
#include <utility>

namespace logbraid {
namespace {

std::string text_of(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace

void PostgresHosts::find(Waiter& waiter) noexcept {
  waiter_ = &waiter;
  next_ = 0;
  names_.clear();
  addresses_.clear();
  ports_.clear();
  found_ = false;
  go_on();
}

void PostgresHosts::forget() noexcept {
  if (waiter_ != nullptr && resolver_ != nullptr) resolver_->forget(*this);
  waiter_ = nullptr;
}

void PostgresHosts::go_on() noexcept {
  for (; next_ < hosts_.size(); ++next_) {
    const PostgresTarget::Host& host = hosts_[next_];
    if (host.is_name) return resolver_->resolve(host.name, *this);
    add(host, host.address);
  }
  PostgresHosts::Waiter& waiter = *std::exchange(waiter_, nullptr);
  if (!found_) return waiter.hosts_unknown(std::exchange(why_not_, {}));
  waiter.hosts_found({{"host", names_}, {"hostaddr", addresses_}, {"port", ports_}});
}

void PostgresHosts::host_resolved(const HostResolver::Answer& answer) noexcept {
  const PostgresTarget::Host& host = hosts_[next_];
  for (const IpAddress& address : answer.addresses) add(host, text_of(address));
  if (answer.addresses.empty()) why_not_ = host.name + ": " + std::string(answer.error);
  ++next_;
  go_on();
}

void PostgresHosts::add(const PostgresTarget::Host& host, const std::string& address) {
  const std::string_view comma = found_ ? "," : "";
  names_.append(comma).append(host.name);
  addresses_.append(comma).append(address);
  ports_.append(comma).append(host.port);
  found_ = true;
}

}  // namespace logbraid
