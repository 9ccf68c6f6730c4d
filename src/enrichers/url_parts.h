#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "logbraid/arena.h"

namespace logbraid {

// A URL or request target, cut at its delimiters (RFC 3986, appendix B) and no further: what
// servers log is often no valid URL, and every text has parts. Views of the text.
//
// There is an authority only behind `scheme://`: `//x/y` in a log is a path with two slashes.
// User names and passwords are passed over.
struct UrlParts {
  std::string_view scheme;
  std::string_view host;  // IPv6 without its brackets
  std::optional<std::uint16_t> port;
  std::string_view path;
  std::string_view extension;  // of the path's last segment: "png"; up to 16 letters and digits
  std::string_view query;      // without the question mark
  std::string_view fragment;
  bool has_query = false;
};

UrlParts split_url(std::string_view url);

// A query's parameters in their order; empty ones ("&&", "=x") are passed over.
class QueryWalk {
 public:
  explicit QueryWalk(std::string_view query) : rest_(query) {}
  bool next();

  std::string_view name() const { return name_; }    // as it stands
  std::string_view value() const { return value_; }  // as it stands; empty without a `=`

 private:
  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
};

// `text` with `%41` and `+` decoded. A broken escape stays as it is; bytes that are no UTF-8
// afterwards become U+FFFD. `text` itself where nothing is to decode.
std::string_view decode_parameter(std::string_view text, Arena& arena);

}  // namespace logbraid
