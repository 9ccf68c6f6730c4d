#include "clients/dns_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "core/assert.h"
#include "core/json_text.h"
#include "lookup/key_escape.h"
#include "support/cidr.h"

namespace logbraid {

std::unique_ptr<Client> make_dns_client(const DnsLookup& lookup, const DnsServers& servers,
                                        const LookupSurroundings& surroundings) {
  const std::string identity =
      fmt::format("{} {} {} {}", fmt::join(servers.addresses, ","), servers.port,
                  servers.try_timeout.count(), servers.tries);
  return std::make_unique<DnsClient>(lookup, surroundings.shared.get<DnsChannel>(identity, [&] {
    return std::make_shared<DnsChannel>(servers, surroundings.io, surroundings.timers);
  }));
}

DnsClient::DnsClient(DnsLookup lookup, std::shared_ptr<DnsChannel> channel)
    : lookup_(lookup), channel_(std::move(channel)) {}

DnsClient::~DnsClient() { channel_->forget(static_cast<DnsChannel::Asker&>(*this)); }

void DnsClient::send(Request& request) noexcept {
  LOGBRAID_ASSERT(request.size() == 1, "a question to a name server has one name");
  std::string name(request.key(0));
  if (lookup_.type == DnsType::ptr) {
    const auto address = parse_ip(name);
    if (!address) {
      request.not_found(0);
      return request.finish();
    }
    name = reverse_name(*address);
  } else if (!is_dns_name(name)) {
    request.not_found(0);
    return request.finish();
  }
  channel_->ask(name, lookup_.type, *this, request);
}

void DnsClient::cancel(Request& request) noexcept {
  channel_->forget(request);
  request.finish(RequestError::timeout, said("no answer"));
}

std::string DnsClient::said(std::string_view what) const {
  return fmt::format("dns {}: {}", channel_->name(), what);
}

void DnsClient::dns_answered(Request& request, const DnsAnswer& answer) noexcept {
  switch (answer.kind) {
    case DnsAnswer::Kind::refused:
      return request.finish(RequestError::refused, said(answer.why));
    case DnsAnswer::Kind::malformed:
      return request.finish(RequestError::malformed, said(answer.why));
    case DnsAnswer::Kind::not_found:
      request.not_found(0);
      break;
    case DnsAnswer::Kind::found:
      request.found(0);
      if (lookup_.all) {
        std::string array = "[";
        for (const std::string& value : answer.values) {
          append_json_string(array, value);
          array += ',';
        }
        array.back() = ']';
        request.value(0, Value::array(array));
      } else {
        request.value(0, answer.values.front());
      }
      break;
  }
  if (answer.ttl) request.keep_for(0, *answer.ttl);
  request.finish();
}

void DnsClient::dns_failed(Request& request, RequestError error, std::string_view why) noexcept {
  request.finish(error, said(why));
}

}  // namespace logbraid
