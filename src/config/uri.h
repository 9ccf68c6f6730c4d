#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// A fapilog URI of an enricher: scheme://user:password@host:port/path?key=value#ignored
struct EnricherUri {
  std::string scheme;  // lower case
  // What of host (lower case), port, username, password and path is there: a map. They are not
  // percent-decoded; port 0 counts as absent, as in fapilog.
  Setting parts;
  // The query: a map; values are percent-decoded and typed (true, 7, 1e3, text), the last of a
  // repeated key counts.
  Setting query;

  // What fapilog gives to the enricher: the parts, overridden by the query.
  Setting params() const;
};

// The URI as it is written, without its fragment and without the parameters of which `is_taken`
// says so by name.
std::string uri_without(std::string_view text,
                        const std::function<bool(std::string_view name)>& is_taken);

// Whether `text` is meant as a URI: it has a scheme and `://`.
bool looks_like_uri(std::string_view text);

// Errors: no scheme, a bad port, unbalanced brackets. Passwords do not stand in the messages.
Result<EnricherUri> parse_enricher_uri(std::string_view text);

}  // namespace logbraid
