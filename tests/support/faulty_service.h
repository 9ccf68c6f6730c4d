#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/scripted_server.h"

namespace logbraid::test {

// What one kind of look-up asks, and how a service answers it that is well: every key has the
// answer "x".
struct Service {
  const char* kind;
  // Of an enricher that asks about the field `n` and sets `plan`, as JSON. A client without a limit
  // of its own for connecting takes none.
  std::string (*settings)(const std::string& port, bool over_tls,
                          const std::string& connect_timeout);
  void (*greet)(ScriptedServer::Peer& peer);
  std::size_t (*read_request)(ScriptedServer::Peer& peer);  // gives how many keys it is about
  void (*answer)(ScriptedServer::Peer& peer, std::size_t keys, bool is_first);
};
extern const Service kHttpService;
extern const Service kRedisService;
extern const Service kPostgresService;

std::string http_reply(std::string_view status, std::string_view body);

// A service that is not well until it is told to be.
//
// Threads:  one, beside those of its server.
// Lifetime: its end breaks what is open.
class FaultyService {
 public:
  // Where the script takes the place of what a service does that is well.
  enum class Where {
    refuses,      // nobody listens: there is no script
    unreachable,  // connecting takes for ever: there is none either
    tls,          // instead of a handshake; also when it is well, since no script speaks TLS
    connection,   // instead of a greeting
    request,      // instead of an answer
  };
  FaultyService(const Service& service, Where where, ScriptedServer::Script script);

  std::string settings(const std::string& connect_timeout) const;
  // Bytes of a script that drips.
  void let_go(std::size_t bytes);
  // From the next request on, or the next connection.
  void become_well();
  std::size_t connections() const { return server_->connections(); }

 private:
  void listen(BoundPort port);
  void serve(ScriptedServer::Peer& peer);

  const Service& service_;
  const Where where_;
  const ScriptedServer::Script script_;
  std::atomic<bool> well_{false};
  std::uint16_t port_ = 0;
  std::optional<BoundPort> refusing_;
  std::optional<HangingPort> hanging_;
  std::optional<ScriptedServer> server_;  // first to go: its scripts use the above
};

}  // namespace logbraid::test
