#include "format/builtin.h"

#include <array>

#include "format/combined_reader.h"
#include "format/json_reader.h"
#include "format/text_reader.h"

namespace logbraid {
namespace {

template <class R>
std::unique_ptr<Reader> make() {
  return std::make_unique<R>();
}

constexpr std::array kFormats = {
    FormatKind{"json", "one JSON object a line",
               "The members of the object are the fields, in their order and with their spelling. "
               "Refused are lines that are no JSON object, over 1 MiB, with more than 4,096 "
               "members or more than 64 levels.",
               true, make<JsonReader>},
    FormatKind{"combined", "access log of a web server, combined or common log format",
               "Fields: client_ip, ident, user, time (as written), timestamp (RFC 3339), method, "
               "path (with its query), protocol, status, bytes, referer, user_agent; request "
               "instead of method, path and protocol where the request line has other parts; "
               "forwarded_for for one more column in quotes, extra for any others. What the log "
               "has as a dash is left out.",
               false, make<CombinedReader>},
    FormatKind{"text", "any text, a line an event",
               "One field, message: the line. Refused are lines that are not UTF-8 or over 1 MiB.",
               false, make<TextReader>},
};

}  // namespace

std::span<const FormatKind> builtin_formats() { return kFormats; }

std::unique_ptr<Reader> make_reader(std::string_view format) {
  for (const FormatKind& kind : kFormats) {
    if (kind.name == format && kind.input()) return kind.make_reader();
  }
  return nullptr;
}

}  // namespace logbraid
