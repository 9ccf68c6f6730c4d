#include "tests/support/faulty_service.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/support/postgres_wire.h"

namespace logbraid::test {
namespace {

namespace wire = postgres_wire;
using Peer = ScriptedServer::Peer;

void no_greeting(Peer&) {}

std::string http_settings(const std::string& port, bool over_tls, const std::string&) {
  return R"({"url": ")" + std::string(over_tls ? "https" : "http") + "://127.0.0.1:" + port +
         R"(/{{n}}", "fields": {"plan": "/plan"}, "max_reply": "64KiB"})";
}
std::size_t read_http(Peer& peer) {
  peer.read_until("\r\n\r\n");
  return 1;
}
void answer_http(Peer& peer, std::size_t, bool) {
  peer.write(http_reply("200 OK", R"({"plan":"x"})"));
}

std::string redis_settings(const std::string& port, bool over_tls,
                           const std::string& connect_timeout) {
  return R"({"url": ")" + std::string(over_tls ? "rediss" : "redis") +
         "://:secret@127.0.0.1:" + port +
         R"(", "key": "{{n}}", "output": "plan", "batch": {"max": 2}, "max_reply": "64KiB",)"
         R"( "connect_timeout": ")" +
         connect_timeout + "\"}";
}
// A command and its arguments.
std::vector<std::string> read_command(Peer& peer) {
  const auto read_number = [&peer] { return std::stoul(peer.read_until("\r\n").substr(1)); };
  std::vector<std::string> words(read_number());
  for (std::string& word : words) {
    word = peer.read_exactly(read_number());
    peer.read_exactly(2);
  }
  return words;
}
void greet_redis(Peer& peer) {
  EXPECT_EQ(read_command(peer).at(0), "AUTH");
  peer.write("+OK\r\n");
}
std::size_t read_redis(Peer& peer) { return read_command(peer).size() - 1; }
void answer_redis(Peer& peer, std::size_t keys, bool) {
  std::string reply = "*" + std::to_string(keys) + "\r\n";
  for (std::size_t i = 0; i < keys; ++i) reply += "$1\r\nx\r\n";
  peer.write(reply);
}

std::string postgres_settings(const std::string& port, bool over_tls,
                              const std::string& connect_timeout) {
  return R"({"url": "postgresql://reader:x@127.0.0.1:)" + port +
         "/db?sslmode=" + (over_tls ? "require" : "disable") +
         R"(", "query": "select a from t where a = $1", "parameters": ["{{n}}"],)"
         R"( "fields": {"plan": "a"}, "max_reply": "64KiB", "connect_timeout": ")" +
         connect_timeout + "\"}";
}
std::size_t read_postgres(Peer& peer) {
  wire::read_query(peer);
  return 1;
}
void answer_postgres(Peer& peer, std::size_t, bool is_first) {
  peer.write((is_first ? wire::kPrepared : "") + wire::kBound + wire::data_row("x") + wire::kDone);
}

}  // namespace

constexpr Service kHttpService{"http", http_settings, no_greeting, read_http, answer_http};
constexpr Service kRedisService{"redis", redis_settings, greet_redis, read_redis, answer_redis};
constexpr Service kPostgresService{"postgres", postgres_settings, wire::welcome, read_postgres,
                                   answer_postgres};

std::string http_reply(std::string_view status, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

FaultyService::FaultyService(const Service& service, Where where, ScriptedServer::Script script)
    : service_(service), where_(where), script_(std::move(script)) {
  if (where == Where::refuses) {
    port_ = refusing_.emplace().number();
  } else if (where == Where::unreachable) {
    port_ = hanging_.emplace().number();
  } else {
    listen(BoundPort());
  }
}

std::string FaultyService::settings(const std::string& connect_timeout) const {
  return service_.settings(std::to_string(port_), where_ == Where::tls, connect_timeout);
}

void FaultyService::let_go(std::size_t bytes) {
  if (server_) server_->let_go(bytes);
}

void FaultyService::become_well() {
  well_ = true;
  if (refusing_) listen(*std::move(refusing_));
  if (hanging_) listen(std::move(*hanging_).give());
}

void FaultyService::listen(BoundPort port) {
  port_ = port.number();
  server_.emplace(std::vector<ScriptedServer::Script>{[this](Peer& peer) { serve(peer); }},
                  std::move(port));
}

void FaultyService::serve(Peer& peer) {
  if (where_ == Where::tls || (where_ == Where::connection && !well_)) return script_(peer);
  service_.greet(peer);
  for (bool is_first = true;; is_first = false) {
    const std::size_t keys = service_.read_request(peer);
    if (where_ == Where::request && !well_) {
      script_(peer);
    } else {
      service_.answer(peer, keys, is_first);
    }
  }
}

}  // namespace logbraid::test
