#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "clients/postgres_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/postgres_wire.h"
#include "tests/support/scripted_server.h"

// A client with one connection, of a server that a script plays.
namespace logbraid::test::postgres_setup {

using namespace postgres_wire;

// Answers each query with one row, for ever.
inline void good(Peer& peer) {
  welcome(peer);
  read_query(peer);
  peer.write(kPrepared + kBound + data_row("x") + kDone);
  for (;;) {
    read_query(peer);
    peer.write(kBound + data_row("x") + kDone);
  }
}

struct Limits {
  Duration open_within = std::chrono::seconds(30);
  Duration timeout = std::chrono::seconds(30);
  Duration idle_timeout = std::chrono::minutes(5);
  std::string more = "?sslmode=disable";
};

inline ClientDriver::MakeClient client_of(std::uint16_t port, const Limits& limits = {}) {
  auto target = PostgresTarget::parse(
      "postgresql://reader:x@127.0.0.1:" + std::to_string(port) + "/db" + limits.more, "");
  PostgresStatement statement;
  statement.text = "select a from t where a = $1";
  auto options = std::make_shared<PostgresOptions>(
      target.value(), statement, KeySpec({KeyTemplate::parse("{{a}}", KeyEscape::none).value()}));
  options->connections = 1;
  options->open_within = limits.open_within;
  options->idle_timeout = limits.idle_timeout;
  options->max_reply = 4096;
  return [options](const LookupSurroundings& around) {
    return std::make_unique<PostgresClient>(options, around);
  };
}

}  // namespace logbraid::test::postgres_setup
