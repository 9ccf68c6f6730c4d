#include "clients/http_names.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/scripted_server.h"
#include "tests/unit/clients/http_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Peer = ScriptedServer::Peer;

struct Waits final : HttpNames::Waiter {
  int known = 0;
  std::vector<std::string> failed;
  void names_known() noexcept override { ++known; }
  void names_unknown(RequestError, std::string_view why) noexcept override {
    failed.emplace_back(why);
  }
};

class HttpNamesTest : public ::testing::Test {
 protected:
  static HttpOrigin origin(std::string host) { return {false, std::move(host), 80}; }

  const std::shared_ptr<ScriptedResolver> resolver_ = std::make_shared<ScriptedResolver>();
  Timers timers_{TimePoint(1h)};
  HttpNames names_{resolver_, timers_, nullptr};
  Waits waiter_;
};

TEST_F(HttpNamesTest, an_address_is_its_own_name) {
  EXPECT_TRUE(names_.know(origin("127.0.0.1"), {}, waiter_));
  EXPECT_TRUE(names_.know(origin("::1"), {}, waiter_));
  EXPECT_TRUE(resolver_->asked.empty());
}

TEST_F(HttpNamesTest, a_name_is_asked_for_once_however_many_wait) {
  Waits other;
  EXPECT_FALSE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_FALSE(names_.know(origin("a.test"), {}, other));
  EXPECT_THAT(resolver_->asked, ElementsAre("a.test"));
  resolver_->open.at(0)->host_resolved(ScriptedResolver::at({"192.0.2.1"}));
  EXPECT_EQ(waiter_.known + other.known, 2);
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_EQ(resolver_->asked.size(), 1u);
}

TEST_F(HttpNamesTest, a_waiter_that_is_forgotten_is_not_told) {
  EXPECT_FALSE(names_.know(origin("a.test"), {}, waiter_));
  names_.forget(waiter_);
  resolver_->open.at(0)->host_resolved({{}, {}, "no such host"});
  EXPECT_EQ(waiter_.known, 0);
  EXPECT_TRUE(waiter_.failed.empty());
}

TEST_F(HttpNamesTest, a_name_that_is_not_found_is_asked_for_again_by_the_next) {
  resolver_->answers["a.test"] = {{}, {}, "no such host"};
  EXPECT_FALSE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_THAT(waiter_.failed, ElementsAre("no such host"));
  resolver_->answers["a.test"] = ScriptedResolver::at({"192.0.2.1"});
  names_.know(origin("a.test"), {}, waiter_);
  EXPECT_EQ(waiter_.known, 1);
}

TEST_F(HttpNamesTest, a_name_is_resolved_anew_beside_its_use_and_keeps_what_it_has) {
  resolver_->answers["a.test"] = ScriptedResolver::at({"192.0.2.1"}, 30s);
  names_.know(origin("a.test"), {}, waiter_);
  timers_.advance(timers_.now() + 29s);
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_EQ(resolver_->asked.size(), 1u);

  resolver_->answers["a.test"] = {{}, {}, "no name server answers"};
  timers_.advance(timers_.now() + 1s);
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_EQ(resolver_->asked.size(), 2u);
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_)) << "and not again in the same second";
  EXPECT_EQ(resolver_->asked.size(), 2u);
  timers_.advance(timers_.now() + 1s);
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_EQ(resolver_->asked.size(), 3u);
  EXPECT_TRUE(waiter_.failed.empty());
}

TEST_F(HttpNamesTest, a_connection_that_failed_makes_it_ask_at_most_once_a_second) {
  resolver_->answers["a.test"] = ScriptedResolver::at({"192.0.2.1"});
  names_.know(origin("a.test"), {}, waiter_);
  for (int i = 0; i < 5; ++i) {
    names_.doubt(origin("a.test"), {});
    EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  }
  EXPECT_EQ(resolver_->asked.size(), 1u);
  timers_.advance(timers_.now() + 1s);
  names_.doubt(origin("a.test"), {});
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_EQ(resolver_->asked.size(), 2u);
}

// libcurl knows what it was taught, and would ask for any other name by itself, on a thread.
TEST_F(HttpNamesTest, a_host_that_a_url_calls_otherwise_is_known_under_both_names) {
  resolver_->answers["a.test"] = ScriptedResolver::at({"192.0.2.1"});
  names_.know(origin("a.test"), "front.test", waiter_);
  EXPECT_TRUE(names_.addresses(origin("a.test"), {}).empty());
  names_.know(origin("a.test"), {}, waiter_);
  EXPECT_EQ(waiter_.known, 2);
  EXPECT_THAT(resolver_->asked, ElementsAre("a.test", "a.test"));
  EXPECT_EQ(names_.addresses(origin("a.test"), "front.test").size(), 1u);
  // Each ages by itself.
  timers_.advance(timers_.now() + 1s);
  names_.doubt(origin("a.test"), "front.test");
  EXPECT_TRUE(names_.know(origin("a.test"), {}, waiter_));
  EXPECT_EQ(resolver_->asked.size(), 2u);
  EXPECT_TRUE(names_.know(origin("a.test"), "front.test", waiter_));
  EXPECT_EQ(resolver_->asked.size(), 3u);
}

TEST_F(HttpNamesTest, has_no_place_for_names_without_end) {
  for (std::size_t i = 0; i < HttpNames::kMostNames; ++i) {
    names_.know(origin("h" + std::to_string(i) + ".test"), {}, waiter_);
  }
  EXPECT_TRUE(waiter_.failed.empty());
  names_.know(origin("more.test"), {}, waiter_);
  EXPECT_THAT(waiter_.failed, ElementsAre(HasSubstr("over 64 hosts")));
}

std::size_t threads() {
  std::size_t count = 0;
  DIR* const tasks = ::opendir("/proc/self/task");
  while (::readdir(tasks) != nullptr) ++count;
  ::closedir(tasks);
  return count;
}

TEST(HttpNamesInUseTest, libcurl_is_taught_and_never_resolves_itself) {
  const ScriptedServer server({[](Peer& peer) {
    for (;;) {
      peer.read_until("\r\n\r\n");
      peer.write(http_reply("200 OK", R"({"plan":1})"));
    }
  }});
  const auto resolver = std::make_shared<ScriptedResolver>();
  // The first address refuses: the second is tried.
  resolver->answers["users.test"] = ScriptedResolver::at({"127.0.0.9", "127.0.0.1"});
  HttpDriver driver(http_options("http://users.test:" + std::to_string(server.port())), 30s, {},
                    resolver);
  auto first = driver.send({"/"});
  EXPECT_EQ(first.ended.get().error, RequestError::none);
  const std::size_t before = threads();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_EQ(threads(), before);
  EXPECT_THAT(resolver->asked, ElementsAre("users.test"));
  EXPECT_THAT(server.received(),
              HasSubstr("\r\nHost: users.test:" + std::to_string(server.port()) + "\r\n"));
}

// As with `tls.server_name`, where the service then calls itself by the name it is addressed with.
TEST(HttpNamesInUseTest, the_host_behind_another_name_is_the_same_when_a_redirect_leads_to_it) {
  std::uint16_t port = 0;
  const auto to = [&port](const char* where) {
    return [&port, where](Peer& peer) {
      peer.read_until("\r\n\r\n");
      const std::string url = "http://" + std::string(where) + ":" + std::to_string(port) + "/next";
      peer.write(http_reply("302 Found", "", "Connection: close\r\nLocation: " + url + "\r\n"));
    };
  };
  const ScriptedServer server({to("users.test"), to("front.test"), [](Peer& peer) {
                                 peer.read_until("\r\n\r\n");
                                 peer.write(http_reply("200 OK", R"({"plan":1})"));
                               }});
  port = server.port();
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["users.test"] = ScriptedResolver::at({"127.0.0.1"});
  resolver->answers["front.test"] = {{}, {}, "no such host"};
  HttpOptions options = http_options("http://users.test:" + std::to_string(port));
  options.server_name = "front.test";
  options.redirects = 2;
  HttpDriver driver(std::move(options), 30s, "Bearer s3cret", resolver);
  const auto ended = driver.ask({"/"});
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_THAT(resolver->asked, ElementsAre("users.test"));
  std::string received = server.received();
  int requests = 0;
  for (std::size_t end = 0; (end = received.find("\r\n\r\n")) != std::string::npos; ++requests) {
    const std::string head = received.substr(0, end + 4);
    EXPECT_THAT(head, HasSubstr("\r\nHost: users.test:" + std::to_string(port) + "\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nAuthorization: Bearer s3cret\r\n"));
    received.erase(0, end + 4);
  }
  EXPECT_EQ(requests, 3);
}

TEST(HttpNamesInUseTest, a_name_that_nobody_resolves_ends_with_its_request) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  HttpDriver driver(http_options("http://users.test"), 30s, {}, resolver);
  auto sent = driver.send({"/"});
  driver.cancel(*sent.request);
  const auto ended = sent.ended.get();
  EXPECT_EQ(ended.error, RequestError::timeout);
  EXPECT_EQ(ended.why, "users.test: no connection in time");
  driver.on_loop([&] { EXPECT_TRUE(resolver->open.size() == 1u); });

  resolver->answers["users.test"] = {{}, {}, "no such host"};
  driver.on_loop([&] { resolver->open.at(0)->host_resolved(resolver->answers["users.test"]); });
  const auto next = driver.ask({"/"});
  EXPECT_EQ(next.error, RequestError::transport);
  EXPECT_EQ(next.why, "users.test: no such host");
}

// By c-ares, from /etc/hosts.
TEST(HttpNamesInUseTest, a_name_of_this_machine_is_found) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write(http_reply("200 OK", R"({"plan":1})"));
  }});
  HttpDriver driver(http_options("http://localhost:" + std::to_string(server.port())));
  const auto ended = driver.ask({"/"});
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_THAT(ended.rows.at(0).answer, StartsWith(R"({"0":1)"));
}

}  // namespace
}  // namespace logbraid::test
