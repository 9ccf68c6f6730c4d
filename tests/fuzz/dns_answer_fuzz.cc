// Packets as no name server would send them. Whatever is read is text, has a time, and comes from
// the packet alone. A first byte chooses the type that was asked for.
#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clients/dns_answer.h"
#include "format/structural_index.h"
#include "tests/fuzz/demand.h"

namespace {

using namespace logbraid;
using Kind = DnsAnswer::Kind;
using test::expect;

bool same(const DnsAnswer& a, const DnsAnswer& b) {
  return a.kind == b.kind && a.values == b.values && a.ttl == b.ttl && a.why == b.why;
}

bool is_address(int family, const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(family, text.c_str(), bytes) == 1;
}

// Labels of letters, digits, hyphens, underscores and escapes; each byte of a name is four at most.
bool is_name(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (kPlain.find(text[i]) == std::string_view::npos) return false;
      continue;
    }
    const std::string_view code = text.substr(i + 1, 3);
    if (code.size() != 3 || code.find_first_not_of("0123456789") != std::string_view::npos ||
        code > "255") {
      return false;
    }
    i += 3;
  }
  return text.size() <= 4 * 255;
}

void check_value(DnsType type, const std::string& value) {
  switch (type) {
    case DnsType::a:
      expect(is_address(AF_INET, value));
      break;
    case DnsType::aaaa:
      expect(is_address(AF_INET6, value));
      break;
    case DnsType::ptr:
      expect(is_name(value));
      break;
    case DnsType::txt:
      expect(is_utf8(value));
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr DnsType kTypes[] = {DnsType::a, DnsType::ptr, DnsType::txt, DnsType::aaaa};
  const DnsType type = kTypes[data[0] % 4];
  const DnsAnswer answer = DnsAnswer::read({data + 1, size - 1}, type);

  expect((answer.kind == Kind::found) == !answer.values.empty());
  expect((answer.kind == Kind::refused || answer.kind == Kind::malformed) == !answer.why.empty());
  expect(answer.kind != Kind::found || answer.ttl.has_value());
  if (answer.ttl) expect(*answer.ttl >= Duration::zero() && *answer.ttl <= DnsAnswer::kLongest);
  for (const std::string& value : answer.values) check_value(type, value);

  // What stands behind the packet, and its number, say nothing.
  std::vector<std::uint8_t> packet(data + 1, data + size);
  if (packet.size() >= 2) packet[0] = static_cast<std::uint8_t>(~packet[0]);
  expect(same(DnsAnswer::read(packet, type), answer));
  packet.push_back(0);
  if (answer.kind == Kind::malformed) return 0;
  // But for the time of "there is none": it may stand in a record that lacked this byte.
  DnsAnswer longer = DnsAnswer::read(packet, type);
  if (answer.kind == Kind::not_found) longer.ttl = answer.ttl;
  expect(same(longer, answer));
  return 0;
}
