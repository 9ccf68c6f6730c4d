#include "clients/dns_answer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/name_server.h"

namespace logbraid {
namespace {

using test::DnsPacket;
using Kind = DnsAnswer::Kind;
using namespace std::chrono_literals;

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kCname = 5;
constexpr std::string_view kAddress("\xc0\x00\x02\x01", 4);

DnsAnswer read(const std::string& packet, DnsType type = DnsType::a) {
  return DnsAnswer::read({reinterpret_cast<const std::uint8_t*>(packet.data()), packet.size()},
                         type);
}

std::string question(std::string_view name = "www.example", std::uint16_t type = kA) {
  return DnsPacket::question(name, type);
}

using Texts = std::vector<std::string>;

TEST(DnsAnswerTest, reads_each_type) {
  const auto a = read(DnsPacket(question()).answer("www.example", kA, 60, kAddress).bytes());
  EXPECT_EQ(a.kind, Kind::found);
  EXPECT_EQ(a.values, Texts{"192.0.2.1"});
  EXPECT_EQ(a.ttl, 60s);
  const std::string v6 = "\x20\x01\x0d\xb8" + std::string(11, '\0') + '\x01';
  EXPECT_EQ(read(DnsPacket(question("www.example", 28)).answer("www.example", 28, 5, v6).bytes(),
                 DnsType::aaaa)
                .values,
            Texts{"2001:db8::1"});
  EXPECT_EQ(read(DnsPacket(question("x.arpa", 12))
                     .answer("x.arpa", 12, 5, DnsPacket::name("Host-1.Example"))
                     .bytes(),
                 DnsType::ptr)
                .values,
            Texts{"host-1.example"});
  EXPECT_EQ(read(DnsPacket(question("t.example", 16))
                     .answer("t.example", 16, 5,
                             std::string("\x03"
                                         "one"
                                         "\x04"
                                         " two",
                                         9))
                     .answer("t.example", 16, 5, std::string("\0", 1))
                     .bytes(),
                 DnsType::txt)
                .values,
            (Texts{"one two", ""}));
}

TEST(DnsAnswerTest, text_stays_text) {
  const std::string name = std::string(
                               "\x06"
                               "a.b\x1b\n\0",
                               7) +
                           DnsPacket::name("Example");
  EXPECT_EQ(
      read(DnsPacket(question("x.arpa", 12)).answer("x.arpa", 12, 5, name).bytes(), DnsType::ptr)
          .values,
      Texts{"a\\046b\\027\\010\\000.example"});
  EXPECT_EQ(read(DnsPacket(question("t.example", 16))
                     .answer("t.example", 16, 5,
                             std::string("\x04"
                                         "\xff\x1b${",
                                         5))
                     .bytes(),
                 DnsType::txt)
                .values,
            Texts{"\xef\xbf\xbd\x1b${"});
}

TEST(DnsAnswerTest, follows_aliases_and_takes_the_least_ttl) {
  const auto answer = read(DnsPacket(question())
                               .answer("web.example", kA, 300, kAddress)
                               .answer("other.example", kA, 1, kAddress)
                               .answer("WWW.example", kCname, 20, DnsPacket::name("web.Example"))
                               .bytes());
  EXPECT_EQ(answer.kind, Kind::found);
  EXPECT_EQ(answer.values, Texts{"192.0.2.1"});
  EXPECT_EQ(answer.ttl, 20s);
}

TEST(DnsAnswerTest, records_of_other_names_do_not_count) {
  const auto answer = read(DnsPacket(question()).answer("bank.example", kA, 60, kAddress).bytes());
  EXPECT_EQ(answer.kind, Kind::not_found);
}

TEST(DnsAnswerTest, a_ring_of_aliases_is_malformed) {
  const auto answer = read(DnsPacket(question())
                               .answer("www.example", kCname, 20, DnsPacket::name("web.example"))
                               .answer("web.example", kCname, 20, DnsPacket::name("www.example"))
                               .bytes());
  EXPECT_EQ(answer.kind, Kind::malformed);
  EXPECT_EQ(answer.why, "names lead to names without end (CNAME)");
}

TEST(DnsAnswerTest, what_is_not_there_is_known_for_as_long_as_its_zone_says) {
  for (const std::uint16_t flags :
       std::initializer_list<std::uint16_t>{0x8183, 0x8180}) {  // no such name, no such record
    EXPECT_EQ(read(DnsPacket(question(), flags).bytes()).kind, Kind::not_found);
    EXPECT_EQ(read(DnsPacket(question(), flags).bytes()).ttl, std::nullopt);
    EXPECT_EQ(read(DnsPacket(question(), flags).zone("example", 900, 70).bytes()).ttl, 70s);
    EXPECT_EQ(read(DnsPacket(question(), flags).zone("example", 50, 70).bytes()).ttl, 50s);
  }
  const auto alias = read(DnsPacket(question())
                              .answer("www.example", kCname, 20, DnsPacket::name("no.example"))
                              .zone("example", 900, 70)
                              .bytes());
  EXPECT_EQ(alias.kind, Kind::not_found);
  EXPECT_EQ(alias.ttl, 20s);
}

TEST(DnsAnswerTest, no_ttl_is_longer_than_a_day) {
  const auto ttl_of = [](std::uint32_t ttl) {
    return read(DnsPacket(question()).answer("www.example", kA, ttl, kAddress).bytes()).ttl;
  };
  EXPECT_EQ(ttl_of(86'401), 24h);
  EXPECT_EQ(ttl_of(0x7fffffff), 24h);
  EXPECT_EQ(ttl_of(0x80000000), 0s);
  EXPECT_EQ(ttl_of(0), 0s);
}

TEST(DnsAnswerTest, errors_of_the_server_are_refusals) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1, 2, 4, 5, 9}) {
    const auto answer =
        read(DnsPacket(question(), static_cast<std::uint16_t>(0x8180 | code)).bytes());
    EXPECT_EQ(answer.kind, Kind::refused) << code;
    EXPECT_FALSE(answer.why.empty());
  }
}

TEST(DnsAnswerTest, a_packet_cut_anywhere_is_malformed) {
  const std::string whole = DnsPacket(question())
                                .answer("www.example", kCname, 20, DnsPacket::name("web.example"))
                                .answer("web.example", kA, 20, kAddress)
                                .bytes();
  ASSERT_EQ(read(whole).kind, Kind::found);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read(whole.substr(0, size)).kind, Kind::malformed) << size;
  }
}

TEST(DnsAnswerTest, names_that_point_at_themselves_or_ahead_are_malformed) {
  const std::string packet = DnsPacket(question()).bytes();
  const auto with_owner = [&](std::string_view owner) {
    std::string bytes = packet;
    bytes[7] = 1;  // one answer
    return bytes + std::string(owner) + std::string("\0\x01\0\x01\0\0\0\x01\0\x04", 10) +
           std::string(kAddress);
  };
  const auto at = [&](std::size_t place) {
    return std::string{static_cast<char>(0xc0), static_cast<char>(place)};
  };
  EXPECT_EQ(read(with_owner(at(12))).kind, Kind::found);
  EXPECT_EQ(read(with_owner(at(packet.size()))).kind, Kind::malformed);
  EXPECT_EQ(read(with_owner(at(packet.size() + 2))).kind, Kind::malformed);
  EXPECT_EQ(read(with_owner("\x01"
                            "a" +
                            at(packet.size())))
                .kind,
            Kind::malformed);
  EXPECT_EQ(read(with_owner("\x80")).kind, Kind::malformed);
}

TEST(DnsAnswerTest, records_of_a_wrong_size_are_malformed) {
  EXPECT_EQ(read(DnsPacket(question()).answer("www.example", kA, 1, "abc").bytes()).kind,
            Kind::malformed);
  EXPECT_EQ(read(DnsPacket(question("t.example", 16))
                     .answer("t.example", 16, 1,
                             "\x05"
                             "ab")
                     .bytes(),
                 DnsType::txt)
                .kind,
            Kind::malformed);
}

TEST(DnsAnswerTest, reverse_names) {
  EXPECT_EQ(reverse_name(*parse_ip("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*parse_ip("2001:db8::567:89ab")),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace logbraid
