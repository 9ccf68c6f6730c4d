// The client against servers that do what no real one does on demand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/redis_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/redis_setup.h"

namespace logbraid {
namespace {

using test::BoundPort;
using test::ClientDriver;
using test::driver_of;
using test::HangingPort;
using test::ScriptedServer;
using test::setup_of;
using ::testing::HasSubstr;
using Peer = ScriptedServer::Peer;
using Row = Request::Row;
using namespace std::chrono_literals;

constexpr std::string_view kMget = "*2\r\n$4\r\nMGET\r\n$1\r\na\r\n";
constexpr std::string_view kOne = "*1\r\n$1\r\n1\r\n";

std::string url_of(std::uint16_t port) { return "redis://127.0.0.1:" + std::to_string(port); }

// Answers each MGET of the key `a`, for ever.
void serve(Peer& peer) {
  for (;;) {
    peer.read_until(kMget);
    peer.write(kOne);
  }
}

// Asks until the pause that follows a failure is over.
ClientDriver::Ended ask_until_served(ClientDriver& driver) {
  const auto patience = std::chrono::steady_clock::now() + 30s;
  for (;;) {
    auto ended = driver.ask({"a"});
    if (ended.error == RequestError::none || std::chrono::steady_clock::now() > patience) {
      return ended;
    }
  }
}

void expect_failed(const ClientDriver::Ended& ended, RequestError error, std::uint16_t port,
                   std::string_view why) {
  EXPECT_EQ(ended.error, error) << to_string(ended.error) << ": " << ended.why;
  EXPECT_THAT(ended.why, HasSubstr("redis 127.0.0.1:" + std::to_string(port) + ": "));
  EXPECT_THAT(ended.why, HasSubstr(std::string(why)));
  for (const auto& row : ended.rows) EXPECT_EQ(row.what, Row::unset);
}

void expect_served(const ClientDriver::Ended& ended) {
  ASSERT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows[0].answer, R"({"0":"1"})");
}

// Two that share a connection.
struct TwoClients final : Client {
  void send(Request& request) noexcept override { of(request).send(request); }
  void cancel(Request& request) noexcept override { of(request).cancel(request); }
  Client& of(const Request& request) { return request.key(0) == "h" ? *of_h : *of_others; }

  std::unique_ptr<Client> of_h;
  std::unique_ptr<Client> of_others;
};

// What a first connection does with the first request, and how that ends; the next is served.
void expect_fault(const ScriptedServer::Script& fault, RequestError error, std::string_view why) {
  const ScriptedServer server({fault, serve});
  const auto driver = driver_of(setup_of(url_of(server.port())));
  expect_failed(driver->ask({"a"}), error, server.port(), why);
  expect_served(ask_until_served(*driver));
  EXPECT_EQ(driver->recorder().connections_failed.get(), 1u);
  EXPECT_EQ(server.connections(), 2u);
}

// The same for bytes that are sent in answer to the first request.
void expect_fault_of(std::string_view reply, RequestError error, std::string_view why) {
  SCOPED_TRACE(reply);
  expect_fault(
      [reply](Peer& peer) {
        peer.read_until(kMget);
        peer.write(reply);
        peer.hang();
      },
      error, why);
}

TEST(RedisFaultsTest, a_port_that_refuses_fails_at_once_and_is_noticed_when_it_is_back) {
  BoundPort port;
  const std::uint16_t number = port.number();
  const auto driver = driver_of(setup_of(url_of(number)));
  for (int i = 0; i < 20; ++i) {
    expect_failed(driver->ask({"a"}), RequestError::transport, number, "Connection refused");
  }
  // Most of them found it refused already.
  EXPECT_LT(driver->recorder().connections_failed.get(), 20u);
  const ScriptedServer server({serve}, std::move(port));
  expect_served(ask_until_served(*driver));
}

TEST(RedisFaultsTest, a_port_that_takes_no_connection_is_given_up) {
  const HangingPort port;
  auto setup = setup_of(url_of(port.number()));
  setup.connection.connect_timeout = 20ms;
  expect_failed(driver_of(setup)->ask({"a"}), RequestError::timeout, port.number(),
                "no connection in time");
}

TEST(RedisFaultsTest, a_request_that_waits_for_a_connection_can_be_called_off) {
  const HangingPort port;
  const auto driver = driver_of(setup_of(url_of(port.number())));
  auto sent = driver->send({"a"});
  driver->cancel(*sent.request);
  expect_failed(sent.ended.get(), RequestError::timeout, port.number(), "no connection was free");
}

TEST(RedisFaultsTest, a_server_that_hangs_in_tls_is_given_up) {
  const ScriptedServer server({[](Peer& peer) { peer.hang(); }});
  auto setup = setup_of("rediss://127.0.0.1:" + std::to_string(server.port()));
  setup.connection.tls = redis_tls_context({}).value();
  setup.connection.connect_timeout = 50ms;
  expect_failed(driver_of(setup)->ask({"a"}), RequestError::timeout, server.port(),
                "no connection in time");
  server.wait_for_ended(1);
}

TEST(RedisFaultsTest, a_server_that_speaks_no_tls_is_refused) {
  const ScriptedServer server({[](Peer& peer) { peer.write("-ERR plain text only\r\n"); }});
  auto setup = setup_of("rediss://127.0.0.1:" + std::to_string(server.port()));
  setup.connection.tls = redis_tls_context({}).value();
  expect_failed(driver_of(setup)->ask({"a"}), RequestError::transport, server.port(), "TLS: ");
}

TEST(RedisFaultsTest, a_server_that_does_not_answer_the_greeting_is_given_up) {
  const ScriptedServer server({[](Peer& peer) { peer.hang(); }});
  auto setup = setup_of("redis://:secret@127.0.0.1:" + std::to_string(server.port()));
  setup.connection.connect_timeout = 50ms;
  expect_failed(driver_of(setup)->ask({"a"}), RequestError::timeout, server.port(),
                "no connection in time");
  EXPECT_EQ(server.wait_for_received("secret"), "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
}

TEST(RedisFaultsTest, an_array_is_no_answer_to_the_greeting) {
  for (const std::string_view answer : {"*0\r\n", "*-1\r\n*0\r\n", "*1\r\n$2\r\nOK\r\n"}) {
    SCOPED_TRACE(answer);
    const ScriptedServer server({[&](Peer& peer) {
      peer.read_until("secret\r\n");
      peer.write(answer);
      peer.hang();
    }});
    const auto driver =
        driver_of(setup_of("redis://:secret@127.0.0.1:" + std::to_string(server.port())));
    EXPECT_EQ(driver->ask({"a"}).error, RequestError::malformed);
  }
}

// Error replies are answers: the connection stays.
TEST(RedisFaultsTest, errors_of_the_server_say_what_kind_they_are) {
  struct Case {
    std::string_view reply;
    RequestError error;
    std::string_view why;
  };
  const Case cases[] = {
      {"-LOADING Redis is loading the dataset in memory\r\n", RequestError::overloaded, "LOADING"},
      {"-BUSY Redis is busy running a script\r\n", RequestError::overloaded, "BUSY"},
      {"-OOM command not allowed\r\n", RequestError::overloaded, "OOM"},
      {"-NOAUTH Authentication required.\r\n", RequestError::refused, "NOAUTH"},
      {"-ERR no such command\r\n", RequestError::refused, "ERR no such command"},
      {"-MOVED 3999 127.0.0.1:6381\r\n", RequestError::refused, "cluster mode is not supported"},
      {"-ASK 3999 127.0.0.1:6381\r\n", RequestError::refused, "cluster mode is not supported"},
      {"-\x1b[31m\xff\r\n", RequestError::refused, "\x1b[31m\xef\xbf\xbd"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.reply);
    const ScriptedServer server({[&](Peer& peer) {
      peer.read_until(kMget);
      peer.write(one.reply);
      serve(peer);
    }});
    const auto driver = driver_of(setup_of(url_of(server.port())));
    const auto ended = driver->ask({"a"});
    EXPECT_EQ(ended.error, one.error) << ended.why;
    EXPECT_THAT(ended.why, HasSubstr("redis 127.0.0.1:"));
    EXPECT_THAT(ended.why, HasSubstr(std::string(one.why)));
    expect_served(driver->ask({"a"}));
    EXPECT_EQ(server.connections(), 1u);
  }
}

TEST(RedisFaultsTest, loading_in_the_midst_of_a_pipeline_is_of_the_whole_request) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_until("$1\r\nc\r\n");
    peer.write("*2\r\n$1\r\nf\r\n$1\r\n1\r\n-LOADING Redis is loading\r\n*0\r\n");
    peer.hang();
  }});
  auto setup = setup_of(url_of(server.port()));
  setup.lookup.command = RedisCommand::hgetall;
  const auto ended = driver_of(setup)->ask({"a", "b", "c"});
  EXPECT_EQ(ended.error, RequestError::overloaded);
  ASSERT_EQ(ended.rows.size(), 3u);
  EXPECT_EQ(ended.rows[0].answer, R"({"0":{"f":"1"}})");
  EXPECT_EQ(ended.rows[1].what, Row::error);
  EXPECT_EQ(ended.rows[2].what, Row::not_found);
}

TEST(RedisFaultsTest, a_reset_ends_what_is_under_way) {
  expect_fault(
      [](Peer& peer) {
        peer.read_until(kMget);
        peer.reset();
      },
      RequestError::transport, "Connection reset by peer");
}

TEST(RedisFaultsTest, a_half_closed_connection_ends_what_is_under_way) {
  expect_fault(
      [](Peer& peer) {
        peer.read_until(kMget);
        peer.half_close();
        peer.hang();
      },
      RequestError::transport, "the connection was closed");
}

TEST(RedisFaultsTest, a_truncated_reply_is_none) {
  expect_fault(
      [](Peer& peer) {
        peer.read_until(kMget);
        peer.write(kOne.substr(0, kOne.size() - 2));
      },
      RequestError::transport, "the connection was closed");
}

TEST(RedisFaultsTest, a_reply_of_one_byte_at_a_time_is_read) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until(kMget);
    peer.drip(kOne);
    peer.hang();
  }});
  const auto driver = driver_of(setup_of(url_of(server.port())));
  auto sent = driver->send({"a"});
  for (std::size_t i = 0; i < kOne.size(); ++i) {
    EXPECT_EQ(sent.ended.wait_for(0s), std::future_status::timeout);
    server.let_go();
  }
  expect_served(sent.ended.get());
}

TEST(RedisFaultsTest, bytes_that_are_no_reply_close_the_connection) {
  expect_fault_of("HTTP/1.1 400 Bad Request\r\n", RequestError::malformed, "no reply (RESP2)");
  expect_fault_of("*1\r\n*1\r\n$1\r\na\r\n", RequestError::malformed, "an array within an array");
  expect_fault_of("*1\r\n:1\r\n", RequestError::malformed, "another kind");
  expect_fault_of("+OK\r\n", RequestError::malformed, "another kind");
  expect_fault_of("$1\r\na\r\n", RequestError::malformed, "another kind");
  expect_fault_of("*-1\r\n", RequestError::malformed, "another kind");
  expect_fault_of("*0\r\n", RequestError::malformed, "another length");
}

TEST(RedisFaultsTest, forged_counts_close_the_connection) {
  expect_fault_of("*2147483647\r\n", RequestError::malformed, "more items than were asked for");
  expect_fault_of("*2\r\n", RequestError::malformed, "more items than were asked for");
  expect_fault_of("*1\r\n$2147483647\r\n", RequestError::oversize, "over max_reply");
  // Over what would be read past, to get at the replies behind it.
  expect_fault_of("*1\r\n$67108865\r\n", RequestError::oversize, "over max_reply");
  expect_fault_of("*1\r\n$-7\r\n", RequestError::malformed, "below 0");
  expect_fault_of("*1\r\n$1\r\nabc", RequestError::malformed, "longer than its length");
}

TEST(RedisFaultsTest, an_endless_reply_is_cut_off) {
  const auto ask = [](RedisCommand command, std::string_view head, std::string_view more) {
    const ScriptedServer server({[=](Peer& peer) {
      peer.read_until("$1\r\na\r\n");
      peer.write(head);
      peer.write_for_ever(more);
    }});
    auto setup = setup_of(url_of(server.port()));
    setup.lookup.command = command;
    setup.lookup.max_reply = 10'000;
    const auto ended = driver_of(setup)->ask({"a"});
    server.wait_for_ended(1);
    return ended;
  };
  EXPECT_EQ(ask(RedisCommand::get, "-", "xxxxxxxx").error, RequestError::malformed);
  EXPECT_EQ(ask(RedisCommand::get, "*1\r\n$700000\r\n", "xxxxxxxx").error, RequestError::oversize);
  EXPECT_EQ(ask(RedisCommand::hgetall, "*100000\r\n", "$9\r\n123456789\r\n").error,
            RequestError::oversize);
  EXPECT_EQ(ask(RedisCommand::get, kOne, "+more\r\n").error, RequestError::none);
}

TEST(RedisFaultsTest, a_value_that_is_too_large_costs_its_own_key_alone) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until("$1\r\nc\r\n");
    peer.write("*3\r\n$1\r\n1\r\n$500000\r\n");
    for (int i = 0; i < 5; ++i) {
      peer.wait_for_go();
      peer.write(std::string(100'000, 'x'));
    }
    peer.write("\r\n$1\r\n3\r\n");
    serve(peer);
  }});
  auto setup = setup_of(url_of(server.port()));
  setup.lookup.max_reply = 10'000;
  const auto driver = driver_of(setup);
  auto large = driver->send({"a", "b", "c"});
  auto behind = driver->send({"a"});
  server.let_go(5);
  const auto ended = large.ended.get();
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows[0].answer, R"({"0":"1"})");
  EXPECT_EQ(ended.rows[1].what, Row::error);
  EXPECT_THAT(ended.rows[1].answer, HasSubstr("the value is over max_reply"));
  EXPECT_EQ(ended.rows[2].answer, R"({"0":"3"})");
  expect_served(behind.ended.get());
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(driver->recorder().connections_failed.get(), 0u);
}

TEST(RedisFaultsTest, what_nobody_asked_for_closes_the_connection) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.read_until(kMget);
                                 peer.write(std::string(kOne) + "+more\r\n");
                                 peer.hang();
                               },
                               serve});
  const auto driver = driver_of(setup_of(url_of(server.port())));
  expect_served(driver->ask({"a"}));
  server.wait_for_ended(1);
  expect_served(ask_until_served(*driver));
}

TEST(RedisFaultsTest, a_server_that_hangs_is_given_up_with_all_that_it_was_asked) {
  const ScriptedServer server({[](Peer& peer) { peer.hang(); }, serve});
  const auto driver = driver_of(setup_of(url_of(server.port())), 50ms);
  auto first = driver->send({"a"});
  auto second = driver->send({"a"});
  server.wait_for_received(std::string(kMget) + std::string(kMget));
  EXPECT_EQ(first.ended.wait_for(0s), std::future_status::timeout);
  driver->cancel(*first.request);
  expect_failed(first.ended.get(), RequestError::timeout, server.port(), "no answer");
  expect_failed(second.ended.get(), RequestError::transport, server.port(), "no answer");
  server.wait_for_ended(1);
  expect_served(ask_until_served(*driver));
}

TEST(RedisFaultsTest, a_server_that_does_not_read_is_given_up) {
  const ScriptedServer server({[](Peer& peer) { peer.hang_deaf(); }, serve});
  const auto driver = driver_of(setup_of(url_of(server.port())), 50ms);
  std::vector<ClientDriver::Sent> sent;
  for (int i = 0; i < 16; ++i) sent.push_back(driver->send({std::string(4'000'000, 'k')}));
  driver->cancel(*sent.front().request);
  for (auto& each : sent) EXPECT_NE(each.ended.get().error, RequestError::none);
  expect_served(ask_until_served(*driver));
}

TEST(RedisFaultsTest, an_answer_after_the_request_was_called_off_is_still_an_answer) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until(kMget);
    peer.wait_for_go();
    peer.write(kOne);
    serve(peer);
  }});
  const auto driver = driver_of(setup_of(url_of(server.port())));
  auto sent = driver->send({"a"});
  driver->cancel(*sent.request);
  server.let_go();
  expect_served(sent.ended.get());
  expect_served(driver->ask({"a"}));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(RedisFaultsTest, the_answer_to_a_client_that_has_gone_is_not_taken_for_anothers) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until("$1\r\nh\r\n");
    peer.wait_for_go();
    peer.write("*2\r\n$1\r\nf\r\n$1\r\n9\r\n");
    serve(peer);
  }});
  const auto get = setup_of(url_of(server.port()));
  auto hash = get;
  hash.lookup.command = RedisCommand::hgetall;
  TwoClients* two = nullptr;
  ClientDriver driver([&](const LookupSurroundings& surroundings) {
    auto made = std::make_unique<TwoClients>();
    made->of_h = make_redis_client(hash, surroundings);
    made->of_others = make_redis_client(get, surroundings);
    two = made.get();
    return made;
  });
  auto forgotten = driver.send({"h"});
  auto sent = driver.send({"a"});
  driver.on_loop([&] { two->of_h.reset(); });
  server.let_go();
  expect_served(sent.ended.get());
  EXPECT_EQ(forgotten.ended.wait_for(0s), std::future_status::timeout);
}

}  // namespace
}  // namespace logbraid
