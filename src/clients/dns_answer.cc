#include "clients/dns_answer.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/json_text.h"

namespace logbraid {
namespace {

constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kSoa = 6;
constexpr std::uint16_t kInternet = 1;
constexpr std::uint16_t kCutOff = 0x0200;  // of the flags: TC
constexpr std::size_t kMostName = 255;     // bytes on the wire
constexpr std::size_t kHeader = 12;        // in front of the question; there is no name in it

// Reads numbers and names from a packet; what lies beyond its end is 0, and said so.
class PacketReader {
 public:
  explicit PacketReader(std::span<const std::uint8_t> packet) : packet_(packet) {}

  bool broken() const { return broken_; }
  std::size_t place() const { return at_; }
  void go_to(std::size_t place) {
    if (place > packet_.size()) broken_ = true;
    at_ = place;
  }
  std::uint8_t byte() {
    if (at_ >= packet_.size()) {
      broken_ = true;
      return 0;
    }
    return packet_[at_++];
  }
  std::uint16_t two() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::uint32_t four() {
    const std::uint32_t high = two();
    return high << 16 | two();
  }
  std::string_view bytes(std::size_t size) {
    if (broken_ || packet_.size() - at_ < size) {
      broken_ = true;
      return {};
    }
    const auto* const begin = reinterpret_cast<const char*>(packet_.data() + at_);
    at_ += size;
    return {begin, size};
  }
  // A name as people write it, in small letters and without its last dot. What is no letter, digit,
  // hyphen or underscore is escaped (RFC 4343, 2.1), so that text stays text.
  std::string name();

 private:
  std::span<const std::uint8_t> packet_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

void append_label(std::string& name, std::string_view label) {
  if (!name.empty()) name += '.';
  for (const char c : label) {
    if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
      name += c;
    } else {
      fmt::format_to(std::back_inserter(name), "\\{:03}", static_cast<unsigned char>(c));
    }
  }
}

std::string PacketReader::name() {
  std::string name;
  std::size_t behind = 0;   // of the name where it stands; 0: no jump yet
  std::size_t least = at_;  // a jump goes to before this: back and back, so it ends
  std::size_t length = 1;
  for (;;) {
    const std::uint8_t size = byte();
    if (broken_ || size == 0) break;
    if ((size & 0xc0u) == 0xc0u) {
      const std::size_t target = (size & 0x3fu) << 8 | byte();
      if (behind == 0) behind = at_;
      if (target >= least || target < kHeader) broken_ = true;
      if (broken_) break;
      least = target;
      at_ = target;
      continue;
    }
    length += size + 1u;
    if (size > 63 || length > kMostName) {
      broken_ = true;
      break;
    }
    append_label(name, bytes(size));
  }
  if (behind != 0) at_ = behind;
  return name;
}

struct Record {
  std::string owner;
  std::uint16_t type;
  std::uint16_t domain;  // CLASS
  std::uint32_t ttl;
  std::size_t data;
  std::size_t size;
};

Record read_record(PacketReader& reader) {
  Record record{};
  record.owner = reader.name();
  record.type = reader.two();
  record.domain = reader.two();
  record.ttl = reader.four();
  if (record.ttl > INT32_MAX) record.ttl = 0;  // RFC 2181, 8
  record.size = reader.two();
  record.data = reader.place();
  reader.bytes(record.size);
  return record;
}

std::string address_text(int family, std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

// What a record says; a broken one breaks the reader.
std::string value_of(PacketReader reader, const Record& record, bool& broken) {
  reader.go_to(record.data);
  std::string value;
  switch (static_cast<DnsType>(record.type)) {
    case DnsType::a:
      broken = broken || record.size != 4;
      if (!broken) value = address_text(AF_INET, reader.bytes(4));
      break;
    case DnsType::aaaa:
      broken = broken || record.size != 16;
      if (!broken) value = address_text(AF_INET6, reader.bytes(16));
      break;
    case DnsType::ptr:
      value = reader.name();
      broken = broken || reader.broken() || reader.place() > record.data + record.size;
      break;
    case DnsType::txt: {
      std::string bytes;  // strings of up to 255 bytes, which are one text (RFC 7208, 3.3)
      while (!reader.broken() && reader.place() < record.data + record.size) {
        bytes += reader.bytes(reader.byte());
      }
      broken = broken || reader.broken() || reader.place() != record.data + record.size;
      append_valid_utf8(value, bytes);
      break;
    }
  }
  return value;
}

Duration kept(std::uint32_t seconds) {
  return std::min<Duration>(std::chrono::seconds(seconds), DnsAnswer::kLongest);
}

// Of the zone that says there is none: the lesser of the record's own time and its MINIMUM.
std::optional<Duration> negative_ttl(PacketReader reader, unsigned records) {
  for (unsigned i = 0; i < records && !reader.broken(); ++i) {
    const Record record = read_record(reader);
    if (reader.broken() || record.type != kSoa || record.size < 22) continue;
    PacketReader data = reader;
    data.go_to(record.data + record.size - 4);
    return kept(std::min(record.ttl, data.four()));
  }
  return std::nullopt;
}

DnsAnswer malformed(std::string_view why) {
  DnsAnswer answer;
  answer.why = why;
  return answer;
}

std::string_view refusal(unsigned code) {
  switch (code) {
    case 1:
      return "FORMERR: the server does not understand the question";
    case 2:
      return "SERVFAIL: the server failed";
    case 4:
      return "NOTIMP: the server does not answer such questions";
    case 5:
      return "REFUSED: the server does not answer us";
    default:
      return "the server answers with an error";
  }
}

}  // namespace

DnsAnswer DnsAnswer::read(std::span<const std::uint8_t> packet, DnsType type) {
  constexpr std::string_view kBroken = "the packet ends early or a name in it is broken";
  PacketReader reader(packet);
  reader.two();  // its number: c-ares has looked at it
  const std::uint16_t flags = reader.two();
  const unsigned questions = reader.two();
  const unsigned answers = reader.two();
  const unsigned authorities = reader.two();
  reader.two();
  if (reader.broken() || (flags & 0x8000u) == 0 || questions != 1) {
    return malformed("the packet is no answer to one question");
  }
  // c-ares asks again over TCP where that stands in a packet over UDP; so it comes from there.
  if ((flags & kCutOff) != 0) return malformed("the answer is cut off, over TCP too");
  std::string name = reader.name();
  reader.four();
  std::vector<Record> records;
  for (unsigned i = 0; i < answers && !reader.broken(); ++i) records.push_back(read_record(reader));
  if (reader.broken()) return malformed(kBroken);

  DnsAnswer answer;
  const unsigned code = flags & 0xfu;
  if (code != 0 && code != 3) {
    answer.kind = Kind::refused;
    answer.why = refusal(code);
    return answer;
  }
  const auto find = [&](std::uint16_t wanted) {
    return std::ranges::find_if(records, [&](const Record& record) {
      return record.type == wanted && record.domain == kInternet && record.owner == name;
    });
  };
  std::uint32_t ttl = UINT32_MAX;
  int aliases = 0;
  for (auto alias = find(kCname); alias != records.end(); alias = find(kCname)) {
    if (++aliases > kMostAliases) return malformed("names lead to names without end (CNAME)");
    ttl = std::min(ttl, alias->ttl);
    PacketReader data = reader;
    data.go_to(alias->data);
    name = data.name();
    if (data.broken()) return malformed(kBroken);
  }
  bool broken = false;
  for (const Record& record : records) {
    const bool counts = record.type == static_cast<std::uint16_t>(type) &&
                        record.domain == kInternet && record.owner == name;
    if (!counts) continue;
    ttl = std::min(ttl, record.ttl);
    answer.values.push_back(value_of(reader, record, broken));
  }
  if (broken) return malformed("a record in the packet is broken");
  if (!answer.values.empty()) {
    answer.kind = Kind::found;
    answer.ttl = kept(ttl);
  } else {
    answer.kind = Kind::not_found;
    answer.ttl = negative_ttl(reader, authorities);
    if (answer.ttl && aliases != 0) answer.ttl = std::min(*answer.ttl, kept(ttl));
  }
  return answer;
}

std::string reverse_name(const IpAddress& address) {
  std::string name;
  const auto to = std::back_inserter(name);
  if (address.is_v4) {
    for (std::size_t i = 4; i-- > 0;) fmt::format_to(to, "{}.", address.bytes[i]);
    return name + "in-addr.arpa";
  }
  for (std::size_t i = 16; i-- > 0;) {
    fmt::format_to(to, "{:x}.{:x}.", address.bytes[i] & 0xfu, address.bytes[i] >> 4);
  }
  return name + "ip6.arpa";
}

}  // namespace logbraid
