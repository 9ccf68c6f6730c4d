#include "clients/http_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace logbraid {
namespace {

// A time to live of a second would be a query a second; one of a day would miss a move.
constexpr Duration kLeastTime = std::chrono::seconds(5);
constexpr Duration kMostTime = std::chrono::minutes(5);
// After a failure, or after a connection that did not come about.
constexpr Duration kDoubtTime = std::chrono::seconds(1);

std::string spelled(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(), text.size());
  return address.is_v4 ? text.data() : "[" + std::string(text.data()) + "]";
}

// The same host is another name to libcurl where URLs have something else in its place.
std::string key_of(const HttpOrigin& origin, std::string_view alias) {
  return origin.url().append(" ").append(alias);
}

}  // namespace

struct HttpNames::Name final : HostResolver::Waiter {
  Name(HttpNames& owner, HttpOrigin where, std::string_view instead)
      : names(owner),
        origin(std::move(where)),
        key(key_of(origin, instead)),
        alias((instead.empty() ? origin.host : std::string(instead)) + ":" +
              std::to_string(origin.port)) {}
  virtual ~Name() = default;
  void host_resolved(const HostResolver::Answer& answer) noexcept override {
    names.resolved(*this, answer);
  }

  HttpNames& names;
  const HttpOrigin origin;
  const std::string key;
  const std::string alias;  // host:port: of libcurl's entry
  std::string entry;        // alias:address,address; empty: not known yet
  std::vector<IpAddress> addresses;
  bool resolving = false;
  TimePoint fresh_until{};
  TimePoint asked{};
  std::vector<HttpNames::Waiter*> waiting;
};

HttpNames::HttpNames(std::shared_ptr<HostResolver> resolver, const Timers& timers,
                     RefusesAddress refuses)
    : resolver_(std::move(resolver)), timers_(timers), refuses_(refuses) {}

HttpNames::~HttpNames() {
  for (const auto& [key, name] : names_) resolver_->forget(*name);
}

bool HttpNames::know(const HttpOrigin& origin, std::string_view alias, Waiter& waiter) {
  const std::optional<IpAddress> literal = parse_ip(origin.host);
  if (literal && refuses_ != nullptr && refuses_(*literal)) {
    waiter.names_unknown(RequestError::bad_request,
                         "a private address, which forbid_private refuses");
    return false;
  }
  if (literal && alias.empty()) return true;  // libcurl needs no help

  const std::string key = key_of(origin, alias);
  auto found = names_.find(key);
  if (found == names_.end()) {
    if (names_.size() == kMostNames) {
      waiter.names_unknown(RequestError::bad_request, "redirects lead to over 64 hosts");
      return false;
    }
    found = names_.emplace(key, std::make_unique<Name>(*this, origin, alias)).first;
  }
  Name& name = *found->second;
  if (literal && name.entry.empty()) {
    name.fresh_until = TimePoint::max();
    set_addresses(name, {*literal});
  }
  if (!name.entry.empty()) {
    if (timers_.now() >= name.fresh_until && !name.resolving) resolve(name);
    return true;
  }
  // Before the question: the answer may come from within.
  name.waiting.push_back(&waiter);
  if (!name.resolving) resolve(name);
  return false;
}

void HttpNames::forget(Waiter& waiter) noexcept {
  for (const auto& [key, name] : names_) std::erase(name->waiting, &waiter);
}

std::vector<IpAddress> HttpNames::addresses(const HttpOrigin& origin,
                                            std::string_view alias) const {
  if (const auto literal = parse_ip(origin.host)) return {*literal};
  const auto found = names_.find(key_of(origin, alias));
  return found == names_.end() ? std::vector<IpAddress>() : found->second->addresses;
}

void HttpNames::resolve(Name& name) {
  name.resolving = true;
  name.asked = timers_.now();
  resolver_->resolve(name.origin.host, name);
}

void HttpNames::resolved(Name& name, const HostResolver::Answer& answer) {
  name.resolving = false;
  if (answer.addresses.empty()) return failed(name, RequestError::transport, answer.error);
  std::vector<IpAddress> addresses = answer.addresses;
  if (refuses_ != nullptr) {
    std::erase_if(addresses, refuses_);
    if (addresses.empty()) {
      return failed(name, RequestError::bad_request,
                    "has private addresses only, which forbid_private refuses");
    }
  }
  name.fresh_until = timers_.now() + std::clamp(answer.ttl, kLeastTime, kMostTime);
  set_addresses(name, addresses);
  for (Waiter* const waiter : std::exchange(name.waiting, {})) waiter->names_known();
}

void HttpNames::failed(Name& name, RequestError error, std::string_view why) {
  name.fresh_until = timers_.now() + kDoubtTime;
  if (!name.entry.empty()) return;  // the addresses it had are better than none
  // The next request asks anew; a waiter may bring it from within, so the name goes first.
  const std::vector<Waiter*> waiting = std::exchange(name.waiting, {});
  names_.erase(names_.find(name.key));
  for (Waiter* const waiter : waiting) waiter->names_unknown(error, why);
}

void HttpNames::set_addresses(Name& name, const std::vector<IpAddress>& addresses) {
  std::string entry = name.alias + ":";
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    entry += (i == 0 ? "" : ",") + spelled(addresses[i]);
  }
  if (entry == name.entry) return;
  name.entry = std::move(entry);
  name.addresses = addresses;
  ++version_;
}

void HttpNames::teach(CURL* transfer, Lesson& lesson) {
  if (taught_ == version_) return;
  curl_slist_free_all(std::exchange(lesson.entries_, nullptr));
  lesson.version_ = version_;
  for (const auto& [key, name] : names_) {
    if (!name->entry.empty()) {
      lesson.entries_ = curl_slist_append(lesson.entries_, name->entry.c_str());
    }
  }
  curl_easy_setopt(transfer, CURLOPT_RESOLVE, lesson.entries_);
}

void HttpNames::doubt(const HttpOrigin& origin, std::string_view alias) noexcept {
  const auto found = names_.find(key_of(origin, alias));
  if (found == names_.end() || found->second->fresh_until == TimePoint::max()) return;
  Name& name = *found->second;
  name.fresh_until = std::min(name.fresh_until, std::max(timers_.now(), name.asked + kDoubtTime));
}

}  // namespace logbraid
