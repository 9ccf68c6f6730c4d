#include "enrichers/cidr_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace logbraid {
namespace {

std::vector<Cidr> networks(const std::vector<const char*>& texts) {
  std::vector<Cidr> list;
  for (const char* text : texts) {
    const auto network = parse_cidr(text);
    EXPECT_TRUE(network.has_value()) << text;
    list.push_back(network.value_or(Cidr()));
  }
  return list;
}

int find(const CidrIndex& index, const char* address) {
  const auto parsed = parse_ip(address);
  EXPECT_TRUE(parsed.has_value()) << address;
  const auto found = index.find(*parsed);
  return found ? static_cast<int>(*found) : -1;
}

// The definition: of the prefixes that contain the address the longest, of equal ones the last.
int find_slowly(const std::vector<Cidr>& prefixes, const IpAddress& address) {
  int best = -1;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (!contains(prefixes[i], address)) continue;
    if (best < 0 || prefixes[i].length >= prefixes[static_cast<std::size_t>(best)].length) {
      best = static_cast<int>(i);
    }
  }
  return best;
}

TEST(CidrIndexTest, the_longest_prefix_wins) {
  const CidrIndex index(networks({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32",
                                  "192.168.0.0/16", "2001:db8::/32", "2001:db8:1::/48", "::1"}));
  const std::pair<const char*, int> rows[] = {
      {"9.255.255.255", -1},
      {"10.0.0.0", 0},
      {"10.0.255.255", 0},
      {"10.1.0.0", 1},
      {"10.1.2.2", 2},
      {"10.1.2.3", 3},
      {"10.1.2.4", 2},
      {"10.1.3.0", 1},
      {"10.255.255.255", 0},
      {"11.0.0.0", -1},
      {"192.168.255.255", 4},
      {"192.169.0.0", -1},
      {"2001:db8::1", 5},
      {"2001:db8:1::", 6},
      {"2001:db8:2::", 5},
      {"2001:db9::", -1},
      {"::1", 7},
      {"::2", -1},
      {"::ffff:10.1.2.3", 3},
      {"0.0.0.0", -1},
      {"255.255.255.255", -1},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", -1},
  };
  for (const auto& [address, row] : rows) EXPECT_EQ(find(index, address), row) << address;
}

TEST(CidrIndexTest, holds_everything_and_nothing) {
  const CidrIndex nothing({});
  EXPECT_EQ(find(nothing, "0.0.0.0"), -1);
  EXPECT_EQ(find(nothing, "::"), -1);
  const CidrIndex all(networks({"0.0.0.0/0", "::/0", "255.255.255.255", "0.0.0.0",
                                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}));
  EXPECT_EQ(find(all, "0.0.0.0"), 3);
  EXPECT_EQ(find(all, "0.0.0.1"), 0);
  EXPECT_EQ(find(all, "255.255.255.254"), 0);
  EXPECT_EQ(find(all, "255.255.255.255"), 2);
  EXPECT_EQ(find(all, "::"), 1);
  EXPECT_EQ(find(all, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 4);
}

TEST(CidrIndexTest, of_equal_prefixes_the_last_wins) {
  const CidrIndex index(networks({"10.0.0.0/8", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"}));
  EXPECT_EQ(find(index, "10.0.0.1"), 1);
  EXPECT_EQ(find(index, "10.1.0.1"), 3);
  EXPECT_EQ(find(index, "10.2.0.1"), 1);
}

TEST(CidrIndexTest, agrees_with_a_search_through_all_prefixes) {
  std::mt19937_64 random(20261124);
  for (const bool v4 : {true, false}) {
    for (const std::size_t count : {1, 2, 17, 300, 1000}) {
      std::vector<Cidr> prefixes;
      std::vector<IpAddress> probes;
      for (std::size_t i = 0; i < count; ++i) {
        // Few leading bytes, so that prefixes nest and meet.
        IpAddress address;
        address.is_v4 = v4;
        const std::size_t size = v4 ? 4 : 16;
        for (std::size_t b = 0; b < size; ++b) {
          address.bytes[b] = static_cast<std::uint8_t>(b < 2 ? random() % 3 : random());
        }
        const auto length = static_cast<std::uint8_t>(random() % (8 * size + 1));
        const auto cleared = [&] {
          IpAddress kept = address;
          for (std::size_t bit = length; bit < 8 * size; ++bit) {
            kept.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
          }
          return kept;
        }();
        prefixes.push_back({cleared, length});
        // Its first and last address and the neighbours of both.
        IpAddress last = cleared;
        for (std::size_t bit = length; bit < 8 * size; ++bit) {
          last.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80u >> (bit % 8));
        }
        IpAddress before = cleared;
        for (std::size_t b = size; b-- > 0 && before.bytes[b]-- == 0;) {
        }
        IpAddress behind = last;
        for (std::size_t b = size; b-- > 0 && ++behind.bytes[b] == 0;) {
        }
        probes.insert(probes.end(), {address, cleared, last, before, behind});
      }
      const CidrIndex index(prefixes);
      for (const IpAddress& probe : probes) {
        const auto found = index.find(probe);
        ASSERT_EQ(found ? static_cast<int>(*found) : -1, find_slowly(prefixes, probe))
            << count << (v4 ? " IPv4" : " IPv6");
      }
    }
  }
}

}  // namespace
}  // namespace logbraid
