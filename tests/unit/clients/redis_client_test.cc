// The client against a real redis-server.

#include "clients/redis_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/client_driver.h"
#include "tests/support/redis_server.h"
#include "tests/unit/clients/redis_setup.h"

namespace logbraid {
namespace {

using test::ClientDriver;
using test::driver_of;
using test::RedisServer;
using test::setup_of;
using ::testing::HasSubstr;
using Row = Request::Row;

constexpr std::string_view kNasty = " \r\n\x1b[31m\"\\{}$1\r\n*1\r\n$8\r\nFLUSHALL\r\n";

std::string with_nul(std::string_view text) {
  std::string nasty(text);
  nasty += '\0';
  return nasty + "end";
}

TEST(RedisClientTest, gets_the_values_of_many_keys_at_once) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run({"SET", "user:1", "Ann"});
  server.run({"SET", "user:3", ""});
  server.run({"HSET", "user:4", "name", "Hal"});
  for (const std::string& url : {server.socket_url(), server.tcp_url()}) {
    const auto driver = driver_of(setup_of(url + "?prefix=user:"));
    const auto ended = driver->ask({"1", "2", "3", "4", "1"});
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    ASSERT_EQ(ended.rows.size(), 5u);
    EXPECT_EQ(ended.rows[0].answer, R"({"0":"Ann"})");
    EXPECT_EQ(ended.rows[1].what, Row::not_found);
    EXPECT_EQ(ended.rows[2].answer, R"({"0":""})");
    EXPECT_EQ(ended.rows[3].what, Row::not_found);  // holds no string
    EXPECT_EQ(ended.rows[4].answer, R"({"0":"Ann"})");
    EXPECT_EQ(driver->recorder().connections_opened.get(), 1u);
  }
}

TEST(RedisClientTest, a_key_is_one_argument_whatever_its_bytes) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  const std::string nasty = with_nul(kNasty);
  server.run({"SET", nasty, "found"});
  server.run({"HSET", "h" + nasty, nasty, "found"});
  server.run({"SET", "stays", "here"});

  const auto get = driver_of(setup_of(server.socket_url()));
  const auto got = get->ask({nasty, nasty + "x", "stays"});
  ASSERT_EQ(got.rows.size(), 3u);
  EXPECT_EQ(got.rows[0].answer, R"({"0":"found"})");
  EXPECT_EQ(got.rows[1].what, Row::not_found);
  EXPECT_EQ(got.rows[2].answer, R"({"0":"here"})");

  auto setup = setup_of(server.socket_url());
  setup.lookup.command = RedisCommand::hmget;
  setup.lookup.prefix = "h";
  setup.lookup.names = {nasty};
  EXPECT_EQ(driver_of(setup)->ask({nasty}).rows[0].answer, R"({"0":"found"})");
  EXPECT_EQ(server.run({"DBSIZE"}), ":3\r\n");
}

TEST(RedisClientTest, values_are_text_and_nothing_more) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run({"SET", "control", with_nul("\x1b[31m\r\n")});
  server.run({"SET", "jndi", "${jndi:ldap://x} {{user}} \xe2\x80\xa8"});
  server.run({"SET", "bytes", "\xff\xfe ok \xc0"});
  const auto ended = driver_of(setup_of(server.socket_url()))->ask({"control", "jndi", "bytes"});
  ASSERT_EQ(ended.rows.size(), 3u);
  EXPECT_EQ(ended.rows[0].answer, R"({"0":"\u001b[31m\r\n\u0000end"})");
  EXPECT_EQ(ended.rows[1].answer, "{\"0\":\"${jndi:ldap://x} {{user}} \xe2\x80\xa8\"}");
  EXPECT_EQ(ended.rows[2].answer, "{\"0\":\"\xef\xbf\xbd\xef\xbf\xbd ok \xef\xbf\xbd\"}");
}

TEST(RedisClientTest, takes_members_of_json_values) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run(
      {"SET", "1", "{\"plan\": \"pro\",\n \"org\": {\"name\": \"A\\u0020B\", \"n\": 1.50}}"});
  server.run({"SET", "2", R"({"org": null})"});
  server.run({"SET", "3", R"({"other": 1})"});
  server.run({"SET", "4", R"({"plan": )"});
  server.run({"SET", "5", "[7]"});
  auto setup = setup_of(server.socket_url());
  for (const char* pointer : {"/plan", "/org", "/org/name", "/0"}) {
    setup.lookup.pointers.push_back(JsonPointer::parse(pointer).value());
  }
  const auto ended = driver_of(setup)->ask({"1", "2", "3", "4", "5", "6"});
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  ASSERT_EQ(ended.rows.size(), 6u);
  EXPECT_EQ(ended.rows[0].answer, R"({"0":"pro","1":{"name": "A\u0020B", "n": 1.50},"2":"A B"})");
  EXPECT_EQ(ended.rows[1].answer, R"({"1":null})");
  EXPECT_EQ(ended.rows[2].what, Row::not_found);
  EXPECT_EQ(ended.rows[3].what, Row::error);
  EXPECT_THAT(ended.rows[3].answer, HasSubstr("the value is no JSON"));
  EXPECT_EQ(ended.rows[4].answer, R"({"3":7})");
  EXPECT_EQ(ended.rows[5].what, Row::not_found);
}

TEST(RedisClientTest, takes_chosen_fields_of_hashes) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run({"HSET", "1", "name", "Ann", "plan", "pro", "more", "x"});
  server.run({"HSET", "2", "plan", "free"});
  server.run({"HSET", "3", "more", "x"});
  server.run({"SET", "4", "a string"});
  for (const RedisCommand command : {RedisCommand::hmget, RedisCommand::hgetall}) {
    auto setup = setup_of(server.socket_url());
    setup.lookup.command = command;
    setup.lookup.names = {"name", "plan"};
    const auto ended = driver_of(setup)->ask({"1", "2", "3", "4", "5", "1"});
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    ASSERT_EQ(ended.rows.size(), 6u);
    EXPECT_EQ(ended.rows[0].answer, R"({"0":"Ann","1":"pro"})");
    EXPECT_EQ(ended.rows[1].answer, R"({"1":"free"})");
    EXPECT_EQ(ended.rows[2].what, Row::not_found);
    EXPECT_EQ(ended.rows[3].what, Row::error);
    EXPECT_THAT(ended.rows[3].answer, HasSubstr(server.socket_path() + ": WRONGTYPE"));
    EXPECT_EQ(ended.rows[4].what, Row::not_found);
    EXPECT_EQ(ended.rows[5].answer, R"({"0":"Ann","1":"pro"})");
  }
}

TEST(RedisClientTest, takes_a_whole_hash_as_an_object) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run({"HSET", "1", "na\"me", "Ann\n", "b\xff", "\xfe"});
  auto setup = setup_of(server.socket_url());
  setup.lookup.command = RedisCommand::hgetall;
  const auto ended = driver_of(setup)->ask({"1", "2"});
  ASSERT_EQ(ended.rows.size(), 2u);
  EXPECT_EQ(ended.rows[0].answer,
            "{\"0\":{\"na\\\"me\":\"Ann\\n\",\"b\xef\xbf\xbd\":\"\xef\xbf\xbd\"}}");
  EXPECT_EQ(ended.rows[1].what, Row::not_found);
}

TEST(RedisClientTest, what_is_too_large_costs_its_own_key_alone) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  const std::string large(30'000, 'x');
  server.run({"SET", "small", "1"});
  server.run({"SET", "large", large});
  for (int i = 0; i < 9; ++i)
    server.run({"SET", "full" + std::to_string(i), large.substr(0, 10'000)});
  server.run({"HSET", "few", "a", "1", "b", "2"});
  server.run({"HSET", "wide", "a", large, "b", "2"});
  std::vector<std::string> hset{"HSET", "long"};
  for (int i = 0; i < 2000; ++i) {
    hset.push_back("field" + std::to_string(i));
    hset.push_back("1");
  }
  server.run(hset);

  auto get = setup_of(server.socket_url());
  get.lookup.max_reply = 10'000;
  const auto values = driver_of(get);
  const auto one = values->ask({"small", "large", "none", "small"});
  EXPECT_EQ(one.error, RequestError::none) << one.why;
  EXPECT_EQ(one.rows[0].answer, R"({"0":"1"})");
  EXPECT_THAT(one.rows[1].answer, HasSubstr("the value is over max_reply"));
  EXPECT_EQ(one.rows[2].what, Row::not_found);
  EXPECT_EQ(one.rows[3].answer, R"({"0":"1"})");
  const auto all = values->ask(
      {"full0", "full1", "full2", "full3", "full4", "full5", "full6", "full7", "full8", "small"});
  EXPECT_EQ(all.error, RequestError::none) << all.why;
  EXPECT_EQ(all.rows[6].what, Row::found);
  EXPECT_THAT(all.rows[8].answer, HasSubstr("over eight times max_reply"));
  EXPECT_EQ(all.rows[9].what, Row::error);
  EXPECT_EQ(values->recorder().connections_opened.get(), 1u);

  for (const RedisCommand command : {RedisCommand::hgetall, RedisCommand::hmget}) {
    auto hash = get;
    hash.lookup.command = command;
    if (command == RedisCommand::hmget) hash.lookup.names = {"a", "b"};
    const auto hashes = driver_of(hash);
    const auto ended = hashes->ask({"few", "wide", "long", "few"});
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows[0].what, Row::found);
    EXPECT_EQ(ended.rows[1].what, Row::error);
    EXPECT_THAT(ended.rows[1].answer, HasSubstr("the hash is over max_reply"));
    const bool all_of_it = command == RedisCommand::hgetall;
    EXPECT_EQ(ended.rows[2].what, all_of_it ? Row::error : Row::not_found);
    EXPECT_EQ(ended.rows[3].what, Row::found);
    EXPECT_EQ(hashes->recorder().connections_opened.get(), 1u);
  }
}

TEST(RedisClientTest, logs_in_and_selects_a_database) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server(
      {"--user", "reader", "on", ">se:cr/et", "~a*", "+get", "+mget", "+select"});
  server.run({"SET", "a", "in 0"});
  const std::string port = std::to_string(server.port());
  const auto reader = setup_of("redis://reader:se%3Acr%2Fet@127.0.0.1:" + port);
  EXPECT_EQ(driver_of(reader)->ask({"a"}).rows[0].answer, R"({"0":"in 0"})");
  const auto other = setup_of("redis://reader:se%3Acr%2Fet@127.0.0.1:" + port + "/3");
  EXPECT_EQ(driver_of(other)->ask({"a"}).rows[0].what, Row::not_found);

  const auto forbidden = driver_of(reader)->ask({"b"});
  EXPECT_EQ(forbidden.error, RequestError::refused);
  EXPECT_THAT(forbidden.why, HasSubstr("127.0.0.1:" + port + ": NOPERM"));
  const auto wrong = driver_of(setup_of("redis://reader:guessed@127.0.0.1:" + port))->ask({"a"});
  EXPECT_EQ(wrong.error, RequestError::refused);
  EXPECT_THAT(wrong.why, HasSubstr("AUTH: WRONGPASS"));
  EXPECT_THAT(wrong.why, ::testing::Not(HasSubstr("guessed")));
  const auto no_such = driver_of(setup_of(server.tcp_url() + "/9999"))->ask({"a"});
  EXPECT_EQ(no_such.error, RequestError::refused);
  EXPECT_THAT(no_such.why, HasSubstr("SELECT: ERR DB index is out of range"));
}

TEST(RedisClientTest, tells_its_name_and_does_without) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server({"--rename-command", "CLIENT", "RENAMED"});
  server.run({"SET", "a", "1"});
  auto setup = setup_of(server.socket_url());
  setup.connection.client_name = "logbraid";
  EXPECT_EQ(driver_of(setup)->ask({"a"}).rows[0].answer, R"({"0":"1"})");
  const RedisServer other;
  setup = setup_of(other.socket_url());
  setup.connection.client_name = "logbraid";
  const auto driver = driver_of(setup);
  driver->ask({"a"});
  EXPECT_THAT(other.run({"CLIENT", "LIST"}), HasSubstr("name=logbraid "));
}

TEST(RedisClientTest, finds_the_server_by_name) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run({"SET", "a", "1"});
  const std::string port = std::to_string(server.port());
  EXPECT_EQ(driver_of(setup_of("redis://localhost:" + port))->ask({"a"}).rows[0].answer,
            R"({"0":"1"})");
}

TEST(RedisClientTest, many_requests_in_one_pipeline_keep_their_order) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  constexpr int kRequests = 500;
  for (int i = 0; i < 10; ++i) server.run({"SET", std::to_string(i), "v" + std::to_string(i)});
  for (const std::uint32_t connections : {1u, 3u}) {
    for (const RedisCommand command : {RedisCommand::get, RedisCommand::hmget}) {
      auto setup = setup_of(server.socket_url());
      setup.connections = connections;
      setup.connection.pipeline = 4;
      setup.lookup.command = command;
      if (command == RedisCommand::hmget) setup.lookup.names = {"no hash"};
      const auto driver = driver_of(setup);
      std::vector<ClientDriver::Sent> sent;
      for (int i = 0; i < kRequests; ++i) {
        sent.push_back(driver->send({std::to_string(i % 10), "none", std::to_string(i % 7)}));
      }
      for (int i = 0; i < kRequests; ++i) {
        const auto ended = sent[static_cast<std::size_t>(i)].ended.get();
        ASSERT_EQ(ended.error, RequestError::none) << ended.why;
        EXPECT_EQ(ended.rows[1].what, Row::not_found);
        if (command == RedisCommand::get) {
          EXPECT_EQ(ended.rows[0].answer, "{\"0\":\"v" + std::to_string(i % 10) + "\"}");
          EXPECT_EQ(ended.rows[2].answer, "{\"0\":\"v" + std::to_string(i % 7) + "\"}");
        } else {
          EXPECT_THAT(ended.rows[0].answer, HasSubstr("WRONGTYPE"));
        }
      }
      EXPECT_LE(driver->recorder().connections_opened.get(), connections);
    }
  }
}

TEST(RedisClientTest, clients_of_one_server_share_its_connection) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  server.run({"SET", "a", "1"});
  const auto get = setup_of(server.socket_url());
  auto hash = get;
  hash.lookup.command = RedisCommand::hgetall;
  std::unique_ptr<Client> second;
  const ClientDriver::MakeClient both = [&](const LookupSurroundings& surroundings) {
    second = make_redis_client(hash, surroundings);
    return make_redis_client(get, surroundings);
  };
  ClientDriver driver(both);
  EXPECT_EQ(driver.ask({"a"}).rows[0].answer, R"({"0":"1"})");
  driver.on_loop([&] { second.reset(); });
  EXPECT_EQ(driver.ask({"a"}).rows[0].answer, R"({"0":"1"})");
  EXPECT_THAT(server.run({"INFO", "stats"}), HasSubstr("total_connections_received:3\r\n"))
      << "the test's two commands, and one connection";
}

TEST(RedisClientTest, shards_divide_the_connections_of_the_process) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  auto setup = setup_of(server.socket_url());
  setup.connections = 3;
  setup.connection.pipeline = 1;
  const struct {
    unsigned shard;
    std::uint64_t expected;
  } rows[] = {{0, 2}, {1, 1}};
  for (const auto& [shard, expected] : rows) {
    ClientDriver driver(test::on_shard(shard, 2, [&](const LookupSurroundings& surroundings) {
      return make_redis_client(setup, surroundings);
    }));
    std::vector<ClientDriver::Sent> sent;
    for (int i = 0; i < 100; ++i) sent.push_back(driver.send({"a"}));
    for (auto& one : sent) EXPECT_EQ(one.ended.get().error, RequestError::none);
    EXPECT_EQ(driver.recorder().connections_opened.get(), expected);
  }
}

TEST(RedisClientTest, a_client_that_goes_forgets_its_requests) {
  LOGBRAID_NEEDS_REDIS();
  const RedisServer server;
  const auto driver = driver_of(setup_of(server.socket_url()));
  std::vector<ClientDriver::Sent> sent;
  server.run({"CLIENT", "PAUSE", "60000", "ALL"});
  for (int i = 0; i < 40; ++i) sent.push_back(driver->send({"a"}));
  driver->destroy_client();
  for (const auto& each : sent) {
    EXPECT_EQ(each.ended.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
}

TEST(RedisClientTest, survives_a_server_that_is_killed_and_started_again_under_load) {
  LOGBRAID_NEEDS_REDIS();
  RedisServer server;
  server.run({"SET", "a", "1"});
  auto setup = setup_of(server.tcp_url());
  setup.connections = 2;
  const auto driver = driver_of(setup);
  for (int round = 0; round < 3; ++round) {
    std::vector<ClientDriver::Sent> sent;
    for (int i = 0; i < 200; ++i) {
      sent.push_back(driver->send({"a", "b"}));
      if (i == 100) server.kill();
    }
    int failed = 0;
    for (auto& each : sent) {
      const auto ended = each.ended.get();
      if (ended.error == RequestError::none) continue;
      ++failed;
      EXPECT_EQ(ended.error, RequestError::transport) << ended.why;
      EXPECT_THAT(ended.why, HasSubstr("redis 127.0.0.1:"));
    }
    EXPECT_GT(failed, 0);
    server.start();
    // The next requests notice it, at the latest when the pause since the last attempt is over.
    ClientDriver::Ended ended;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    do {
      ended = driver->ask({"a"});
    } while (ended.error != RequestError::none && std::chrono::steady_clock::now() < patience);
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows[0].what, Row::not_found);
  }
}

}  // namespace
}  // namespace logbraid
