// Any template, any value: what an event brings never becomes more than a value. A first byte
// chooses the escape; the template ends at the first line end, the value at the input's.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_text.h"
#include "logbraid/event.h"
#include "lookup/lookup_key.h"
#include "tests/fuzz/demand.h"

namespace {

using namespace logbraid;
using test::expect;

// The key of an event each of whose fields that the template names has the value.
std::optional<std::string> render(const KeySpec& spec, std::string_view value) {
  Arena arena;
  std::string json;
  append_json_escaped(json, value);
  std::string key = "before";
  std::string_view why;
  // Fields are found by their first step alone; a template may name others.
  Field* const fields = arena.allocate_array<Field>(spec.fields().size());
  std::size_t size = 0;
  std::uint64_t mask = 0;
  for (const FieldPath& path : spec.fields()) {
    const PathSegment& name = path.view().front();
    if (path.view().size() != 1) continue;
    mask |= name.bit;
    fields[size++] = {name.key.data(),
                      json.data(),
                      static_cast<std::uint32_t>(name.key.size()),
                      static_cast<std::uint32_t>(json.size()),
                      Token::string,
                      false,
                      json.find('\\') != std::string::npos};
  }
  const Event event({fields, size}, mask, {});
  const KeyResult result = spec.render(EventView(event, arena), key, why);
  expect(key.starts_with("before"));
  key.erase(0, 6);
  expect(result == KeyResult::made || key.empty());
  expect((result == KeyResult::refused) == !why.empty());
  expect(key.size() <= KeyTemplate::kMaxBytes);
  if (result != KeyResult::made) return std::nullopt;
  return key;
}

// What gives a URL its shape.
std::string delimiters(std::string_view url) {
  std::string found;
  for (const char c : url) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                            c == '~' || c == '%';
    if (!unreserved) found += c;
  }
  return found;
}

std::size_t quotes(std::string_view json) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      ++count;
    }
  }
  return count;
}

void check_shape(KeyEscape escape, std::string_view key, std::string_view harmless) {
  switch (escape) {
    case KeyEscape::none:
      break;
    case KeyEscape::url_path: {
      const auto path = [](std::string_view url) { return url.substr(0, url.find_first_of("?#")); };
      expect(!has_dot_segment(path(key)) || has_dot_segment(path(harmless)));
      expect(delimiters(key) == delimiters(harmless));
      break;
    }
    case KeyEscape::url_query:
      expect(delimiters(key) == delimiters(harmless));
      break;
    case KeyEscape::json_string:
      expect(quotes(key) == quotes(harmless));
      break;
    case KeyEscape::dns_label:
      expect(is_dns_name(key));
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto escape = static_cast<KeyEscape>(data[0] % 5);
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, end);
  std::string value;
  append_valid_utf8(value, input.substr(std::min(end + 1, input.size())));

  const Result<KeyTemplate> made = KeyTemplate::parse(text, escape);
  if (!made) {
    expect(!made.error().message.empty());
    return 0;
  }
  expect((made->whole_field() != nullptr) <= (made->fields().size() == 1));
  const KeySpec alone({*made});
  const auto key = render(alone, value);
  if (!key) return 0;
  if (made->whole_field() != nullptr && escape == KeyEscape::none) expect(*key == value);
  const auto harmless = render(alone, "x");
  if (harmless) check_shape(escape, *key, *harmless);
  if (made->whole_field() == nullptr && escape == KeyEscape::dns_label && harmless) {
    expect(std::count(key->begin(), key->end(), '.') ==
           std::count(harmless->begin(), harmless->end(), '.'));
  }

  const KeySpec twice({*made, *made});
  if (const auto both = render(twice, value)) {
    expect(twice.key_part(*both, 0) == *key && twice.key_part(*both, 1) == *key);
  }
  return 0;
}
