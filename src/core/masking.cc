#include "core/masking.h"

#include <algorithm>
#include <array>

namespace logbraid {
namespace {

bool is_secret_parameter(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames = {"password", "passwd",  "secret",
                                                             "token",    "api_key", "access_key"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view secret) {
    return std::equal(name.begin(), name.end(), secret.begin(), secret.end(), [](char a, char b) {
      return a == b || (a >= 'A' && a <= 'Z' && a + 32 == b);
    });
  });
}

constexpr std::string_view kUriEnds = " \t\r\n\"'<>";
// An authority longer than this is none.
constexpr std::size_t kLongestAuthority = 1024;

// How far the authority at the start of `text` goes: to the first of /?#, unless an @ follows in
// the path, or behind a blank: then a password had that sign in it, and is better masked too far
// than not at all.
std::size_t authority_size(std::string_view text) {
  text = text.substr(0, kLongestAuthority);
  const std::string_view word = text.substr(0, text.find_first_of(kUriEnds));
  const std::size_t size = std::min(word.find_first_of("/?#"), word.size());
  if (word.find(':') < size && word.find('@') == std::string_view::npos) {
    const std::size_t at = text.substr(0, text.find_first_of("\r\n")).find('@');
    if (at != std::string_view::npos && word.find('?') > at) return at + 1;
  }
  const std::size_t at = word.rfind('@', word.find('?'));
  return at != std::string_view::npos && at > size ? at + 1 : size;
}

// `user:password@host:port` with the password masked.
void append_authority(std::string& out, std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon > at) {
    out += authority;
    return;
  }
  out.append(authority.substr(0, colon + 1)).append(kMask).append(authority.substr(at));
}

// ?password=x and &token=x, wherever they stand.
std::string mask_parameters(std::string_view text) {
  std::string out;
  for (std::size_t start = text.find_first_of("?&"); start != std::string_view::npos;
       start = text.find_first_of("?&")) {
    out += text.substr(0, start + 1);
    text.remove_prefix(start + 1);
    const std::size_t name = std::min(text.find_first_of("=?&#"), text.size());
    out += text.substr(0, name);
    const bool secret =
        name < text.size() && text[name] == '=' && is_secret_parameter(text.substr(0, name));
    text.remove_prefix(name);
    if (!secret) continue;
    const std::size_t end =
        std::min({text.find('&'), text.find('#'), text.find_first_of(kUriEnds), text.size()});
    out.append("=").append(kMask);
    text.remove_prefix(end);
  }
  return out.append(text);
}

}  // namespace

std::string mask_passwords(std::string_view text) {
  std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::string(text);
  std::string out;
  for (; scheme != std::string_view::npos; scheme = text.find("://")) {
    out += text.substr(0, scheme + 3);
    text.remove_prefix(scheme + 3);
    const std::size_t size = authority_size(text);
    append_authority(out, text.substr(0, size));
    text.remove_prefix(size);
  }
  return mask_parameters(out.append(text));
}

}  // namespace logbraid
