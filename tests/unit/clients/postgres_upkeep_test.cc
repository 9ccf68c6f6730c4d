// What becomes of a connection that is not used, on a clock that the test moves.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/manual_clock.h"
#include "tests/unit/clients/postgres_setup.h"

namespace logbraid::test::postgres_setup {
namespace {

using namespace std::chrono_literals;
using Row = Request::Row;

struct PostgresUpkeepTest : ::testing::Test {
  ManualClock clock;
};

TEST_F(PostgresUpkeepTest, a_connection_that_nobody_uses_is_closed_and_opened_by_the_next_query) {
  const ScriptedServer server({good});
  ClientDriver driver(client_of(server.port(), {.idle_timeout = 10s}), 60s, &clock);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(driver.ask({"k"}).rows.at(0).what, Row::found);
    driver.pass(9s);
  }
  EXPECT_EQ(server.connections(), 1u) << "it was in use";
  driver.pass(1s);
  server.wait_for_ended(1);
  EXPECT_GT(driver.until_next_timer(), 24h) << "nothing is left to do";
  EXPECT_EQ(driver.ask({"k"}).rows.at(0).what, Row::found);
  EXPECT_EQ(server.connections(), 2u);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 2u);
  EXPECT_EQ(driver.recorder().connections_failed.get(), 0u);
}

TEST_F(PostgresUpkeepTest, one_that_waits_for_an_answer_is_not_idle) {
  ScriptedServer server({[](Peer& peer) {
    welcome(peer);
    read_query(peer);
    peer.wait_for_go();
    peer.write(kPrepared + kBound + data_row("x") + kDone);
    peer.hang();
  }});
  ClientDriver driver(client_of(server.port(), {.idle_timeout = 10s}), 600s, &clock);
  auto sent = driver.send({"k"});
  server.wait_for_received("select a from t");
  for (int i = 0; i < 5; ++i) driver.pass(10s);
  server.let_go();
  EXPECT_EQ(sent.ended.get().rows.at(0).what, Row::found);
  driver.pass(20s);
  server.wait_for_ended(1);
}

}  // namespace
}  // namespace logbraid::test::postgres_setup
