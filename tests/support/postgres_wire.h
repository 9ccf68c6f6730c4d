// What a PostgreSQL says and is told, for scripts that speak as one: version 3 of its protocol
// (PostgreSQL's documentation, chapter 55).
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/scripted_server.h"

namespace logbraid::test::postgres_wire {

using Peer = ScriptedServer::Peer;

inline std::string int32(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}
inline std::string int16(std::uint16_t number) { return int32(number).substr(2); }

inline std::string message(char type, const std::string& body) {
  return type + int32(static_cast<std::uint32_t>(body.size()) + 4) + body;
}

inline const std::string kReady = message('Z', "I");
// One column `a`, text.
inline const std::string kColumns =
    message('T', int16(1) + "a" + '\0' + int32(0) + int16(0) + int32(25) + int16(0xffff) +
                     int32(~0u) + int16(0));
inline const std::string kPrepared =
    message('1', "") + message('t', int16(1) + int32(25)) + kColumns;
inline const std::string kBound = message('2', "") + kColumns;

inline std::string data_row(const std::string& value) {
  return message('D', int16(1) + int32(static_cast<std::uint32_t>(value.size())) + value);
}
inline std::string error(const std::string& severity, const std::string& state,
                         const std::string& text) {
  return message('E', "S" + severity + '\0' + "V" + severity + '\0' + "C" + state + '\0' + "M" +
                          text + '\0' + '\0');
}
inline const std::string kDone = message('C', std::string("SELECT 1") + '\0') + kReady;

inline void read_start(Peer& peer) {
  const std::string size = peer.read_exactly(4);
  peer.read_exactly(static_cast<unsigned char>(size[3]) +
                    256u * static_cast<unsigned char>(size[2]) - 4u);
}
inline void welcome(Peer& peer) {
  read_start(peer);
  peer.write(message('R', int32(0)) + message('K', int32(1) + int32(2)) + kReady);
}
inline void read_query(Peer& peer) { peer.read_until(std::string("S\0\0\0\4", 5)); }

}  // namespace logbraid::test::postgres_wire
