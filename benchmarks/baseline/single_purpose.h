#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "enrichers/cidr_index.h"
#include "format/json_reader.h"

namespace logbraid::bench {

// One row of the table that both sides look addresses up in.
struct Network {
  std::string prefix;
  std::string site;
  std::string zone;
};

// What somebody would write who needs these five enrichers, now, and nothing else ever: one loop,
// no plan, no patches, the fields picked by hand and the text put together as it goes. It checks
// its input like the reader (it is the reader), and gives the same bytes as the configuration in
// five_cheap_bench.cc:
//
//   static    version, region           table   net.site, net.zone by the longest prefix of
//   client_ip classify  class by status and path  url     path, extension, query parameters of
//   `path` hash      user_hash, xxh3 of `user`
class SinglePurpose {
 public:
  explicit SinglePurpose(const std::vector<Network>& networks);

  // Appends the enriched lines of the batch's text.
  void process(Batch& batch, std::string& out);

 private:
  JsonReader reader_;
  CidrIndex index_;
  std::vector<std::string> network_texts_;  // ,"net":{...}
};

}  // namespace logbraid::bench
