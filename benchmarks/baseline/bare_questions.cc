#include "benchmarks/baseline/bare_questions.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "benchmarks/support/rounds.h"
#include "support/file_descriptor.h"

namespace logbraid::bench {
namespace {

void append_label(std::string& packet, std::string_view label) {
  packet += static_cast<char>(label.size());
  packet += label;
}

std::string question(std::size_t number) {
  std::string packet;
  packet += static_cast<char>(number >> 8);
  packet += static_cast<char>(number);
  packet.append("\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);  // recursion desired; one question
  append_label(packet, "u" + std::to_string(number));
  append_label(packet, "people");
  append_label(packet, "example");
  packet.append("\x00\x00\x01\x00\x01", 5);  // A, IN
  return packet;
}

}  // namespace

double ask_bare_questions(std::uint16_t port, std::size_t questions, std::size_t at_once) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  require(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0 &&
              ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0,
          "a socket");
  const double start = wall_seconds();
  std::size_t asked = 0;
  for (std::size_t answered = 0; answered < questions; ++answered) {
    for (; asked < questions && asked - answered < at_once; ++asked) {
      const std::string packet = question(asked);
      require(::send(socket.get(), packet.data(), packet.size(), 0) > 0, "a question is sent");
    }
    char packet[512];
    const ssize_t size = ::recv(socket.get(), packet, sizeof packet, 0);
    require(size > 12 && (packet[3] & 15) == 0 && packet[7] == 1, "a question is answered");
  }
  return static_cast<double>(questions) / (wall_seconds() - start);
}

}  // namespace logbraid::bench
