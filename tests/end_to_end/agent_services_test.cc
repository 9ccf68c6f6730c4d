// `logbraid run` with real services that are killed and started again while lines come: none is
// lost, all else goes on, and enrichment comes back by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include "tests/end_to_end/agent.h"
#include "tests/support/dnsmasq.h"
#include "tests/support/nginx.h"
#include "tests/support/postgres_server.h"
#include "tests/support/redis_server.h"

namespace logbraid::test {
namespace {

// What a service needs to know to be killed in a test, and how the pipeline asks it.
struct Service {
  std::string name;
  std::string enricher;  // of the pipeline, sets the field `found`
  std::function<void()> kill;
  std::function<void()> start;
};

// Each key is asked for anew; a service that is back is noticed within half a second.
constexpr const char* kOptions =
    "    timeout: 500ms\n"
    "    cache: {size: 0}\n"
    "    breaker: {open_for: 100ms, open_for_most: 400ms}\n"
    "    fallback: {found: unknown}\n";

std::string pipeline_of(const std::string& enricher) {
  return "source: {type: stdin, format: json}\n"
         "enrichers:\n"
         "  - {name: zone, type: static, fields: {zone: eu}}\n" +
         enricher + kOptions + "status: {field: status, when: always}\n" + "sink: {type: stdout}\n";
}

std::string line_of(int number) { return "{\"n\":" + std::to_string(number % 200) + "}\n"; }

// Sends lines one by one until the service's word for it comes, or is missed, and gives how many it
// took.
int send_until(ChildProcess& agent, int first, bool found) {
  constexpr int kMost = 100'000;  // a breaker that is open stays so for half a second
  std::string failure;            // of the last call that was made
  for (int number = first; number < first + kMost; ++number) {
    agent.write(line_of(number));
    const std::string line = agent.read_line();
    EXPECT_NE(line.find("\"zone\":\"eu\""), std::string::npos) << line;
    const bool is_unknown = line.find("\"found\":\"unknown\"") != std::string::npos;
    if (is_unknown != found) return number + 1 - first;
    if (line.empty()) break;
    if (line.find("breaker_open") == std::string::npos) failure = line;
  }
  ADD_FAILURE() << (found ? "its answers do not come back: " : "nobody misses it: ") << failure;
  return kMost;
}

// A burst of lines that are written before one is read: what is under way when the service dies.
void expect_burst(ChildProcess& agent, int lines, const std::function<void()>& meanwhile) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += line_of(i);
  agent.write(text);
  meanwhile();
  for (int i = 0; i < lines; ++i) {
    ASSERT_NE(agent.read_line().find("\"zone\":\"eu\""), std::string::npos) << i;
  }
}

void expect_to_survive(const Service& service) {
  const TemporaryDirectory directory;
  ChildProcess agent(
      agent_command({"run", directory.file("pipeline.yaml", pipeline_of(service.enricher))}));
  int lines = send_until(agent, 0, true);
  constexpr int kBurst = 500;
  for (int round = 0; round < 2 && !testing::Test::HasFailure(); ++round) {
    expect_burst(agent, kBurst, service.kill);
    lines += kBurst;
    lines += send_until(agent, lines, false);
    expect_burst(agent, kBurst, [] {});
    lines += kBurst;
    service.start();
    lines += send_until(agent, lines, true);
  }
  agent.close_input();
  EXPECT_EQ(agent.read_rest(), "");
  const std::string errors = agent.read_errors();
  EXPECT_EQ(agent.wait(), 0);
  if (testing::Test::HasFailure()) ADD_FAILURE() << errors;
  EXPECT_EQ(figure_before(errors, " events read, "), static_cast<std::uint64_t>(lines));
  EXPECT_EQ(figure_before(errors, " written in "), static_cast<std::uint64_t>(lines));
  expect_balanced(errors);
}

TEST(AgentServices, redis_killed_and_started_again_under_load) {
  LOGBRAID_NEEDS_REDIS();
  RedisServer redis;
  const auto fill = [&] {
    redis.run({"EVAL", "for i = 0, 199 do redis.call('SET', 'user:' .. i, 'x' .. i) end", "0"});
  };
  fill();
  expect_to_survive({"redis",
                     "  - name: user\n"
                     "    type: redis\n"
                     "    url: " +
                         redis.tcp_url() +
                         "\n"
                         "    key: \"user:{{n}}\"\n"
                         "    output: found\n",
                     [&] { redis.kill(); },
                     [&] {
                       redis.start();
                       fill();
                     }});
}

TEST(AgentServices, nginx_killed_and_started_again_under_load) {
  if (!Nginx::is_installed()) GTEST_SKIP() << "nginx is not installed";
  Nginx nginx("location /users/ { return 200 '{\"plan\":\"team\"}'; }");
  expect_to_survive({"http",
                     "  - name: user\n"
                     "    type: http\n"
                     "    url: \"" +
                         nginx.url() +
                         "/users/{{n}}\"\n"
                         "    fields: {found: /plan}\n",
                     [&] { nginx.kill(); }, [&] { nginx.start(); }});
}

TEST(AgentServices, postgresql_killed_and_started_again_under_load) {
  if (!PostgresServer::is_installed()) GTEST_SKIP() << "PostgreSQL is not installed";
  PostgresServer postgres;
  const auto fill = [&] {  // it keeps its disk waiting: what was not yet written is gone
    postgres.execute(
        "create table if not exists users as select i::text id, 'plan' || i plan "
        "from generate_series(0, 199) i");
    postgres.execute("grant select on users to reader");
  };
  fill();
  expect_to_survive({"postgres",
                     "  - name: user\n"
                     "    type: postgres\n"
                     "    url: \"" +
                         postgres.socket_url() +
                         "\"\n"
                         "    query: select id, plan from users where id = any($1)\n"
                         "    parameters: [\"{{n}}\"]\n"
                         "    fields: {found: plan}\n",
                     [&] { postgres.kill(); },
                     [&] {
                       postgres.start();
                       fill();
                     }});
}

TEST(AgentServices, a_dns_server_killed_and_started_again_under_load) {
  LOGBRAID_NEEDS_DNSMASQ();
  std::vector<std::string> records;
  for (int i = 0; i < 200; ++i) {
    records.push_back("--host-record=host" + std::to_string(i) + ".example,192.0.2." +
                      std::to_string(i));
  }
  Dnsmasq dns(records);
  expect_to_survive({"dns",
                     "  - name: address\n"
                     "    type: dns\n"
                     "    record: a\n"
                     "    query: \"host{{n}}.example\"\n"
                     "    servers: [\"127.0.0.1:" +
                         std::to_string(dns.port()) +
                         "\"]\n"
                         "    try_timeout: 100ms\n"
                         "    tries: 1\n"
                         "    output: found\n",
                     [&] { dns.kill(); }, [&] { dns.start(); }});
}

}  // namespace
}  // namespace logbraid::test
