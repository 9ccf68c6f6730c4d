// A program's engine with look-ups: what a call finds that others have asked for, what becomes of
// requests that are under way when it ends or its plan changes. Faults of services are in
// lookup_faults_test.cc. The sample of docs/embedding.md is here, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/builtin.h"
#include "logbraid/engine.h"
#include "logbraid/registry.h"
#include "tests/support/faulty_service.h"
#include "tests/support/nginx.h"
#include "tests/support/redis_server.h"
#include "tests/support/scripted_server.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Peer = ScriptedServer::Peer;
using Script = ScriptedServer::Script;

// clang-format off
Result<std::unique_ptr<Engine>> engine_with_users(Registry& registry, std::string service) {
for (const EnricherKind& kind : builtin_enrichers()) {
  if (auto added = registry.add_kind(kind); !added) return added.error();
}
EnricherMetadata metadata;
metadata.name = "user";
metadata.timeout = 2s;
auto added = registry.add_instance(
    metadata, "http",
    Setting::map({{"url", service + "/users/{{user_id}}"},
                  {"fields", Setting::map({{"user.plan", "/plan"}})},
                  {"cache", Setting::map({{"ttl", "5m"}})}}),
    MakeContext());
if (!added) return added.error();
return Engine::create(registry, {"user"});
}
// clang-format on

// What no call takes, whatever else the machine does.
constexpr Duration kLong = 1h;

// Engines of one shard: each shard has a cache of its own.
EngineOptions one_shard() {
  EngineOptions options;
  options.execution.shards = 1;
  options.execution.event_timeout = options.execution.group_timeout =
      options.execution.enricher_timeout = kLong;
  return options;
}

void must(const Result<void>& done) { ASSERT_TRUE(done.has_value()) << done.error().to_string(); }

// An enricher of a built-in kind.
void add(Registry& registry, std::string name, std::string_view kind, const Setting& settings) {
  const EnricherKind* const found = find_enricher_kind(kind);
  if (!registry.kind(kind)) must(registry.add_kind(*found));
  EnricherMetadata metadata;
  metadata.name = std::move(name);
  must(registry.add_instance(std::move(metadata), kind, settings, {}));
}
void add_http(Registry& registry, const std::string& service, std::string name = "user") {
  add(registry, name, "http",
      Setting::map({{"url", service + "/users/{{id}}"},
                    {"fields", Setting::map({{name + ".plan", "/plan"}})}}));
}

std::unique_ptr<Engine> engine_of(const Registry& registry, std::vector<std::string> names) {
  auto engine = Engine::create(registry, std::move(names), one_shard());
  EXPECT_TRUE(engine.has_value()) << engine.error().to_string();
  return *std::move(engine);
}

OwnedEvent asking(int id) { return *OwnedEvent::from_json("{\"id\":" + std::to_string(id) + "}"); }
std::string enriched(Engine& engine, int id) { return engine.enrich(asking(id))->to_json(); }

std::string url_of(const ScriptedServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

// Answers each request of a connection; does `before` that.
Script answering(
    std::string plan, void (*before)(Peer&) = [](Peer&) {}) {
  return [plan = std::move(plan), before](Peer& peer) {
    for (;;) {
      const std::string head = peer.read_until("\r\n\r\n");
      before(peer);
      const bool known = head.find("/users/404") == std::string::npos;
      peer.write(known ? http_reply("200 OK", "{\"plan\":\"" + plan + "\"}")
                       : http_reply("404 Not Found", ""));
    }
  };
}
void wait_for_go(Peer& peer) { peer.wait_for_go(); }

std::size_t requests_at(const ScriptedServer& server) {
  const std::string received = server.received();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = received.find("GET /", at)) != std::string::npos; ++at) ++count;
  return count;
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

class EngineLookups : public ::testing::Test {
 protected:
  void SetUp() override {
    if (find_enricher_kind("http") == nullptr) GTEST_SKIP() << "http is not built in";
  }
};

TEST_F(EngineLookups, the_sample_asks_a_service) {
  const ScriptedServer server({answering("gold")});
  Registry registry;
  const auto engine = engine_with_users(registry, url_of(server));
  ASSERT_TRUE(engine.has_value()) << engine.error().to_string();
  EXPECT_EQ((*engine)->enrich(*OwnedEvent::from_json(R"({"user_id":7})"))->to_json(),
            R"({"user_id":7,"user":{"plan":"gold"}})");
  EXPECT_THAT(server.received(), HasSubstr("GET /users/7 HTTP/1.1\r\n"));
}

TEST_F(EngineLookups, what_one_call_has_asked_for_the_next_one_finds) {
  const ScriptedServer server({answering("gold")});
  Registry registry;
  add_http(registry, url_of(server));
  const auto engine = engine_of(registry, {"user"});
  for (int call = 0; call < 5; ++call) {
    EXPECT_EQ(enriched(*engine, 7), R"({"id":7,"user":{"plan":"gold"}})");
    const auto nothing = engine->enrich(asking(404));
    EXPECT_EQ(nothing->outcome("user")->outcome, Outcome::no_match);
    EXPECT_EQ(nothing->to_json(), R"({"id":404})");
  }
  EXPECT_EQ(requests_at(server), 2u);
  const EngineMetrics metrics = engine->metrics();
  const LookupMetrics& lookup = *metrics.enrichers.at(0).lookup;
  EXPECT_EQ(lookup.misses, 2u);
  EXPECT_EQ(lookup.hits, 4u);
  EXPECT_EQ(lookup.hits_not_found, 4u);
}

TEST_F(EngineLookups, calls_that_do_not_wait_are_answered_by_one_request) {
  ScriptedServer server({answering("gold", wait_for_go)});
  Registry registry;
  add_http(registry, url_of(server));
  const auto engine = engine_of(registry, {"user"});
  std::vector<std::promise<std::string>> answers(10);
  for (auto& answer : answers) {
    engine->enrich_async(
        asking(7), [&answer](Result<EnrichedEvent> event) { answer.set_value(event->to_json()); });
  }
  server.wait_for_received("\r\n\r\n");
  server.let_go();
  for (auto& answer : answers) {
    EXPECT_EQ(answer.get_future().get(), R"({"id":7,"user":{"plan":"gold"}})");
  }
  EXPECT_EQ(requests_at(server), 1u);
}

TEST_F(EngineLookups, two_engines_share_neither_answers_nor_connections) {
  const ScriptedServer server({answering("gold")});
  Registry registry;
  add_http(registry, url_of(server));
  auto first = engine_of(registry, {"user"});
  const auto second = engine_of(registry, {"user"});
  for (int call = 0; call < 3; ++call) {
    EXPECT_EQ(enriched(*first, 7), enriched(*second, 7));
  }
  EXPECT_EQ(requests_at(server), 2u);
  EXPECT_EQ(server.connections(), 2u);
  EXPECT_TRUE(first->close(kLong).complete());
  first.reset();
  server.wait_for_ended(1);
  EXPECT_EQ(enriched(*second, 8), R"({"id":8,"user":{"plan":"gold"}})");
  EXPECT_EQ(server.connections(), 2u);
}

// --- the end, and changes

TEST_F(EngineLookups, a_request_that_is_under_way_may_end_before_the_engine_does) {
  ScriptedServer server({answering("gold", wait_for_go)});
  Registry registry;
  add_http(registry, url_of(server));
  const auto engine = engine_of(registry, {"user"});
  auto waiting = std::async(std::launch::async, [&] { return enriched(*engine, 7); });
  server.wait_for_received("\r\n\r\n");
  auto closing = std::async(std::launch::async, [&] { return engine->close(kLong).complete(); });
  server.let_go();
  EXPECT_TRUE(closing.get());
  EXPECT_EQ(waiting.get(), R"({"id":7,"user":{"plan":"gold"}})");
}

TEST_F(EngineLookups, an_engine_that_is_closed_leaves_no_request_behind) {
  const auto descriptors = open_descriptors();
  {
    const ScriptedServer server({[](Peer& peer) { peer.hang(); }});
    Registry registry;
    add_http(registry, url_of(server));
    auto engine = engine_of(registry, {"user"});
    auto waiting = std::async(std::launch::async, [&] { return engine->enrich(asking(7)); });
    server.wait_for_received("\r\n\r\n");
    EXPECT_TRUE(engine->close(0ms).complete());
    const auto event = waiting.get();
    EXPECT_EQ(event->outcome("user")->outcome, Outcome::cancelled);
    EXPECT_FALSE(engine->enrich(asking(7)).has_value());
    engine.reset();
    server.wait_for_ended(1);  // its connection is closed
    EXPECT_EQ(event->to_json(), R"({"id":7})");
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(EngineLookups, a_request_ends_on_its_plan_while_the_next_one_asks_elsewhere) {
  ScriptedServer before({answering("gold", wait_for_go)});
  const ScriptedServer after({answering("silver")});
  Registry registry;
  add_http(registry, url_of(before));
  const auto engine = engine_of(registry, {"user"});
  auto begun = std::async(std::launch::async, [&] { return enriched(*engine, 7); });
  before.wait_for_received("\r\n\r\n");
  registry.clear();
  add_http(registry, url_of(after));
  for (int call = 0; call < 3; ++call) {
    EXPECT_EQ(enriched(*engine, 7), R"({"id":7,"user":{"plan":"silver"}})");
  }
  before.let_go();
  EXPECT_EQ(begun.get(), R"({"id":7,"user":{"plan":"gold"}})");
  EXPECT_EQ(enriched(*engine, 7), R"({"id":7,"user":{"plan":"silver"}})");
  EXPECT_EQ(requests_at(before), 1u);
  EXPECT_EQ(requests_at(after), 1u);
  before.wait_for_ended(1);  // with the plan its connection goes
}

// --- servers that users have

TEST_F(EngineLookups, keys_of_many_events_are_asked_for_once_at_services_that_are_asked_together) {
  if (!Nginx::is_installed()) GTEST_SKIP() << "nginx is not installed";
  if (find_enricher_kind("redis") == nullptr) GTEST_SKIP() << "redis is not built in";
  LOGBRAID_NEEDS_REDIS();
  const Nginx nginx("location /users/ { return 200 '{\"plan\":\"$request_uri\"}'; }\n");
  const RedisServer redis;
  constexpr int kKeys = 10;
  for (int key = 0; key < kKeys; ++key) {
    redis.run({"SET", "host:" + std::to_string(key), "h" + std::to_string(key)});
  }
  Registry registry;
  add_http(registry, nginx.url());
  add(registry, "host", "redis",
      Setting::map({{"url", redis.socket_url()}, {"key", "host:{{id}}"}, {"output", "host"}}));
  const auto engine = engine_of(registry, {"user", "host"});
  for (int call = 0; call < 2; ++call) {
    std::vector<OwnedEvent> events;
    for (int i = 0; i < 100; ++i) events.push_back(asking(i % kKeys));
    const auto together = engine->enrich(std::move(events));
    ASSERT_TRUE(together.has_value());
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(i % kKeys);
      EXPECT_EQ((*together)[static_cast<std::size_t>(i)].to_json(),
                "{\"id\":" + key + ",\"user\":{\"plan\":\"/users/" + key + "\"},\"host\":\"h" +
                    key + "\"}");
    }
  }
  for (const EngineMetrics::Enricher& each : engine->metrics().enrichers) {
    EXPECT_EQ(each.lookup->misses, 10u) << each.name;
    EXPECT_EQ(each.lookup->keys, 10u) << each.name;
    EXPECT_EQ(each.lookup->hits + each.lookup->joined, 190u) << each.name;
  }
  EXPECT_TRUE(engine->close(kLong).complete());
}

}  // namespace
}  // namespace logbraid::test
