#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "clients/dns_channel.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid {

struct DnsLookup {
  DnsType type = DnsType::ptr;
  bool all = false;  // an array of all values, not the first one
};

// A key as a question, and the answer as the value of field 0. For PTR a key is an address, for the
// others a name. What is neither was looked up in vain: it is sent nowhere.
//
// Answers are good for as long as the servers say.
//
// Threads: the shard's.
class DnsClient final : public Client, private DnsChannel::Asker {
 public:
  DnsClient(DnsLookup lookup, std::shared_ptr<DnsChannel> channel);
  ~DnsClient() override;

  // Of one key: there is no question for two names.
  void send(Request& request) noexcept override;
  void cancel(Request& request) noexcept override;

 private:
  void dns_answered(Request& request, const DnsAnswer& answer) noexcept override;
  void dns_failed(Request& request, RequestError error, std::string_view why) noexcept override;
  std::string said(std::string_view what) const;

  const DnsLookup lookup_;
  const std::shared_ptr<DnsChannel> channel_;
};

// With the channel of those who ask the same servers on this shard.
std::unique_ptr<Client> make_dns_client(const DnsLookup& lookup, const DnsServers& servers,
                                        const LookupSurroundings& surroundings);

}  // namespace logbraid
