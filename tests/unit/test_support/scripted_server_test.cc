#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace logbraid::test {
namespace {

// The other side.
class Caller {
 public:
  explicit Caller(std::uint16_t port, int flags = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    error_ = ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0
                 ? 0
                 : errno;
  }
  int error() const { return error_; }
  int socket() const { return socket_.get(); }
  void say(std::string_view text) {
    EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Up to `size` bytes; "<end>" and "<reset>" for what is no byte.
  std::string hear(std::size_t size) {
    std::string text(size, '\0');
    const ssize_t got = ::recv(socket_.get(), text.data(), size, 0);
    if (got < 0) return errno == ECONNRESET ? "<reset>" : "<error>";
    if (got == 0) return "<end>";
    text.resize(static_cast<std::size_t>(got));
    return text;
  }

 private:
  FileDescriptor socket_;
  int error_ = 0;
};

using Peer = ScriptedServer::Peer;

TEST(ScriptedServer, gives_each_connection_its_script_and_the_last_to_all_that_follow) {
  ScriptedServer server(
      {[](Peer& peer) { peer.write("first"); }, [](Peer& peer) { peer.write("later"); }});
  EXPECT_EQ(Caller(server.port()).hear(5), "first");
  EXPECT_EQ(Caller(server.port()).hear(5), "later");
  EXPECT_EQ(Caller(server.port()).hear(5), "later");
  server.wait_for_ended(3);
  EXPECT_EQ(server.connections(), 3u);
}

TEST(ScriptedServer, keeps_what_was_read_and_not_asked_for) {
  ScriptedServer server({[](Peer& peer) {
    const std::string line = peer.read_until("\n");
    peer.write("[" + line + peer.read_exactly(2) + "]");
  }});
  Caller caller(server.port());
  caller.say("one\ntwo");
  EXPECT_EQ(caller.hear(20), "[one\ntw]");
  EXPECT_EQ(server.received(), "one\ntwo");
}

TEST(ScriptedServer, drips_a_byte_each_time_it_is_let_go) {
  ScriptedServer server({[](Peer& peer) { peer.drip("abc"); }});
  Caller caller(server.port());
  for (const char* byte : {"a", "b", "c"}) {
    pollfd waited = {.fd = caller.socket(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&waited, 1, 0), 0);
    server.let_go();
    EXPECT_EQ(caller.hear(9), byte);
  }
  EXPECT_EQ(caller.hear(9), "<end>");
}

TEST(ScriptedServer, resets_and_half_closes) {
  ScriptedServer server({[](Peer& peer) {
                           peer.read_until("!");
                           peer.reset();
                         },
                         [](Peer& peer) {
                           peer.half_close();
                           peer.read_until("still heard");
                         }});
  Caller broken(server.port());
  broken.say("!");
  EXPECT_EQ(broken.hear(9), "<reset>");
  Caller half(server.port());
  EXPECT_EQ(half.hear(9), "<end>");
  half.say("still heard");
  server.wait_for_received("still heard");
}

TEST(ScriptedServer, ends_while_scripts_hang_write_and_wait) {
  ScriptedServer server({[](Peer& peer) { peer.hang(); }, [](Peer& peer) { peer.hang_deaf(); },
                         [](Peer& peer) { peer.write_for_ever("more"); },
                         [](Peer& peer) { peer.wait_for_go(); }});
  const Caller a(server.port());
  const Caller b(server.port());
  const Caller c(server.port());
  const Caller d(server.port());
  server.wait_for_connections(4);
}

TEST(ScriptedServer, a_bound_port_refuses_until_a_server_has_it) {
  BoundPort port;
  const std::uint16_t number = port.number();
  EXPECT_EQ(Caller(number).error(), ECONNREFUSED);
  const ScriptedServer server({[](Peer& peer) { peer.write("back"); }}, std::move(port));
  EXPECT_EQ(Caller(number).hear(4), "back");
}

TEST(ScriptedServer, a_hanging_port_takes_no_connection) {
  const HangingPort port;
  const Caller caller(port.number(), SOCK_NONBLOCK);
  EXPECT_EQ(caller.error(), EINPROGRESS);
  pollfd waited = {.fd = caller.socket(), .events = POLLOUT, .revents = 0};
  EXPECT_EQ(::poll(&waited, 1, 20), 0) << "it is connected";
}

}  // namespace
}  // namespace logbraid::test
