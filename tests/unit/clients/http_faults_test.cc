// What a service, or what stands in its place, can do to a request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clients/http_client.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/http_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Row = Request::Row;
using Script = ScriptedServer::Script;
using Peer = ScriptedServer::Peer;

constexpr std::string_view kGood = R"({"plan":1})";

void answer_well(Peer& peer) {
  for (;;) {
    peer.read_until("\r\n\r\n");
    peer.write(http_reply("200 OK", kGood));
  }
}

// What a request comes to when its connection does as the script says; and then the service is as
// it should be.
struct Met {
  RequestError error;
  std::string why;
};
Met meet(Script fault) {
  const ScriptedServer server({[&fault](Peer& peer) {
                                 peer.read_until("\r\n\r\n");
                                 fault(peer);
                               },
                               answer_well});
  HttpDriver driver(http_options(server.port()));
  const auto ended = driver.ask({"/"});
  EXPECT_THAT(ended.why, StartsWith("127.0.0.1:" + std::to_string(server.port()) + ": "));
  EXPECT_EQ(ended.rows.at(0).what, Row::unset);
  const auto next = driver.ask({"/"});
  EXPECT_EQ(next.error, RequestError::none) << next.why;
  EXPECT_THAT(next.rows.at(0).answer, StartsWith(R"({"0":1)"));
  return {ended.error, ended.why};
}

TEST(HttpFaultsTest, a_connection_that_hangs_ends_when_the_request_does) {
  const HangingPort port;
  HttpDriver driver(http_options(port.number()));
  auto sent = driver.send({"/"});
  driver.cancel(*sent.request);
  ASSERT_EQ(sent.ended.wait_for(0s), std::future_status::ready) << "from within";
  const auto ended = sent.ended.get();
  EXPECT_EQ(ended.error, RequestError::timeout);
  EXPECT_THAT(ended.why, HasSubstr("no connection in time"));
  EXPECT_EQ(driver.recorder().connections_failed.get(), 1u);
}

TEST(HttpFaultsTest, a_connection_has_a_limit_of_its_own_where_one_is_set) {
  const HangingPort port;
  HttpOptions options = http_options(port.number());
  options.connect_timeout = 20ms;
  HttpDriver driver(std::move(options));
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::timeout);
}

TEST(HttpFaultsTest, a_service_that_hangs_in_tls_ends_when_the_request_does) {
  const ScriptedServer server({[](Peer& peer) { peer.hang(); }});
  HttpDriver driver(http_options("https://127.0.0.1:" + std::to_string(server.port())));
  auto sent = driver.send({"/"});
  server.wait_for_received("\x16\x03");  // the client's hello
  driver.cancel(*sent.request);
  const auto ended = sent.ended.get();
  EXPECT_EQ(ended.error, RequestError::timeout);
  EXPECT_THAT(ended.why, HasSubstr("no connection in time"));
  server.wait_for_ended(1);
}

TEST(HttpFaultsTest, a_service_that_hangs_has_as_long_again_for_its_answer) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  for (const std::string& before :
       {std::string(), std::string("HTTP/1.1 200 OK\r\nConte"), head, head + "{\"pl"}) {
    ScriptedServer server({[&before](Peer& peer) {
                             peer.read_until("\r\n\r\n");
                             peer.write(before);
                             peer.hang();
                           },
                           answer_well});
    HttpDriver driver(http_options(server.port()), 20ms);
    auto sent = driver.send({"/"});
    server.wait_for_received("\r\n\r\n");
    driver.cancel(*sent.request);
    const auto ended = sent.ended.get();
    EXPECT_EQ(ended.error, RequestError::timeout) << before;
    EXPECT_THAT(ended.why, HasSubstr("no answer in time"));
    server.wait_for_ended(1);  // that connection is no good any more
    EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  }
}

TEST(HttpFaultsTest, an_answer_that_comes_after_its_time_is_taken) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.wait_for_go();
    peer.write(http_reply("200 OK", kGood));
    answer_well(peer);
  }});
  HttpDriver driver(http_options(server.port()), 60s);
  auto sent = driver.send({"/"});
  server.wait_for_received("\r\n\r\n");
  driver.cancel(*sent.request);
  server.let_go();
  EXPECT_THAT(sent.ended.get().rows.at(0).answer, StartsWith(R"({"0":1)"));
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpFaultsTest, a_reply_may_come_byte_by_byte) {
  const std::string reply = http_reply("200 OK", kGood);
  ScriptedServer server({[&reply](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.drip(reply);
    peer.hang();
  }});
  HttpDriver driver(http_options(server.port()));
  auto sent = driver.send({"/"});
  for (std::size_t i = 0; i < reply.size(); ++i) server.let_go();
  EXPECT_THAT(sent.ended.get().rows.at(0).answer, StartsWith(R"({"0":1)"));
}

TEST(HttpFaultsTest, a_reset_is_an_error_of_transport) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  for (const std::string& before : {std::string(), std::string("HTTP/1.1 2"), head}) {
    const Met met = meet([&before](Peer& peer) {
      peer.write(before);
      peer.reset();
    });
    EXPECT_EQ(met.error, RequestError::transport) << before << met.why;
  }
}

TEST(HttpFaultsTest, a_connection_that_ends_without_an_answer_is_an_error_of_transport) {
  EXPECT_EQ(meet([](Peer&) {}).error, RequestError::transport);
  EXPECT_EQ(meet([](Peer& peer) {
              peer.half_close();
              peer.hang();
            }).error,
            RequestError::transport);
}

TEST(HttpFaultsTest, a_service_that_closes_its_half_behind_a_whole_answer_has_answered) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.read_until("\r\n\r\n");
                                 peer.write("HTTP/1.0 200 OK\r\n\r\n" + std::string(kGood));
                                 peer.half_close();
                                 peer.hang();
                               },
                               answer_well});
  HttpDriver driver(http_options(server.port()));
  EXPECT_THAT(driver.ask({"/"}).rows.at(0).answer, StartsWith(R"({"0":1)"));
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
}

TEST(HttpFaultsTest, an_idle_connection_that_was_closed_costs_no_request) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.read_until("\r\n\r\n");
                                 peer.write(http_reply("200 OK", kGood));
                               },
                               answer_well});
  HttpDriver driver(http_options(server.port()));
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  server.wait_for_ended(1);
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpFaultsTest, a_reply_that_is_cut_short_is_malformed) {
  const char* const rows[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"plan\":",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{\"plan\":",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{\"plan\":1}\r\n",
      "HTTP/1.1 200 OK\r\n\r\n{\"plan\":",  // until the end of the connection
  };
  for (const char* const reply : rows) {
    const Met met = meet([reply](Peer& peer) { peer.write(reply); });
    EXPECT_EQ(met.error, RequestError::malformed) << reply << met.why;
  }
}

TEST(HttpFaultsTest, a_reply_that_is_no_http_or_no_json_is_malformed) {
  const std::string rows[] = {
      "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n",
      std::string(200, '\0'),
      http_reply("200 OK", "<html>Sign in</html>"),
      http_reply("200 OK", ""),
      http_reply("200 OK", R"({"plan":1}{"plan":2})"),
      http_reply("200 OK", "1,\"x\":2"),
      http_reply("200 OK", std::string(100'000, '[')),
      http_reply("200 OK", "\xff\xfe"),
      http_reply("200 OK", "no gzip", "Content-Encoding: gzip\r\n"),
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"plan\":1}",  // shorter than it is
  };
  for (const std::string& reply : rows) {
    const Met met = meet([&reply](Peer& peer) { peer.write(reply); });
    EXPECT_EQ(met.error, RequestError::malformed) << reply.substr(0, 100) << met.why;
  }
}

TEST(HttpFaultsTest, chunks_that_are_none_break_the_connection) {
  const Met met = meet([](Peer& peer) {
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n");
  });
  EXPECT_EQ(met.error, RequestError::transport) << met.why;
}

TEST(HttpFaultsTest, what_follows_a_reply_is_not_taken_for_the_next_one) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.read_until("\r\n\r\n");
                                 peer.write(http_reply("200 OK", kGood) +
                                            http_reply("200 OK", R"({"plan":"forged"})"));
                                 peer.hang();
                               },
                               answer_well});
  HttpDriver driver(http_options(server.port()));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(driver.ask({"/"}).rows.at(0).answer, StartsWith(R"({"0":1)"));
  }
}

TEST(HttpFaultsTest, a_reply_without_end_is_oversize) {
  const std::string much(10'000, 'x');
  const Met endless = meet([&much](Peer& peer) {
    peer.write("HTTP/1.1 200 OK\r\n\r\n");
    peer.write_for_ever(much);
  });
  EXPECT_EQ(endless.error, RequestError::oversize);
  EXPECT_THAT(endless.why, HasSubstr("max_reply"));
  const Met headers = meet([](Peer& peer) {
    peer.write("HTTP/1.1 200 OK\r\n");
    peer.write_for_ever("X-More: and more\r\n");
  });
  EXPECT_EQ(headers.error, RequestError::oversize);
  const Met status_lines =
      meet([](Peer& peer) { peer.write_for_ever("HTTP/1.1 100 Continue\r\n\r\n"); });
  EXPECT_EQ(status_lines.error, RequestError::oversize);
}

TEST(HttpFaultsTest, a_reply_may_be_as_long_as_the_limit) {
  const ScriptedServer server({[](Peer& peer) {
    for (int more = 0; more < 2; ++more) {
      peer.read_until("\r\n\r\n");
      peer.write(http_reply("200 OK", R"({"plan":")" + std::string(89 + more, 'x') + "\"}"));
    }
  }});
  HttpOptions options = http_options(server.port());
  options.max_reply = 100;
  HttpDriver driver(std::move(options));
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::oversize);
}

TEST(HttpFaultsTest, sixty_four_requests_end_once_each_when_their_connections_break) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.wait_for_go();
    if (peer.number() % 2 == 0) peer.reset();
    peer.write(http_reply("200 OK", kGood));
  }});
  HttpDriver driver(http_options(server.port()));
  std::vector<HttpDriver::Sent> sent;
  for (int i = 0; i < 64; ++i) sent.push_back(driver.send({"/"}));
  server.wait_for_connections(64);
  server.let_go(64);
  int answered = 0;
  for (auto& one : sent) {
    const auto ended = one.ended.get();
    answered += ended.error == RequestError::none ? 1 : 0;
    if (ended.error != RequestError::none) {
      EXPECT_EQ(ended.error, RequestError::transport);
    }
  }
  EXPECT_EQ(answered, 32);
}

}  // namespace
}  // namespace logbraid::test
