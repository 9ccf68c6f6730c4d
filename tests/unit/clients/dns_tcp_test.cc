// Answers that do not fit into a packet: asked for again over TCP, of servers that do there what
// none should.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/dns_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/name_server.h"
#include "tests/support/scripted_server.h"

namespace logbraid {
namespace {

using test::BoundPort;
using test::ClientDriver;
using test::DnsPacket;
using test::HangingPort;
using test::NameServer;
using test::ScriptedServer;
using ::testing::HasSubstr;
using Peer = ScriptedServer::Peer;
using Row = Request::Row;
using namespace std::chrono_literals;

// Over UDP it only says that the answer does not fit.
std::vector<std::string> too_long_for_udp(const std::string& query) {
  return {DnsPacket(query, 0x8380).bytes()};
}

// Over TCP a packet has its length before it.
std::string read_question(Peer& peer) {
  const std::string size = peer.read_exactly(2);
  return peer.read_exactly(static_cast<unsigned char>(size[1]));
}
std::string framed(const std::string& packet, std::size_t size) {
  return std::string{static_cast<char>(size >> 8), static_cast<char>(size)} + packet;
}
std::string framed(const std::string& packet) { return framed(packet, packet.size()); }
std::string answer_to(const std::string& query) {
  return DnsPacket(query)
      .answer("www.example", 1, 60, std::string_view("\xc0\0\x02\x01", 4))
      .bytes();
}
void answer(Peer& peer) {
  peer.write(framed(answer_to(read_question(peer))));
  peer.hang();
}

std::unique_ptr<ClientDriver> driver_of(std::uint16_t port, Duration try_timeout = 30s) {
  DnsServers servers;
  servers.addresses = {"127.0.0.1:" + std::to_string(port)};
  servers.try_timeout = try_timeout;
  return std::make_unique<ClientDriver>([=](const LookupSurroundings& surroundings) {
    return make_dns_client({.type = DnsType::a}, servers, surroundings);
  });
}

void expect_found(const ClientDriver::Ended& ended) {
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows.at(0).answer, R"({"0":"192.0.2.1"})");
}

void expect_failed(const ClientDriver::Ended& ended, RequestError error, std::string_view why) {
  EXPECT_EQ(ended.error, error) << to_string(ended.error) << ": " << ended.why;
  EXPECT_THAT(ended.why, HasSubstr("dns 127.0.0.1:"));
  EXPECT_THAT(ended.why, HasSubstr(std::string(why)));
  EXPECT_EQ(ended.rows.at(0).what, Row::unset);
}

TEST(DnsTcpTest, a_truncated_answer_is_asked_for_again_over_tcp) {
  BoundPort port;
  const NameServer udp(too_long_for_udp, port.number());
  const ScriptedServer tcp({answer}, std::move(port));
  expect_found(driver_of(tcp.port())->ask({"www.example"}));
}

// What a server does over TCP, at each try.
struct Fault {
  const char* name;
  ScriptedServer::Script script;
  RequestError error;
  const char* says;
  Duration try_timeout = 30s;
};

class DnsTcpFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(DnsTcpFaults, ends_the_request_once_and_the_next_one_works) {
  std::atomic<bool> is_well{false};
  BoundPort port;
  const NameServer udp(too_long_for_udp, port.number());
  const ScriptedServer tcp({[&](Peer& peer) {
                             if (is_well) return answer(peer);
                             GetParam().script(peer);
                           }},
                           std::move(port));
  const auto driver = driver_of(tcp.port(), GetParam().try_timeout);
  expect_failed(driver->ask({"www.example"}), GetParam().error, GetParam().says);
  tcp.wait_for_ended(tcp.connections());  // nothing of it is left
  is_well = true;
  expect_found(driver->ask({"www.example"}));
}

const Fault kFaults[] = {
    {"closes_at_once", [](Peer&) {}, RequestError::transport, "no server is there"},
    {"resets",
     [](Peer& peer) {
       read_question(peer);
       peer.reset();
     },
     RequestError::transport, "no server is there"},
    {"half_closes",
     [](Peer& peer) {
       read_question(peer);
       peer.half_close();
       peer.hang();
     },
     RequestError::transport, "no server is there"},
    {"truncates_an_answer",
     [](Peer& peer) {
       const std::string packet = answer_to(read_question(peer));
       peer.write(framed(packet.substr(0, packet.size() - 4), packet.size()));
     },
     RequestError::transport, "no server is there"},
    {"truncates_a_length",
     [](Peer& peer) {
       read_question(peer);
       peer.write(std::string_view("\0", 1));
     },
     RequestError::transport, "no server is there"},
    {"gives_too_small_a_length",
     [](Peer& peer) {
       const std::string packet = answer_to(read_question(peer));
       peer.write(framed(packet, packet.size() - 4));
       peer.hang();
     },
     RequestError::malformed, "ends early"},
    {"gives_too_large_a_length",
     [](Peer& peer) {
       const std::string packet = answer_to(read_question(peer));
       peer.write(framed(packet, 65535));
       peer.hang();
     },
     RequestError::timeout, "no answer", 20ms},
    {"hangs",
     [](Peer& peer) {
       read_question(peer);
       peer.hang();
     },
     RequestError::timeout, "no answer", 20ms},
    {"does_not_end",
     [](Peer& peer) {
       read_question(peer);
       peer.write_for_ever(framed(std::string(60'000, 'x')));
     },
     RequestError::timeout, "no answer", 20ms},
    {"says_again_that_it_does_not_fit",
     [](Peer& peer) {
       peer.write(framed(DnsPacket(read_question(peer), 0x8380).bytes()));
       peer.hang();
     },
     RequestError::malformed, "the answer is cut off, over TCP too"},
    {"gives_a_part_and_says_so",
     [](Peer& peer) {
       std::string packet = answer_to(read_question(peer));
       packet[2] = static_cast<char>(packet[2] | 2);
       peer.write(framed(packet));
       peer.hang();
     },
     RequestError::malformed, "the answer is cut off, over TCP too"},
    {"fails",
     [](Peer& peer) {
       peer.write(framed(DnsPacket(read_question(peer), 0x8182).bytes()));
       peer.hang();
     },
     RequestError::refused, "SERVFAIL"},
};

INSTANTIATE_TEST_SUITE_P(each, DnsTcpFaults, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(DnsTcpTest, a_port_that_refuses_tcp_is_an_error_at_once) {
  BoundPort port;
  const NameServer udp(too_long_for_udp, port.number());
  const auto driver = driver_of(port.number());
  expect_failed(driver->ask({"www.example"}), RequestError::transport, "no server is there");
  const ScriptedServer tcp({answer}, std::move(port));
  expect_found(driver->ask({"www.example"}));
}

TEST(DnsTcpTest, a_port_that_takes_no_tcp_connection_is_a_timeout) {
  HangingPort port;
  const NameServer udp(too_long_for_udp, port.number());
  const auto driver = driver_of(port.number(), 20ms);
  expect_failed(driver->ask({"www.example"}), RequestError::timeout, "no answer");
}

TEST(DnsTcpTest, a_connection_that_breaks_is_tried_again) {
  BoundPort port;
  const NameServer udp(too_long_for_udp, port.number());
  const ScriptedServer tcp({[](Peer& peer) {
                              read_question(peer);
                              peer.reset();
                            },
                            answer},
                           std::move(port));
  expect_found(driver_of(tcp.port())->ask({"www.example"}));
}

TEST(DnsTcpTest, an_answer_that_drips_in_time_is_an_answer) {
  BoundPort port;
  const NameServer udp(too_long_for_udp, port.number());
  ScriptedServer tcp({[](Peer& peer) {
                       peer.drip(framed(answer_to(read_question(peer))));
                       peer.hang();
                     }},
                     std::move(port));
  tcp.let_go(1000);
  expect_found(driver_of(tcp.port())->ask({"www.example"}));
}

TEST(DnsTcpTest, a_request_that_is_called_off_ends_and_its_answer_is_nobodys) {
  BoundPort port;
  const NameServer udp(too_long_for_udp, port.number());
  ScriptedServer tcp({[](Peer& peer) {
                        const std::string query = read_question(peer);
                        peer.wait_for_go();
                        peer.write(framed(answer_to(query)));
                        answer(peer);
                      },
                      answer},
                     std::move(port));
  const auto driver = driver_of(tcp.port());
  auto sent = driver->send({"www.example"});
  tcp.wait_for_connections(1);
  driver->cancel(*sent.request);
  EXPECT_EQ(sent.ended.get().error, RequestError::timeout);
  tcp.let_go();
  expect_found(driver->ask({"www.example"}));
}

}  // namespace
}  // namespace logbraid
