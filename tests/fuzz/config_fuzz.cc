// Any bytes as a configuration: never a crash, bounded time and memory; what is accepted can be
// shown, and what is shown is a configuration that means the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/pipeline_config.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "tests/fuzz/demand.h"

namespace {

using namespace logbraid;
using test::expect;

const KnownKinds& known_kinds() {
  static const std::vector<EnricherKind> enrichers = [] {
    EnricherKind table;
    table.name = "table";
    table.settings = {
        {.name = "file", .required = true},
        {.name = "input", .type = SettingType::field, .default_text = "client_ip"},
        {.name = "size", .type = SettingType::bytes, .default_text = "1MiB"},
        {.name = "share", .type = SettingType::number, .default_text = "0.5"},
        {.name = "wait", .type = SettingType::duration},
        {.name = "columns", .type = SettingType::strings},
        {.name = "outputs", .type = SettingType::fields},
        {.name = "rules", .type = SettingType::list},
        {.name = "rest", .type = SettingType::any},
        {.name = "mode", .choices = {"exact", "cidr"}},
    };
    EnricherKind fields;
    fields.name = "static";
    fields.aliases = {"environment"};
    fields.open_settings = true;
    return std::vector<EnricherKind>{table, fields};
  }();
  static const std::vector<SourceKind> sources = [] {
    SourceKind source;
    source.name = "stdin";
    return std::vector<SourceKind>{source};
  }();
  static const std::vector<SinkKind> sinks = [] {
    SinkKind sink;
    sink.name = "stdout";
    return std::vector<SinkKind>{sink};
  }();
  static const KnownKinds kinds{enrichers, sources, sinks, {"json", "text"}, {"json"}};
  return kinds;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  References references;
  references.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "7";
    if (name == "B") return "text";
    return std::nullopt;
  };
  ErrorList errors;
  const auto root = read_yaml(text, "fuzz.yaml", references, errors);
  expect(root.has_value() == errors.empty());
  if (!root) return 0;
  const auto config = parse_pipeline(*root, known_kinds(), errors);
  expect(config.has_value() == errors.empty());
  for (const Error& error : errors.errors()) expect(!error.to_string().empty());
  if (!config) return 0;

  const std::string shown = to_yaml(config->effective);
  const auto back = read_yaml(shown, "shown.yaml", {}, errors);
  expect(back.has_value());
  const auto again = parse_pipeline(*back, known_kinds(), errors);
  expect(again.has_value());
  expect(to_yaml(again->effective) == shown);
  return 0;
}
