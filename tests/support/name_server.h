#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/file_descriptor.h"

namespace logbraid::test {

// Packets of the domain name system, made by hand: also those that no server sends.
//
//   DnsPacket(query).answer("www.example", 1, 60, {192, 0, 2, 1}).bytes()
class DnsPacket {
 public:
  // A reply to that question; `flags`: 0x8180 is an answer of a resolver, its last four bits are
  // the code of an error.
  explicit DnsPacket(std::string_view query, std::uint16_t flags = 0x8180);

  // Into the answer; type 1 is A, 5 CNAME, 12 PTR, 16 TXT, 28 AAAA.
  DnsPacket& answer(std::string_view owner, std::uint16_t type, std::uint32_t ttl,
                    std::string_view data);
  // Into the authority: SOA with this MINIMUM.
  DnsPacket& zone(std::string_view owner, std::uint32_t ttl, std::uint32_t minimum);
  std::string bytes() const;

  static std::string name(std::string_view text);  // on the wire
  // A question for c-ares' eyes: number 1.
  static std::string question(std::string_view name, std::uint16_t type);

 private:
  void record(std::string_view owner, std::uint16_t type, std::uint32_t ttl, std::string_view data);

  std::string header_;  // number and flags
  std::string question_;
  std::string records_;
  std::uint16_t answers_ = 0;
  std::uint16_t authorities_ = 0;
};

// A name server on a port of 127.0.0.1, over UDP, that answers each question with what the script
// gives: any packets, none for silence. What it gives for TCP is in the TCP test's own server.
//
// Threads: the script runs on a thread of its own.
class NameServer {
 public:
  using Script = std::function<std::vector<std::string>(const std::string& query)>;

  // `port` 0: a free one.
  explicit NameServer(Script script, std::uint16_t port = 0);
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void serve();

  const Script script_;
  FileDescriptor socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace logbraid::test
