#include "clients/dns_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/client_driver.h"
#include "tests/support/dnsmasq.h"
#include "tests/support/name_server.h"
#include "tests/support/scripted_server.h"

namespace logbraid {
namespace {

using test::BoundPort;
using test::ClientDriver;
using test::Dnsmasq;
using test::DnsPacket;
using test::NameServer;
using ::testing::HasSubstr;
using Replies = std::vector<std::string>;
using Row = Request::Row;
using namespace std::chrono_literals;

constexpr std::string_view kAddress("\xc0\x00\x02\x01", 4);

DnsServers server_at(std::uint16_t port, Duration try_timeout = 30s) {
  DnsServers servers;
  servers.addresses = {"127.0.0.1:" + std::to_string(port)};
  servers.try_timeout = try_timeout;
  return servers;
}

std::unique_ptr<ClientDriver> driver_of(const DnsLookup& lookup, const DnsServers& servers) {
  return std::make_unique<ClientDriver>([=](const LookupSurroundings& surroundings) {
    return make_dns_client(lookup, servers, surroundings);
  });
}

ClientDriver::Ended ask(const DnsLookup& lookup, const DnsServers& servers,
                        const std::string& key) {
  return driver_of(lookup, servers)->ask({key});
}

Replies found(const std::string& query) {
  return {DnsPacket(query).answer("www.example", 1, 60, kAddress).bytes()};
}

void expect_found(const ClientDriver::Ended& ended) {
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows[0].answer, R"({"0":"192.0.2.1"})");
  EXPECT_EQ(ended.rows[0].ttl, 60s);
}

TEST(DnsClientTest, asks_a_real_server_for_each_type) {
  LOGBRAID_NEEDS_DNSMASQ();
  const Dnsmasq server({"--host-record=www.example,192.0.2.1,2001:db8::1,60",
                        "--ptr-record=9.2.0.192.in-addr.arpa,nine.example",
                        "--txt-record=t.example,owner=ann,more",
                        "--cname=alias.example,www.example", "--local-ttl=30"});
  const DnsServers at = server_at(server.port());
  struct Case {
    DnsLookup lookup;
    const char* key;
    const char* answer;
  };
  const Case cases[] = {
      {{.type = DnsType::ptr}, "192.0.2.1", R"({"0":"www.example"})"},
      {{.type = DnsType::ptr}, "192.0.2.9", R"({"0":"nine.example"})"},
      {{.type = DnsType::ptr}, "2001:db8::1", R"({"0":"www.example"})"},
      {{.type = DnsType::ptr}, "::ffff:192.0.2.1", R"({"0":"www.example"})"},
      {{.type = DnsType::a}, "www.example", R"({"0":"192.0.2.1"})"},
      {{.type = DnsType::a}, "alias.example", R"({"0":"192.0.2.1"})"},
      {{.type = DnsType::aaaa}, "www.example.", R"({"0":"2001:db8::1"})"},
      {{.type = DnsType::txt}, "t.example", R"({"0":"owner=annmore"})"},
      {{.type = DnsType::a, .all = true}, "www.example", R"({"0":["192.0.2.1"]})"},
  };
  for (const Case& one : cases) {
    const auto ended = ask(one.lookup, at, one.key);
    EXPECT_EQ(ended.error, RequestError::none) << one.key << ended.why;
    EXPECT_EQ(ended.rows[0].answer, one.answer) << one.key;
    EXPECT_TRUE(ended.rows[0].ttl.has_value()) << one.key;
  }
  for (const auto& [type, key] :
       {std::pair(DnsType::a, "no.example"), std::pair(DnsType::txt, "www.example")}) {
    const auto ended = ask({.type = type}, at, key);
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows[0].what, Row::not_found) << key;
  }
}

TEST(DnsClientTest, takes_an_answer_over_tcp_that_does_not_fit_into_a_packet) {
  LOGBRAID_NEEDS_DNSMASQ();
  std::vector<std::string> options;
  for (int i = 1; i <= 100; ++i) {
    options.push_back("--host-record=many.example,192.0.2." + std::to_string(i));
  }
  const Dnsmasq server(options);
  const auto ended =
      ask({.type = DnsType::a, .all = true}, server_at(server.port()), "many.example");
  ASSERT_EQ(ended.error, RequestError::none) << ended.why;
  for (int i = 1; i <= 100; ++i) {
    EXPECT_THAT(ended.rows[0].answer, HasSubstr("\"192.0.2." + std::to_string(i) + "\""));
  }
}

TEST(DnsClientTest, what_is_no_name_and_no_address_is_sent_nowhere) {
  std::atomic<int> asked{0};
  const NameServer server([&](const std::string& query) {
    ++asked;
    return found(query);
  });
  const DnsServers at = server_at(server.port());
  for (const char* key : {"1.2.3", "192.0.2.1 ", "fe80::1%eth0", "", "www.example"}) {
    EXPECT_EQ(ask({.type = DnsType::ptr}, at, key).rows[0].what, Row::not_found) << key;
  }
  for (const std::string& key :
       {std::string("www.example\n"), std::string("a b.example"), std::string("a..example"),
        std::string("\0.example", 9), std::string(".."), std::string(64, 'a') + ".example",
        std::string("*.example"), std::string("a.example/../b")}) {
    EXPECT_EQ(ask({.type = DnsType::a}, at, key).rows[0].what, Row::not_found) << key;
  }
  EXPECT_EQ(asked, 0);
  expect_found(ask({.type = DnsType::a}, at, "www.example"));
  EXPECT_EQ(asked, 1);
}

TEST(DnsClientTest, names_that_are_not_there_are_not_found_with_the_time_of_their_zone) {
  for (const std::uint16_t flags : std::initializer_list<std::uint16_t>{0x8183, 0x8180}) {
    const NameServer server([=](const std::string& query) {
      return Replies{DnsPacket(query, flags).zone("example", 900, 70).bytes()};
    });
    const auto ended = ask({.type = DnsType::a}, server_at(server.port()), "www.example");
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows[0].what, Row::not_found);
    EXPECT_EQ(ended.rows[0].ttl, 70s);
  }
}

TEST(DnsClientTest, a_ring_of_aliases_is_malformed) {
  const NameServer server([](const std::string& query) {
    return Replies{DnsPacket(query)
                       .answer("www.example", 5, 20, DnsPacket::name("web.example"))
                       .answer("web.example", 5, 20, DnsPacket::name("www.example"))
                       .bytes()};
  });
  const auto ended = ask({.type = DnsType::a}, server_at(server.port()), "www.example");
  EXPECT_EQ(ended.error, RequestError::malformed);
  EXPECT_THAT(ended.why, HasSubstr("dns 127.0.0.1:" + std::to_string(server.port()) + ": names"));
}

TEST(DnsClientTest, servers_that_fail_or_refuse_are_refusals) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{2, 4, 5}) {
    const NameServer server([=](const std::string& query) {
      return Replies{DnsPacket(query, static_cast<std::uint16_t>(0x8180 | code)).bytes()};
    });
    const auto ended = ask({.type = DnsType::a}, server_at(server.port()), "www.example");
    EXPECT_EQ(ended.error, RequestError::refused) << code << ended.why;
    EXPECT_THAT(ended.why, HasSubstr("dns 127.0.0.1:"));
  }
}

TEST(DnsClientTest, the_next_server_is_asked_when_one_fails) {
  const NameServer bad(
      [](const std::string& query) { return Replies{DnsPacket(query, 0x8182).bytes()}; });
  const NameServer good(found);
  DnsServers servers = server_at(bad.port());
  servers.addresses.push_back("127.0.0.1:" + std::to_string(good.port()));
  expect_found(ask({.type = DnsType::a}, servers, "www.example"));
}

TEST(DnsClientTest, answers_to_other_questions_and_garbage_are_passed_over) {
  const NameServer server([](const std::string& query) {
    std::string wrong_number = found(query)[0];
    wrong_number[0] = static_cast<char>(~wrong_number[0]);
    std::string wrong_name = query;
    wrong_name[13] = 'x';
    return Replies{"",
                   "garbage",
                   std::string(12, '\xff'),
                   wrong_number,
                   DnsPacket(wrong_name).answer("xww.example", 1, 60, "\x7f\0\0\x01").bytes(),
                   found(query)[0]};
  });
  expect_found(ask({.type = DnsType::a}, server_at(server.port()), "www.example"));
}

TEST(DnsClientTest, a_broken_answer_is_malformed) {
  const NameServer server([](const std::string& query) {
    const std::string whole = found(query)[0];
    return Replies{whole.substr(0, whole.size() - 2)};
  });
  const auto ended = ask({.type = DnsType::a}, server_at(server.port()), "www.example");
  EXPECT_EQ(ended.error, RequestError::malformed) << ended.why;
}

TEST(DnsClientTest, a_server_that_is_silent_is_a_timeout) {
  std::atomic<int> asked{0};
  const NameServer server([&](const std::string&) {
    ++asked;
    return Replies{};
  });
  const auto ended = ask({.type = DnsType::a}, server_at(server.port(), 10ms), "www.example");
  EXPECT_EQ(ended.error, RequestError::timeout) << ended.why;
  EXPECT_EQ(asked, 2);
}

TEST(DnsClientTest, a_port_where_nobody_listens_is_an_error_at_once) {
  const std::uint16_t nobody = BoundPort().number();
  const auto ended = ask({.type = DnsType::a}, server_at(nobody), "www.example");
  EXPECT_EQ(ended.error, RequestError::transport) << ended.why;
}

TEST(DnsClientTest, a_request_that_is_called_off_ends_and_harms_no_other) {
  const NameServer server([](const std::string& query) {
    return query.find("slow") == std::string::npos ? found(query) : Replies{};
  });
  const auto driver = driver_of({.type = DnsType::a}, server_at(server.port()));
  auto slow = driver->send({"slow.example"});
  auto other = driver->send({"slow.example"});
  driver->cancel(*slow.request);
  EXPECT_EQ(slow.ended.get().error, RequestError::timeout);
  expect_found(driver->ask({"www.example"}));
  EXPECT_EQ(other.ended.wait_for(0s), std::future_status::timeout);
  driver->destroy_client();
  EXPECT_EQ(other.ended.wait_for(0s), std::future_status::timeout);
}

}  // namespace
}  // namespace logbraid
