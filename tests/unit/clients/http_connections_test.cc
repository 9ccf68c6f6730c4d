// What becomes of connections beside the requests: made ahead, left alone while the service
// refuses, closed when nobody asks. On a clock that the test moves.

#include "clients/http_connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/http_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Peer = ScriptedServer::Peer;
using Script = ScriptedServer::Script;

void answer_well(Peer& peer) {
  for (;;) {
    peer.read_until("\r\n\r\n");
    peer.write(http_reply("200 OK", R"({"plan":1})"));
  }
}

struct HttpConnectionsTest : ::testing::Test {
  std::unique_ptr<HttpDriver> driver_of(HttpOptions options,
                                        std::shared_ptr<ScriptedResolver> resolver = nullptr) {
    return std::make_unique<HttpDriver>(std::move(options), 60s, "", std::move(resolver), &clock);
  }
  ManualClock clock;
};

// --- ahead

TEST_F(HttpConnectionsTest, the_first_request_finds_a_connection_that_was_made_ahead) {
  const ScriptedServer server({answer_well});
  const auto driver = driver_of(http_options(server.port()));
  driver->warm_up();
  server.wait_for_connections(1);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(driver->recorder().connections_opened.get(), 1u);
}

TEST_F(HttpConnectionsTest, ahead_of_requests_names_are_resolved_too) {
  const ScriptedServer server({answer_well});
  const auto resolver = std::make_shared<ScriptedResolver>();
  // The first address refuses.
  resolver->answers["users.test"] = ScriptedResolver::at({"127.0.0.9", "127.0.0.1"});
  // libcurl goes on to the second by the real time.
  HttpDriver driver(http_options("http://users.test:" + std::to_string(server.port())), 60s, "",
                    resolver);
  driver.warm_up();
  EXPECT_THAT(resolver->asked, ElementsAre("users.test"));
  server.wait_for_connections(1);
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpConnectionsTest, those_that_share_connections_have_one_made_ahead) {
  const ScriptedServer server({answer_well});
  const auto driver = driver_of(http_options(server.port()));
  for (int i = 0; i < 3; ++i) driver->warm_up();
  server.wait_for_connections(1);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  driver->warm_up();  // as a plan does that takes the place of another
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpConnectionsTest, one_that_was_closed_before_it_was_used_costs_no_request) {
  const ScriptedServer server({[](Peer&) {}, answer_well});
  const auto driver = driver_of(http_options(server.port()));
  driver->warm_up();
  server.wait_for_ended(1);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(HttpConnectionsTest, one_that_nobody_used_is_closed) {
  const ScriptedServer server({[](Peer& peer) { peer.hang(); }, answer_well});
  const auto driver = driver_of(http_options(server.port()));
  driver->warm_up();
  server.wait_for_connections(1);
  driver->pass(HttpSpare::kLongest);
  server.wait_for_ended(1);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
}

TEST_F(HttpConnectionsTest, nothing_is_made_ahead_to_an_address_that_is_refused) {
  const ScriptedServer server({answer_well});
  HttpOptions options = http_options(server.port());
  options.refuses = [](const IpAddress&) noexcept { return true; };
  const auto driver = driver_of(std::move(options));
  driver->warm_up();
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::bad_request);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(HttpConnectionsTest, a_service_that_is_not_there_yet_is_found_by_the_first_request) {
  BoundPort port;
  const auto driver = driver_of(http_options(port.number()));
  driver->warm_up();
  const ScriptedServer server({answer_well}, std::move(port));
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
}

TEST_F(HttpConnectionsTest, a_path_that_is_asked_ahead_is_asked_once_for_all) {
  const ScriptedServer server({answer_well});
  HttpOptions options = http_options("http://users.test:" + std::to_string(server.port()));
  options.warm_up = "/health";
  options.headers = {{"X-Tenant", "shop"}};
  const auto resolver = std::make_shared<ScriptedResolver>();
  const auto driver =
      std::make_unique<HttpDriver>(std::move(options), 60s, "Bearer s3cret", resolver, &clock);
  for (int i = 0; i < 3; ++i) driver->warm_up();
  driver->on_loop(
      [&] { resolver->open.at(0)->host_resolved(ScriptedResolver::at({"127.0.0.1"})); });
  const std::string ahead = server.wait_for_received("\r\n\r\n");
  EXPECT_THAT(ahead, StartsWith("GET /health HTTP/1.1\r\n"));
  EXPECT_THAT(ahead, HasSubstr("\r\nAuthorization: Bearer s3cret\r\nX-Tenant: shop\r\n"));
  EXPECT_EQ(driver->ask({"/users/1"}).error, RequestError::none);
  driver->warm_up();
  EXPECT_EQ(driver->ask({"/users/2"}).error, RequestError::none);
  const std::string received = server.received();
  EXPECT_EQ(received.find("/health"), received.rfind("/health"));
}

TEST_F(HttpConnectionsTest, what_is_asked_ahead_is_a_get_and_the_next_one_a_post) {
  const ScriptedServer server({[](Peer& peer) {
    EXPECT_THAT(peer.read_until("\r\n\r\n"), StartsWith("GET /health HTTP/1.1\r\n"));
    peer.write(http_reply("200 OK", "fine"));
    EXPECT_THAT(peer.read_until("\r\n\r\n"), StartsWith("POST /find HTTP/1.1\r\n"));
    peer.read_until("{}");
    peer.write(http_reply("200 OK", R"({"plan":1})"));
    peer.hang();
  }});
  HttpOptions options = http_options(server.port());
  options.warm_up = "/health";
  options.post = true;
  options.body = "{}";
  options.connections = 1;  // it waits for the answer to the first
  const auto driver = driver_of(std::move(options));
  driver->warm_up();
  server.wait_for_received("\r\n\r\n");
  EXPECT_EQ(driver->ask({"/find"}).rows.at(0).answer, R"({"0":1,"1":{"plan":1}})");
}

TEST_F(HttpConnectionsTest, what_becomes_of_a_path_that_is_asked_ahead_does_not_matter) {
  const Script rows[] = {[](Peer& peer) { peer.hang(); }, [](Peer& peer) { peer.reset(); },
                         [](Peer& peer) {
                           peer.read_until("\r\n\r\n");
                           peer.write(http_reply("503 Service Unavailable", "no"));
                         }};
  for (const Script& row : rows) {
    const ScriptedServer server({row, answer_well});
    HttpOptions options = http_options(server.port());
    options.warm_up = "/health";
    const auto driver = driver_of(std::move(options));
    driver->warm_up();
    server.wait_for_connections(1);
    driver->pass(60s);  // as long as a request may take
    server.wait_for_ended(1);
    EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  }
}

// --- a service that refuses

TEST_F(HttpConnectionsTest, a_service_that_refuses_is_asked_ever_less_until_it_is_back) {
  BoundPort port;
  const auto driver = driver_of(http_options(port.number()));
  const std::string service = "127.0.0.1:" + std::to_string(port.number()) + ": ";
  std::uint64_t refused = 0;
  for (const auto longest : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    auto ended = driver->ask({"/"});
    EXPECT_EQ(ended.error, RequestError::transport);
    EXPECT_THAT(ended.why, Not(HasSubstr("not asked again yet")));
    EXPECT_EQ(driver->recorder().connections_failed.get(), ++refused);
    driver->pass(longest / 2 - 1ms);
    ended = driver->ask({"/"});
    EXPECT_EQ(ended.error, RequestError::transport);
    EXPECT_THAT(ended.why, StartsWith(service));
    EXPECT_THAT(ended.why, HasSubstr("not asked again yet"));
    EXPECT_GT(ended.leave_alone_for, 0ms) << "a retry waits for as long";
    EXPECT_LE(ended.leave_alone_for, longest / 2 + 1ms);
    EXPECT_EQ(driver->recorder().connections_failed.get(), refused);
    driver->pass(longest / 2 + 1ms);
  }
  const ScriptedServer server({answer_well}, std::move(port));
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
}

TEST_F(HttpConnectionsTest, a_probe_of_the_breakers_asks_a_service_that_refused) {
  BoundPort port;
  const auto driver = driver_of(http_options(port.number()));
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::transport);
  const ScriptedServer server({answer_well}, std::move(port));
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::transport);
  EXPECT_EQ(driver->probe({"/"}).error, RequestError::none);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none) << "what the probe found is known to all";
}

TEST_F(HttpConnectionsTest, requests_that_are_refused_together_are_one_refusal) {
  const BoundPort port;
  const auto driver = driver_of(http_options(port.number()));
  auto sent = driver->send_together(64, {"/"});
  for (auto& one : sent) EXPECT_EQ(one.ended.get().error, RequestError::transport);
  EXPECT_EQ(driver->recorder().connections_failed.get(), 64u);
  driver->pass(100ms);
  EXPECT_THAT(driver->ask({"/"}).why, Not(HasSubstr("not asked again yet")));
}

TEST_F(HttpConnectionsTest, another_host_that_refuses_does_not_speak_for_the_service) {
  const BoundPort other;
  const std::string to = "http://127.0.0.1:" + std::to_string(other.number()) + "/";
  const ScriptedServer server({[&to](Peer& peer) {
    for (;;) {
      peer.read_until("\r\n\r\n");
      peer.write(http_reply("307 Temporary Redirect", "", "Location: " + to + "\r\n"));
    }
  }});
  HttpOptions options = http_options(server.port());
  options.redirects = 1;
  const auto driver = driver_of(std::move(options));
  for (int i = 0; i < 2; ++i) {
    const auto ended = driver->ask({"/"});
    EXPECT_EQ(ended.error, RequestError::transport);
    EXPECT_THAT(ended.why, HasSubstr("redirected to"));
  }
}

// --- nobody asks

TEST_F(HttpConnectionsTest, connections_are_closed_when_nobody_asks_for_a_while) {
  const ScriptedServer server({answer_well});
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["users.test"] = ScriptedResolver::at({"127.0.0.1"}, 24h);
  HttpOptions options = http_options("http://users.test:" + std::to_string(server.port()));
  options.idle_timeout = 10s;
  const auto driver = driver_of(std::move(options), resolver);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
    driver->pass(9999ms);
  }
  EXPECT_EQ(server.connections(), 1u) << "it was in use";
  driver->pass(1ms);
  server.wait_for_ended(1);
  // All that was known of the host is known to what comes after.
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(HttpConnectionsTest, a_connection_that_waits_for_an_answer_is_not_idle) {
  ScriptedServer server({[](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.wait_for_go();
    peer.write(http_reply("200 OK", R"({"plan":1})"));
    answer_well(peer);
  }});
  HttpOptions options = http_options(server.port());
  options.idle_timeout = 10s;
  const auto driver = driver_of(std::move(options));
  auto sent = driver->send({"/"});
  server.wait_for_received("\r\n\r\n");
  for (int i = 0; i < 10; ++i) driver->pass(10s);
  server.let_go();
  EXPECT_EQ(sent.ended.get().error, RequestError::none);
  driver->pass(9s);
  EXPECT_EQ(driver->ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
}

}  // namespace
}  // namespace logbraid::test
