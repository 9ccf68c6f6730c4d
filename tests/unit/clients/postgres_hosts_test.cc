// Where the hosts of a PostgreSQL are: asked anew at each attempt to connect.
#include "clients/postgres_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clients/postgres_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/postgres_server.h"
#include "tests/unit/clients/scripted_resolver.h"

namespace logbraid {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ClientDriver;
using test::PostgresServer;
using test::ScriptedResolver;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Waits final : PostgresHosts::Waiter {
  std::vector<std::string> told;
  void hosts_found(const PostgresTarget::Parameters& hosts) noexcept override {
    std::string text;
    for (const auto& [keyword, value] : hosts) text += keyword + '=' + value + ' ';
    told.push_back(text);
  }
  void hosts_unknown(std::string why) noexcept override { told.push_back("unknown: " + why); }
};

class PostgresHostsTest : public ::testing::Test {
 protected:
  void make(const char* hosts) {
    target_ = PostgresTarget::parse(std::string("user=u host=") + hosts, "").value();
    hosts_ = std::make_unique<PostgresHosts>(target_->hosts(), &resolver_);
  }

  ScriptedResolver resolver_;
  std::optional<PostgresTarget> target_;
  Waits waiter_;
  std::unique_ptr<PostgresHosts> hosts_;
};

TEST_F(PostgresHostsTest, names_stay_beside_their_addresses) {
  make("a.test,127.0.0.1,/run/x,b.test port=1,2,3,4");
  resolver_.answers["a.test"] = ScriptedResolver::at({"192.0.2.1", "2001:db8::1"});
  hosts_->find(waiter_);
  EXPECT_TRUE(waiter_.told.empty());  // b.test is not known yet
  resolver_.open.at(0)->host_resolved(ScriptedResolver::at({"192.0.2.2"}));
  EXPECT_THAT(waiter_.told,
              ElementsAre("host=a.test,a.test,127.0.0.1,/run/x,b.test "
                          "hostaddr=192.0.2.1,2001:db8::1,127.0.0.1,,192.0.2.2 port=1,1,2,3,4 "));
}

TEST_F(PostgresHostsTest, each_attempt_asks_anew) {
  make("a.test");
  resolver_.answers["a.test"] = ScriptedResolver::at({"192.0.2.1"});
  hosts_->find(waiter_);
  resolver_.answers["a.test"] = ScriptedResolver::at({"192.0.2.2"});
  hosts_->find(waiter_);
  EXPECT_THAT(waiter_.told, ElementsAre("host=a.test hostaddr=192.0.2.1 port=5432 ",
                                        "host=a.test hostaddr=192.0.2.2 port=5432 "));
}

TEST_F(PostgresHostsTest, a_name_without_an_address_costs_only_itself) {
  make("a.test,b.test");
  resolver_.answers["a.test"] = {{}, {}, "no such host"};
  resolver_.answers["b.test"] = ScriptedResolver::at({"192.0.2.2"});
  hosts_->find(waiter_);
  resolver_.answers["b.test"] = {{}, {}, "no name server answers"};
  hosts_->find(waiter_);
  EXPECT_THAT(waiter_.told, ElementsAre("host=b.test hostaddr=192.0.2.2 port=5432 ",
                                        "unknown: b.test: no name server answers"));
}

TEST_F(PostgresHostsTest, whoever_is_forgotten_is_not_told) {
  make("a.test");
  hosts_->find(waiter_);
  hosts_->forget();
  EXPECT_TRUE(resolver_.open.empty());
  hosts_->find(waiter_);
  hosts_.reset();
  EXPECT_TRUE(resolver_.open.empty());
  EXPECT_TRUE(waiter_.told.empty());
}

// --- a client

ClientDriver::MakeClient client_of(const std::string& url,
                                   std::shared_ptr<ScriptedResolver> resolver,
                                   Duration open_within = seconds(30)) {
  PostgresStatement statement;
  statement.text = "select 7 as a where $1 = 'k'";
  auto options = std::make_shared<PostgresOptions>(
      PostgresTarget::parse(url, "").value(), statement,
      KeySpec({KeyTemplate::parse("{{a}}", KeyEscape::none).value()}));
  options->connections = 1;
  options->open_within = open_within;
  return [options, resolver = std::move(resolver)](const LookupSurroundings& around) {
    // It is the shard's from here on; the test holds it.
    const auto held = around.shared.get<HostResolver>(
        "system", [&] { return std::shared_ptr<HostResolver>(resolver); });
    return std::make_unique<PostgresClient>(options, around);
  };
}

// A name server that does not answer holds up neither the loop nor a request beyond its time.
TEST(PostgresNames, a_resolver_that_hangs_costs_the_attempt_and_nothing_else) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  ClientDriver driver(client_of("postgresql://u@db.test/d", resolver, milliseconds(50)));
  auto first = driver.send({"k"});
  driver.cancel(*first.request);
  EXPECT_EQ(first.ended.get().error, RequestError::timeout);
  const auto second = driver.ask({"k"});  // until the attempt is given up
  EXPECT_EQ(second.error, RequestError::timeout);
  EXPECT_THAT(second.why, HasSubstr("db.test:5432/d: no connection within the limit of time"));
  driver.on_loop([&] { EXPECT_TRUE(resolver->open.empty()); });
}

TEST(PostgresNames, a_name_that_is_not_known_fails_and_is_asked_for_again) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["db.test"] = {{}, {}, "no such host"};
  ClientDriver driver(client_of("postgresql://u@db.test/d", resolver));
  const auto ended = driver.ask({"k"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_EQ(ended.why, "db.test:5432/d: db.test: no such host");
  EXPECT_EQ(driver.recorder().connections_failed.get(), 1u);
}

TEST(PostgresNames, a_client_may_end_while_its_host_is_looked_for) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  ClientDriver driver(client_of("postgresql://u@db.test/d", resolver));
  auto sent = driver.send({"k"});
  driver.on_loop([&] { EXPECT_EQ(resolver->open.size(), 1u); });
  driver.destroy_client();
  driver.on_loop([&] { EXPECT_TRUE(resolver->open.empty()); });
}

class PostgresNamesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!PostgresServer::is_installed()) GTEST_SKIP() << "no PostgreSQL (Debian: postgresql)";
    server_ = std::make_unique<PostgresServer>();
  }
  // Of the server on its port, under a name that only the resolver knows.
  std::string named_url(const std::string& more = "") const {
    std::string url = server_->port_url(more);
    return url.replace(url.find("127.0.0.1"), 9, "db.test");
  }

  std::unique_ptr<PostgresServer> server_;
};

TEST_F(PostgresNamesTest, a_server_that_moves_is_found_at_its_new_address) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["db.test"] = ScriptedResolver::at({"127.0.0.1"});
  ClientDriver driver(client_of(named_url(), resolver));
  EXPECT_EQ(driver.ask({"k"}).rows.at(0).answer, R"({"0":{"a":7}})");
  EXPECT_EQ(driver.ask({"k"}).error, RequestError::none);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
  // Its connections break, and nobody is where the name leads to now.
  driver.on_loop([&] { resolver->answers["db.test"] = ScriptedResolver::at({"127.0.0.2"}); });
  server_->stop();
  server_->start();
  ClientDriver::Ended gone = driver.ask({"k"});
  while (gone.error == RequestError::none || gone.why.find("127.0.0.2") == std::string::npos) {
    gone = driver.ask({"k"});
  }
  EXPECT_THAT(gone.why, HasSubstr("Connection refused"));
  driver.on_loop([&] { resolver->answers["db.test"] = ScriptedResolver::at({"127.0.0.1"}); });
  const auto back = driver.ask_until_it_answers({"k"});
  EXPECT_EQ(back.rows.at(0).answer, R"({"0":{"a":7}})") << back.why;
  EXPECT_EQ(driver.recorder().connections_opened.get(), 2u);
}

TEST_F(PostgresNamesTest, a_certificate_is_held_against_the_name) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["db.test"] = ScriptedResolver::at({"127.0.0.1"});
  const std::string more = "?sslrootcert=" + server_->certificate() + "&sslmode=";
  ClientDriver driver(client_of(named_url(more + "verify-full"), resolver));
  const auto refused = driver.ask({"k"});  // it is for 127.0.0.1
  EXPECT_EQ(refused.error, RequestError::transport);
  EXPECT_THAT(refused.why, HasSubstr("does not match host name \"db.test\""));
  ClientDriver trusting(client_of(named_url(more + "verify-ca"), resolver));
  EXPECT_EQ(trusting.ask({"k"}).error, RequestError::none);
}

TEST_F(PostgresNamesTest, a_name_of_etc_hosts_is_found) {
  std::string url = server_->port_url();
  url.replace(url.find("127.0.0.1"), 9, "localhost");
  PostgresStatement statement;
  statement.text = "select 7 as a where $1 = 'k'";
  const auto options = std::make_shared<PostgresOptions>(
      PostgresTarget::parse(url, "").value(), statement,
      KeySpec({KeyTemplate::parse("{{a}}", KeyEscape::none).value()}));
  ClientDriver driver([&](const LookupSurroundings& around) {
    return std::make_unique<PostgresClient>(options, around);
  });
  const auto found = driver.ask({"k"});
  EXPECT_EQ(found.error, RequestError::none) << found.why;
}

}  // namespace
}  // namespace logbraid
