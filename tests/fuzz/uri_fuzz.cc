// Any bytes as an enricher's URI: never a crash, and what is read keeps its promises.
#include <cstdint>
#include <string>
#include <string_view>

#include "config/uri.h"
#include "core/json_text.h"
#include "core/masking.h"
#include "tests/fuzz/demand.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace logbraid;
  using test::expect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string masked = mask_passwords(text);
  const auto uri = parse_enricher_uri(text);
  if (!uri) {
    expect(!uri.error().message.empty());
    return 0;
  }
  expect(looks_like_uri(text));
  for (const char c : uri->scheme) expect(!(c >= 'A' && c <= 'Z'));
  const Setting params = uri->params();
  expect(params.is_map());
  for (const auto& [name, value] : params.members()) {
    expect(value.is_scalar() && !value.is_null());
    expect(valid_utf8_prefix(name) == name.size());
    const std::string spelled = value.as_string().value();
    expect(valid_utf8_prefix(spelled) == spelled.size());
  }
  // Where a password stands is the same to the one that reads and the one that masks; beyond what
  // may stand in a URI at all, masking does what it can.
  const Setting* const password = uri->parts.find("password");
  const bool proper = size < 1000 && text.find_first_of(" \t\r\n\"'<>") == std::string_view::npos;
  if (password != nullptr && proper) {
    const Setting* const username = uri->parts.find("username");
    const std::string shown = std::string(text.substr(0, uri->scheme.size() + 3)) +
                              (username == nullptr ? "" : username->string()) + ":" +
                              std::string(kMask) + "@";
    expect(masked.starts_with(shown));
  }
  return 0;
}
