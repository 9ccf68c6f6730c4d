#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logbraid {

// Where the value of a field is put, and so what it must not say there: the text around it is the
// configuration's, the value anybody's.
enum class KeyEscape : std::uint8_t {
  none,         // as it is: what takes any bytes (a Redis key, an SQL parameter, an argument)
  url_path,     // percent-encoded, never a segment `.` or `..`, never empty
  url_query,    // percent-encoded
  json_string,  // the content of a JSON string
  dns_label,    // refused unless it is letters, digits, hyphens and underscores
};

// Appends `text` with every byte but the unreserved ones of RFC 3986 (letters, digits, - . _ ~)
// as %XX.
void append_percent_encoded(std::string& out, std::string_view text);

// Whether a server that tidies up paths would take a segment of `path` for "here" or "one up":
// `.`, `..`, also written %2e, also with parameters behind it (`..;x`).
bool has_dot_segment(std::string_view path);

// Whether `text` is one part of a name: letters, digits, hyphens, underscores.
bool has_only_label_characters(std::string_view text);
// Whether `name` has labels of 1 to 63 bytes, 253 in all (RFC 1035, 2.3.4), all of such characters;
// one dot may end it.
bool is_dns_name(std::string_view name);

}  // namespace logbraid
