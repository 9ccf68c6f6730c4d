// What becomes of a connection beside the requests: asked for a sign of life, closed when nobody
// asks, opened again when it broke. On a clock that the test moves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "clients/redis_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/redis_setup.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Peer = ScriptedServer::Peer;

constexpr std::string_view kMget = "*2\r\n$4\r\nMGET\r\n$1\r\na\r\n";
constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";
constexpr Duration kStill = 30s;  // then it is asked for a sign of life

void answer_one(Peer& peer) {
  peer.read_until(kMget);
  peer.write("*1\r\n$1\r\n1\r\n");
}
void answer_for_ever(Peer& peer) {
  for (;;) answer_one(peer);
}

struct RedisUpkeepTest : ::testing::Test {
  std::unique_ptr<ClientDriver> driver_of(const RedisSetup& setup) {
    return test::driver_of(setup, 60s, &clock);
  }
  // It has failed so many times; the loop turns until then.
  void wait_for_failures(ClientDriver& driver, std::uint64_t count) {
    const auto patience = std::chrono::steady_clock::now() + 30s;
    while (driver.recorder().connections_failed.get() < count &&
           std::chrono::steady_clock::now() < patience) {
      driver.on_loop([] {});
    }
    ASSERT_EQ(driver.recorder().connections_failed.get(), count);
  }
  static RedisSetup setup_at(std::uint16_t port) {
    return setup_of("redis://127.0.0.1:" + std::to_string(port));
  }
  ManualClock clock;
};

TEST_F(RedisUpkeepTest, a_connection_is_there_before_the_first_request) {
  const ScriptedServer server({answer_for_ever});
  const auto driver = driver_of(setup_at(server.port()));
  driver->warm_up();
  server.wait_for_connections(1);
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(RedisUpkeepTest, one_that_is_still_is_asked_for_a_sign_of_life) {
  const ScriptedServer server({[](Peer& peer) {
    answer_one(peer);
    peer.read_until(kPing);
    peer.write("+PONG\r\n");
    answer_for_ever(peer);
  }});
  const auto driver = driver_of(setup_at(server.port()));
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
  driver->pass(kStill);  // it was in use
  EXPECT_THAT(server.received(), Not(HasSubstr(std::string(kPing))));
  driver->pass(kStill);
  server.wait_for_received(kPing);
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(driver->recorder().connections_failed.get(), 0u);
}

TEST_F(RedisUpkeepTest, one_that_gives_no_sign_of_life_is_closed_before_a_request_finds_out) {
  const ScriptedServer server({[](Peer& peer) {
                                 answer_one(peer);
                                 peer.hang();
                               },
                               answer_for_ever});
  auto setup = setup_at(server.port());
  setup.connection.connect_timeout = 1s;
  const auto driver = driver_of(setup);
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
  driver->pass(kStill);
  driver->pass(kStill);
  driver->pass(1s);
  EXPECT_EQ(driver->recorder().connections_failed.get(), 1u);
  server.wait_for_ended(1);
  driver->pass(100ms);
  server.wait_for_connections(2);
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
}

TEST_F(RedisUpkeepTest, one_that_nobody_uses_is_closed_and_opened_by_the_next_request) {
  const ScriptedServer server({answer_for_ever});
  auto setup = setup_at(server.port());
  setup.connection.idle_timeout = 10s;
  const auto driver = driver_of(setup);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
    driver->pass(9s);
  }
  EXPECT_EQ(server.connections(), 1u) << "it was in use";
  driver->pass(10s);
  server.wait_for_ended(1);
  EXPECT_GT(driver->until_next_timer(), std::chrono::hours(24)) << "nothing is left to do";
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 2u);
  EXPECT_EQ(driver->recorder().connections_failed.get(), 0u);
}

TEST_F(RedisUpkeepTest, one_that_waits_for_an_answer_is_not_idle) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until(kMget);
    peer.wait_for_go();
    peer.write("*1\r\n$1\r\n1\r\n");
    answer_for_ever(peer);
  }});
  auto setup = setup_at(server.port());
  setup.connection.idle_timeout = 10s;
  const auto driver = driver_of(setup);
  auto sent = driver->send({"a"});
  server.wait_for_received(kMget);
  for (int i = 0; i < 5; ++i) driver->pass(10s);
  server.let_go();
  EXPECT_EQ(sent.ended.get().error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(RedisUpkeepTest, a_server_that_is_gone_is_asked_ever_less_until_it_is_back) {
  BoundPort port;
  const auto driver = driver_of(setup_at(port.number()));
  std::uint64_t failed = 0;
  driver->warm_up();
  for (const auto longest : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    ASSERT_NO_FATAL_FAILURE(wait_for_failures(*driver, ++failed));
    const Duration pause = driver->until_next_timer();
    EXPECT_GE(pause, longest / 2 - 1ms);
    EXPECT_LE(pause, longest);
    driver->pass(pause);
  }
  ASSERT_NO_FATAL_FAILURE(wait_for_failures(*driver, ++failed));
  const ScriptedServer server({answer_for_ever}, std::move(port));
  driver->pass(driver->until_next_timer());
  server.wait_for_connections(1);
  EXPECT_EQ(driver->ask({"a"}).error, RequestError::none);
}

}  // namespace
}  // namespace logbraid::test
