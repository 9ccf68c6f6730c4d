#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/file_descriptor.h"

namespace logbraid::test {

// A TCP port of 127.0.0.1 that is ours, and where nobody listens: connections are refused until it
// is given to a ScriptedServer.
class BoundPort {
 public:
  BoundPort();

  std::uint16_t number() const { return number_; }
  const FileDescriptor& socket() const { return socket_; }

 private:
  FileDescriptor socket_;
  std::uint16_t number_ = 0;
};

// A port whose listener has no place for another connection: connecting takes for ever.
class HangingPort {
 public:
  HangingPort();

  std::uint16_t number() const { return port_.number(); }
  // For a ScriptedServer, which has place.
  BoundPort give() &&;

 private:
  BoundPort port_;
  std::vector<FileDescriptor> fill_;
};

// A service that does to each connection what a script says: faults that no real server has.
//
//   ScriptedServer server({[](ScriptedServer::Peer& peer) {
//     peer.read_until("\r\n\r\n");
//     peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
//   }});  // and then it closes: a truncated answer
//
// Threads:  one accepts, one runs for each connection; all functions from any thread.
// Lifetime: its end breaks what is open, and a script ends at its next word with its peer.
// Blocking: wait_for...() until it has come to that; after a minute the test fails.
class ScriptedServer {
 public:
  class Peer;
  using Script = std::function<void(Peer& peer)>;

  // The first connection gets the first script, and so on; the last is for all that follow. When a
  // script returns the connection is closed.
  explicit ScriptedServer(std::vector<Script> scripts, BoundPort port = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_.number(); }

  // Lets wait_for_go() and drip() of scripts pass so many times.
  void let_go(std::size_t times = 1);

  // All that scripts have read, in the order they read it.
  std::string received() const;
  // Until that much was read as to hold `text`; gives received().
  std::string wait_for_received(std::string_view text) const;
  std::size_t connections() const;
  void wait_for_connections(std::size_t count) const;
  // Until so many scripts have ended, since they were through or their peer had gone.
  void wait_for_ended(std::size_t count) const;

 private:
  struct Connection;

  void accept_all();
  void run(const Script& script, Connection& connection, std::size_t number);
  template <class Condition>
  void wait_until(std::unique_lock<std::mutex>& lock, const char* what, Condition condition) const;

  const std::vector<Script> scripts_;
  const BoundPort port_;
  mutable std::mutex mutex_;  // of all that follows
  mutable std::condition_variable changed_;
  bool closing_ = false;
  std::size_t go_ = 0;
  std::size_t ended_ = 0;
  std::string received_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread accepting_;
};

// What a script sees of its connection. Each function ends the script when the peer has gone or the
// server ends; they throw what only the server catches.
class ScriptedServer::Peer {
 public:
  // What came up to and including `end`; more of it is kept for the next read.
  std::string read_until(std::string_view end);
  std::string read_exactly(std::size_t size);
  void write(std::string_view bytes);
  // The same bytes again and again, until the peer has enough.
  void write_for_ever(std::string_view bytes);
  // A byte at each let_go().
  void drip(std::string_view bytes);
  void wait_for_go();
  // Nothing any more until the peer closes; what it says is read.
  void hang();
  // Nothing is read any more either.
  void hang_deaf();
  // No more comes from here; reading goes on.
  void half_close();
  // Ends the connection with an RST.
  void reset();

  std::size_t number() const { return number_; }  // of the connection, from 0
  int socket() const { return socket_; }          // for a script that speaks TLS

 private:
  friend class ScriptedServer;
  struct Gone {};
  Peer(ScriptedServer& server, int socket, std::size_t number)
      : server_(server), socket_(socket), number_(number) {}
  void read_more();

  ScriptedServer& server_;
  const int socket_;
  const std::size_t number_;
  std::string unread_;
};

}  // namespace logbraid::test
