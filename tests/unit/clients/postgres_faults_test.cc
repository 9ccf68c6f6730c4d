// A PostgreSQL that does what none should: scripts that speak its protocol, and then do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/postgres_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/postgres_wire.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/postgres_setup.h"

namespace logbraid {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::BoundPort;
using test::ClientDriver;
using test::HangingPort;
using test::ScriptedServer;
using test::postgres_setup::client_of;
using test::postgres_setup::good;
using ::testing::HasSubstr;
using namespace test::postgres_wire;
using Peer = ScriptedServer::Peer;
using Row = Request::Row;

// What the first connection does to a query; the second one is good.
struct Fault {
  const char* name;
  ScriptedServer::Script script;
  RequestError error;
  const char* says;
};

class PostgresFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(PostgresFaults, ends_the_request_once_and_the_next_one_works) {
  ScriptedServer server({GetParam().script, good});
  ClientDriver driver(client_of(server.port()));
  const auto ended = driver.ask({"k"});
  EXPECT_EQ(ended.error, GetParam().error) << ended.why;
  EXPECT_THAT(ended.why, HasSubstr(GetParam().says));
  EXPECT_THAT(ended.why, HasSubstr("127.0.0.1:" + std::to_string(server.port()) + "/db: "));
  EXPECT_THAT(ended.rows.at(0).what, testing::AnyOf(Row::unset, Row::error));
  const auto next = driver.ask_until_it_answers({"k"});
  EXPECT_EQ(next.error, RequestError::none) << next.why;
  EXPECT_EQ(next.rows.at(0).answer, R"({"0":{"a":"x"}})");
}

ScriptedServer::Script answers(const std::string& bytes) {
  return [bytes](Peer& peer) {
    welcome(peer);
    read_query(peer);
    peer.write(bytes);
  };
}

const Fault kFaults[] = {
    {"closes_before_the_welcome", [](Peer& peer) { read_start(peer); }, RequestError::transport,
     "closed the connection"},
    {"resets_before_the_welcome",
     [](Peer& peer) {
       read_start(peer);
       peer.reset();
     },
     RequestError::transport, "closed the connection"},
    {"half_closes_before_the_welcome",
     [](Peer& peer) {
       read_start(peer);
       peer.half_close();
       peer.hang();
     },
     RequestError::transport, "closed the connection"},
    {"speaks_another_protocol",
     [](Peer& peer) {
       peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
       peer.hang();
     },
     RequestError::malformed, "expected authentication request"},
    {"is_starting_up",
     [](Peer& peer) {
       read_start(peer);
       peer.write(error("FATAL", "57P03", "the database system is starting up"));
     },
     RequestError::overloaded, "starting up"},
    {"wants_a_password_in_an_unknown_way",
     [](Peer& peer) {
       read_start(peer);
       peer.write(message('R', int32(99)));
       peer.hang();
     },
     RequestError::transport, "authentication method 99"},
    {"may_be_written_to",
     [](Peer& peer) {
       read_start(peer);
       peer.write(message('R', int32(0)) +
                  message('S', std::string("default_transaction_read_only") + '\0' + "off" + '\0') +
                  kReady);
       peer.hang();
     },
     RequestError::refused, "read-only"},
    {"closes_after_the_query", answers(""), RequestError::transport, "closed the connection"},
    {"resets_after_the_query",
     [](Peer& peer) {
       welcome(peer);
       read_query(peer);
       peer.reset();
     },
     RequestError::transport, "closed the connection"},
    {"half_closes_after_the_query",
     [](Peer& peer) {
       welcome(peer);
       read_query(peer);
       peer.half_close();
       peer.hang();
     },
     RequestError::transport, "closed the connection"},
    {"truncates_a_row", answers(kPrepared + kBound + data_row("xxxxxxxx").substr(0, 9)),
     RequestError::transport, "closed the connection"},
    {"ends_before_it_is_ready", answers(kPrepared + kBound + data_row("x")),
     RequestError::transport, "closed the connection"},
    {"sends_garbage", answers("\xff\xff\xff\xff\xff\xff\xff\xff"), RequestError::malformed,
     "lost synchronization"},
    {"sends_a_row_with_a_forged_size",
     answers(kPrepared + kBound + message('D', int16(1) + int32(1000) + "x") + kDone),
     RequestError::malformed, "insufficient data"},
    {"sends_a_row_with_more_columns",
     answers(kPrepared + kBound + message('D', int16(2) + int32(1) + "x" + int32(1) + "y") + kDone),
     RequestError::malformed, "unexpected field count"},
    {"claims_an_end_of_1_GiB", answers(kPrepared + kBound + std::string("C\x3f\xff\xff\xff", 5)),
     RequestError::malformed, "lost synchronization"},
    {"forgets_the_columns",
     answers(message('1', "") + message('t', int16(1) + int32(25)) + message('n', "") + kBound +
             data_row("x") + kDone),
     RequestError::refused, "no columns"},
    {"shuts_down_meanwhile", answers(kPrepared + error("FATAL", "57P01", "terminating connection")),
     RequestError::transport, "terminating connection"},
    {"has_no_memory", answers(kPrepared + error("ERROR", "53200", "out of memory") + kReady),
     RequestError::overloaded, "out of memory"},
};

INSTANTIATE_TEST_SUITE_P(each, PostgresFaults, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(postgres_faults, a_port_that_refuses_fails_fast_and_is_asked_ever_less) {
  const BoundPort port;
  ClientDriver driver(client_of(port.number()));
  for (int i = 0; i < 200; ++i) {
    const auto ended = driver.ask({"k"});
    EXPECT_EQ(ended.error, RequestError::transport);
    EXPECT_THAT(ended.why, HasSubstr("Connection refused"));
  }
  EXPECT_GE(driver.recorder().connections_failed.get(), 1u);
  EXPECT_LT(driver.recorder().connections_failed.get(), 50u);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 0u);
}

TEST(postgres_faults, a_probe_of_the_breakers_asks_a_server_that_refused) {
  test::ManualClock clock;
  BoundPort port;
  ClientDriver driver(client_of(port.number()), seconds(30), &clock);
  EXPECT_EQ(driver.ask({"k"}).error, RequestError::transport);
  const ScriptedServer server({good}, std::move(port));
  EXPECT_EQ(driver.ask({"k"}).error, RequestError::transport);
  EXPECT_EQ(driver.probe({"k"}).error, RequestError::none);
}

TEST(postgres_faults, a_service_that_is_back_is_noticed) {
  BoundPort port;
  ClientDriver driver(client_of(port.number()));
  EXPECT_EQ(driver.ask({"k"}).error, RequestError::transport);
  const ScriptedServer server({good}, std::move(port));
  EXPECT_EQ(driver.ask_until_it_answers({"k"}).error, RequestError::none);
}

TEST(postgres_faults, connecting_that_hangs_holds_nobody_beyond_his_time) {
  const HangingPort port;
  ClientDriver driver(client_of(port.number(), {.open_within = milliseconds(50)}));
  auto first = driver.send({"k"});
  driver.cancel(*first.request);
  EXPECT_EQ(first.ended.get().error, RequestError::timeout);
  const auto second = driver.ask({"k"});  // until the attempt is given up
  EXPECT_EQ(second.error, RequestError::timeout);
  EXPECT_THAT(second.why, HasSubstr("no connection within the limit of time"));
}

TEST(postgres_faults, a_handshake_that_hangs_is_given_up) {
  const std::pair<const char*, ScriptedServer::Script> rows[] = {
      {"?sslmode=disable", [](Peer& peer) { peer.hang(); }},
      {"?sslmode=require",
       [](Peer& peer) {
         peer.read_exactly(8);
         peer.write("S");  // and no TLS
         peer.hang();
       }},
      {"?sslmode=disable",
       [](Peer& peer) {
         read_start(peer);
         peer.write(message('R', int32(0)).substr(0, 6));
         peer.hang();
       }},
  };
  for (const auto& [more, script] : rows) {
    ScriptedServer server({script});
    ClientDriver driver(client_of(server.port(), {.open_within = milliseconds(50), .more = more}));
    EXPECT_EQ(driver.ask({"k"}).error, RequestError::timeout);
    server.wait_for_ended(1);  // it saw the end of the connection
  }
}

TEST(postgres_faults, a_server_without_tls_is_not_spoken_to_in_the_clear) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_exactly(8);
    peer.write("N");
    peer.hang();
  }});
  ClientDriver driver(client_of(server.port(), {.more = "?sslmode=require"}));
  const auto refused = driver.ask({"k"});
  EXPECT_EQ(refused.error, RequestError::transport);
  EXPECT_THAT(refused.why, HasSubstr("does not support SSL"));
  EXPECT_EQ(server.received().size(), 8u);
}

TEST(postgres_faults, an_answer_that_does_not_come_costs_its_connection) {
  ScriptedServer server({[](Peer& peer) {
                           welcome(peer);
                           peer.hang();
                         },
                         good});
  ClientDriver driver(client_of(server.port(), {.timeout = milliseconds(50)}), milliseconds(50));
  auto first = driver.send({"k"});
  auto behind = driver.send({"k"});
  server.wait_for_received("select a from t");
  driver.cancel(*first.request);
  EXPECT_EQ(first.ended.get().error, RequestError::timeout);
  EXPECT_EQ(behind.ended.get().error, RequestError::transport);
  server.wait_for_ended(1);
  EXPECT_EQ(driver.ask({"k"}).rows.at(0).what, Row::found);
}

TEST(postgres_faults, an_answer_that_drips_in_time_is_an_answer) {
  ScriptedServer server({[](Peer& peer) {
    welcome(peer);
    read_query(peer);
    peer.drip(kPrepared + kBound + data_row("x") + kDone);
    peer.hang();
  }});
  ClientDriver driver(client_of(server.port()));
  auto sent = driver.send({"k"});
  server.let_go(1000);
  EXPECT_EQ(sent.ended.get().rows.at(0).what, Row::found);
}

TEST(postgres_faults, rows_without_end_are_not_gathered) {
  ScriptedServer server({[](Peer& peer) {
                           welcome(peer);
                           read_query(peer);
                           peer.write(kPrepared + kBound);
                           peer.write_for_ever(data_row("x"));
                         },
                         good});
  ClientDriver driver(client_of(server.port()), milliseconds(50));
  const auto endless = driver.ask({"k"});
  EXPECT_EQ(endless.error, RequestError::oversize);
  EXPECT_THAT(endless.why, HasSubstr("max_reply"));
  EXPECT_EQ(endless.rows.at(0).what, Row::error) << "its first row came";
  server.wait_for_ended(1);  // the connection was closed
  EXPECT_EQ(driver.ask({"k"}).rows.at(0).what, Row::found);
}

// To the second query it does not know the statement any more; the answer to the third waits until
// it is let go, and is none where `dies`.
ScriptedServer::Script forgets(bool dies) {
  return [dies](Peer& peer) {
    const std::string forgotten =
        error("ERROR", "26000", "prepared statement does not exist") + kReady;
    welcome(peer);
    read_query(peer);
    peer.write(kPrepared + kBound + data_row("x") + kDone);
    read_query(peer);
    read_query(peer);
    peer.write(forgotten);
    peer.wait_for_go();
    if (dies) return;
    peer.write(kBound + data_row("x") + kDone);
    for (;;) {
      read_query(peer);
      peer.write(forgotten);
    }
  };
}

TEST(postgres_faults, a_connection_that_has_forgotten_is_not_kept_by_those_it_still_serves) {
  for (const bool dies : {false, true}) {
    ScriptedServer server({forgets(dies), good});
    ClientDriver driver(client_of(server.port()));
    EXPECT_EQ(driver.ask({"k"}).rows.at(0).what, Row::found);
    auto second = driver.send({"k"});
    auto third = driver.send({"k"});
    EXPECT_EQ(second.ended.get().error, RequestError::refused);
    auto waits = driver.send({"k"});
    auto gives_up = driver.send({"k"});
    driver.cancel(*gives_up.request);
    EXPECT_EQ(gives_up.ended.get().error, RequestError::timeout);
    server.let_go();
    EXPECT_EQ(third.ended.get().error, dies ? RequestError::transport : RequestError::none);
    const auto ended = waits.ended.get();
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows.at(0).what, Row::found);
    EXPECT_EQ(driver.recorder().connections_opened.get(), 2u);
  }
}

// Sends another when it has ended, from within, as the request path does while keys wait.
class Chained final : public RequestOwner {
 public:
  Chained(Client*& client, const std::vector<std::string>& keys, Chained* next)
      : client_(client), keys_(keys), next_(next) {
    request_.begin();
    for (const std::string& key : keys_) request_.add(key);
  }
  void send() { client_->send(request_); }
  // Once it has ended, which is in 30 s or never.
  RequestError error() {
    if (ended_.wait_for(seconds(30)) == std::future_status::ready) return request_.error();
    ADD_FAILURE() << "it did not end";
    return RequestError::none;
  }
  const Request& request() const { return request_; }

  void request_ended(Request&) noexcept override {
    if (next_ != nullptr) next_->send();
    end_.set_value();  // terminates where it ends twice
  }

 private:
  Client*& client_;
  const std::vector<std::string> keys_;
  Chained* const next_;
  Request request_{*this};
  std::promise<void> end_;
  std::future<void> ended_ = end_.get_future();
};

TEST(postgres_faults, rows_over_the_limit_cost_no_request_that_is_sent_when_others_end) {
  const struct {
    std::vector<std::string> first;
    std::vector<std::string> behind;
  } rows[] = {{{"k"}, {"k"}}, {{"k"}, {"k", "l"}}, {{"k", "l"}, {"k"}}};
  for (const auto& row : rows) {
    ScriptedServer server({[&](Peer& peer) {
                             welcome(peer);
                             for (std::size_t i = 0; i < row.first.size() + row.behind.size();
                                  ++i) {
                               read_query(peer);
                             }
                             peer.write(kPrepared + kBound + data_row(std::string(5000, 'x')));
                             peer.hang();
                           },
                           good});
    Client* client = nullptr;
    ClientDriver driver([&](const LookupSurroundings& around) {
      auto made = client_of(server.port())(around);
      client = made.get();
      return made;
    });
    Chained last(client, {"k"}, nullptr);
    Chained next(client, {"k"}, nullptr);
    Chained first(client, row.first, &last);
    Chained behind(client, row.behind, &next);
    driver.on_loop([&] {
      first.send();
      behind.send();
    });
    EXPECT_EQ(next.error(), RequestError::none) << next.request().why();
    EXPECT_EQ(next.request().row(0), Row::found);
    EXPECT_EQ(last.error(), RequestError::none) << last.request().why();
    EXPECT_EQ(last.request().row(0), Row::found);
    EXPECT_EQ(behind.error(), RequestError::transport);
    EXPECT_EQ(first.error(), RequestError::oversize);
    driver.destroy_client();
  }
}

TEST(postgres_faults, an_idle_connection_that_is_closed_costs_no_request) {
  ScriptedServer server({[](Peer& peer) {
                           welcome(peer);
                           read_query(peer);
                           peer.write(kPrepared + kBound + data_row("x") + kDone);
                           peer.wait_for_go();
                           peer.write(error("FATAL", "57P01", "terminating connection"));
                         },
                         good});
  ClientDriver driver(client_of(server.port()));
  EXPECT_EQ(driver.ask({"k"}).rows.at(0).what, Row::found);
  server.let_go();
  server.wait_for_ended(1);
  // The loop has seen it when it has turned once more; a request that is quicker is a lost one.
  for (std::size_t i = 0; driver.recorder().connections_opened.get() < 2; ++i) {
    ASSERT_LT(i, 1'000'000u);
    const auto ended = driver.ask({"k"});
    EXPECT_THAT(ended.error, testing::AnyOf(RequestError::none, RequestError::transport));
  }
}

}  // namespace
}  // namespace logbraid
