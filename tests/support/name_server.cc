#include "tests/support/name_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace logbraid::test {
namespace {

std::string two(std::uint32_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}
std::string four(std::uint32_t number) { return two(number >> 16) + two(number); }

constexpr std::size_t kHeader = 12;

}  // namespace

DnsPacket::DnsPacket(std::string_view query, std::uint16_t flags)
    : header_(std::string(query.substr(0, 2)) + two(flags)) {
  std::size_t end = kHeader;
  while (end < query.size() && query[end] != 0) end += static_cast<unsigned char>(query[end]) + 1u;
  question_ = query.substr(kHeader, end + 5 - kHeader);
}

std::string DnsPacket::name(std::string_view text) {
  std::string wire;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  return wire + '\0';
}

std::string DnsPacket::question(std::string_view name_text, std::uint16_t type) {
  return two(1) + two(0x0100) + two(1) + four(0) + two(0) + name(name_text) + two(type) + two(1);
}

void DnsPacket::record(std::string_view owner, std::uint16_t type, std::uint32_t ttl,
                       std::string_view data) {
  records_ += name(owner) + two(type) + two(1) + four(ttl) +
              two(static_cast<std::uint32_t>(data.size())) + std::string(data);
}

DnsPacket& DnsPacket::answer(std::string_view owner, std::uint16_t type, std::uint32_t ttl,
                             std::string_view data) {
  record(owner, type, ttl, data);
  ++answers_;
  return *this;
}

DnsPacket& DnsPacket::zone(std::string_view owner, std::uint32_t ttl, std::uint32_t minimum) {
  const std::string times = four(1) + four(2) + four(3) + four(4) + four(minimum);
  record(owner, 6, ttl, name("ns.example") + name("admin.example") + times);
  ++authorities_;
  return *this;
}

std::string DnsPacket::bytes() const {
  return header_ + two(1) + two(answers_) + two(authorities_) + two(0) + question_ + records_;
}

NameServer::NameServer(Script script, std::uint16_t port)
    : script_(std::move(script)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "name server");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

NameServer::~NameServer() {
  ::shutdown(socket_.get(), SHUT_RDWR);  // recvfrom() gives 0
  thread_.join();
}

void NameServer::serve() {
  std::array<char, 65536> buffer;
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    const ssize_t got = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&peer), &size);
    if (got <= 0) return;
    for (const std::string& reply : script_({buffer.data(), static_cast<std::size_t>(got)})) {
      ::sendto(socket_.get(), reply.data(), reply.size(), MSG_NOSIGNAL,
               reinterpret_cast<sockaddr*>(&peer), size);
    }
  }
}

}  // namespace logbraid::test
