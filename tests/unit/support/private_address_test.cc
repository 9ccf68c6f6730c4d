#include "support/private_address.h"

#include <gtest/gtest.h>

namespace logbraid {
namespace {

TEST(PrivateAddressTest, knows_what_is_not_the_internet) {
  const char* const rows[] = {"0.0.0.0",
                              "10.1.2.3",
                              "100.64.0.1",
                              "100.100.100.200",
                              "127.0.0.1",
                              "127.255.255.255",
                              "168.63.129.16",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.192",
                              "192.168.0.1",
                              "198.19.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:10.0.0.1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "fd00:ec2::254",
                              "fc00::1",
                              "ff02::1",
                              "64:ff9b::a00:1",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2002:a00:1::1",
                              "2001:0:4136:e378::1"};
  for (const char* const text : rows) {
    EXPECT_TRUE(is_private_address(*parse_ip(text))) << text;
  }
}

TEST(PrivateAddressTest, lets_the_internet_be) {
  const char* const rows[] = {"1.1.1.1",          "9.255.255.255",   "11.0.0.0",
                              "100.63.255.255",   "100.128.0.0",     "126.0.0.1",
                              "168.63.129.17",    "169.253.0.1",     "172.15.255.255",
                              "172.32.0.0",       "192.0.1.1",       "192.169.0.1",
                              "198.20.0.0",       "223.255.255.255", "2606:4700::1111",
                              "64:ff9b::101:101", "2002:101:101::1", "2001:4860:4860::8888"};
  for (const char* const text : rows) {
    EXPECT_FALSE(is_private_address(*parse_ip(text))) << text;
  }
}

}  // namespace
}  // namespace logbraid
