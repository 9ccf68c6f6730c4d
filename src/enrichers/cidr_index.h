#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "support/cidr.h"

namespace logbraid {

// The longest prefix that contains an address, for a fixed set of prefixes.
//
// Nested prefixes are flattened into disjoint ranges when the index is made, so that a look-up is
// one search for the last range that starts at or before the address; its first bits choose the
// part of the ranges to search.
//
// Threads: immutable once made.
// Memory:  8 bytes a range for IPv4, 32 for IPv6; at most two ranges a prefix and one; and 4 bytes
//          for each of at most 65,536 parts.
class CidrIndex {
 public:
  // prefixes[i] gives i. Of equal prefixes the last one counts.
  explicit CidrIndex(std::span<const Cidr> prefixes);

  std::optional<std::uint32_t> find(const IpAddress& address) const;

 private:
  template <class Number>
  class Ranges {
   public:
    struct Prefix {
      Number first;
      Number last;
      std::uint32_t row;
    };
    static Prefix range_of(const Cidr& prefix, std::uint32_t row);
    void build(std::vector<Prefix> prefixes);
    std::uint32_t find(Number address) const;

   private:
    void add(Number start, std::uint32_t row);

    std::vector<Number> starts_;  // sorted; the first is 0
    std::vector<std::uint32_t> rows_;
    std::vector<std::uint32_t> parts_;  // the range that holds the first address of each part
    int shift_ = 0;                     // from an address to its part
  };

  Ranges<std::uint32_t> v4_;
  Ranges<unsigned __int128> v6_;
};

}  // namespace logbraid
