#pragma once

#include <memory>
#include <string>
#include <vector>

#include "benchmarks/baseline/single_purpose.h"
#include "logbraid/plan.h"

namespace logbraid::bench {

// 1,000 prefixes of 16 to 24 bits, some within others.
std::vector<Network> make_networks();
// As the file of a table: network, site, zone.
void write_networks(const std::vector<Network>& networks, const std::string& file);
// JSON lines of 380 bytes on average with what the five enrichers look at.
std::string make_lines(std::size_t count);
// static, table by CIDR, classify, url, hash xxh3: all independent, all inline.
std::shared_ptr<const ExecutionPlan> five_cheap_plan(const std::vector<Network>& networks);

}  // namespace logbraid::bench
