#include "support/cidr.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace logbraid {
namespace {

TEST(CidrTest, addresses_are_read_as_inet_pton_reads_them) {
  const char* const texts[] = {
      "0.0.0.0",
      "255.255.255.255",
      "10.1.2.3",
      "256.1.1.1",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "1.2.3.4 ",
      " 1.2.3.4",
      "1..2.3",
      "1.2.3.",
      "",
      "1.2.3.1000",
      "-1.2.3.4",
      "::",
      "::1",
      "1::",
      "2001:db8::1",
      "2001:DB8::1",
      "1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      ":1",
      "1:",
      ":::",
      "1:2:3:4:5:6:7::",
      "::2:3:4:5:6:7:8",
      "1:2:3:4::5:6:7:8",
      "12345::",
      "g::",
      "::1.2.3.4",
      "1:2:3:4:5:6:1.2.3.4",
      "1:2:3:4:5:6:7:1.2.3.4",
      "::1.2.3",
      "::1.2.3.4:5",
      "1.2.3.4::",
      "fe80::1%eth0",
      "[::1]",
      "::ffff",
      "0:0:0:0:0:0:0:0",
      ":",
      "1:2:3:4:5::1.2.3.4",
      "::01.2.3.4",
      "::1.2.3.256",
  };
  for (const std::string text : texts) {
    unsigned char v4[4];
    unsigned char v6[16];
    const auto address = parse_ip(text);
    if (inet_pton(AF_INET, text.c_str(), v4) == 1) {
      ASSERT_TRUE(address && address->is_v4) << text;
      EXPECT_EQ(std::memcmp(address->bytes.data(), v4, 4), 0) << text;
    } else if (inet_pton(AF_INET6, text.c_str(), v6) == 1) {
      ASSERT_TRUE(address && !address->is_v4) << text;
      EXPECT_EQ(std::memcmp(address->bytes.data(), v6, 16), 0) << text;
    } else {
      EXPECT_FALSE(address) << text;
    }
  }
}

TEST(CidrTest, random_texts_are_read_as_inet_pton_reads_them) {
  std::mt19937 random(7);
  const std::string_view alphabet = "0123456789abcdf::::....";
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (auto left = random() % 16; left > 0; --left) text += alphabet[random() % alphabet.size()];
    unsigned char v6[16];
    unsigned char v4[4];
    const bool valid =
        inet_pton(AF_INET, text.c_str(), v4) == 1 || inet_pton(AF_INET6, text.c_str(), v6) == 1;
    ASSERT_EQ(parse_ip(text).has_value(), valid) << text;
  }
}

TEST(CidrTest, a_mapped_address_is_the_ipv4_address) {
  EXPECT_EQ(parse_ip("::ffff:10.0.0.1"), parse_ip("10.0.0.1"));
  EXPECT_EQ(parse_ip("::FFFF:a00:1"), parse_ip("10.0.0.1"));
  EXPECT_EQ(parse_cidr("::ffff:10.0.0.0/104"), parse_cidr("10.0.0.0/8"));
  EXPECT_FALSE(parse_cidr("::ffff:0:0/90")->address.is_v4);
}

TEST(CidrTest, text_with_a_nul_inside_is_no_address) {
  EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
}

TEST(CidrTest, prefixes_contain_what_shares_their_bits) {
  const struct {
    const char* prefix;
    const char* address;
    bool expected;
  } rows[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3/8", "10.9.9.9", true},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.200", true},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::1", "::1", true},
      {"::/0", "2001:db8::1", true},
      {"::/0", "10.0.0.1", false},
      {"0.0.0.0/0", "::1", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(contains(*parse_cidr(row.prefix), *parse_ip(row.address)), row.expected)
        << row.prefix << " " << row.address;
  }
}

TEST(CidrTest, what_is_no_prefix_is_refused) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ", "/8", "::/129",
                           "10.0.0.0/0008", "10.0.0.0/8/8", "ten/8", ""}) {
    EXPECT_FALSE(parse_cidr(text)) << text;
  }
}

}  // namespace
}  // namespace logbraid
