#include <fmt/format.h>

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cli/build_pipeline.h"
#include "cli/command.h"
#include "cli/text_table.h"
#include "config/sections.h"
#include "core/settings_check.h"
#include "core/suggestion.h"
#include "enrichers/builtin.h"
#include "format/builtin.h"
#include "sinks/builtin.h"
#include "sources/builtin.h"

namespace logbraid::cli {
namespace {

constexpr std::size_t kWidth = 96;  // columns

constexpr const char* kExamples = R"(Examples:
  logbraid list                                everything there is, a line each
  logbraid list enrichers
  logbraid list enrichers geoip                its settings, with units and defaults, and an example
  logbraid list settings execution             the keys of a section of a configuration)";

// What the lists have in common.
struct Entry {
  std::string_view name;
  std::string summary;
  std::string_view help;
  std::span<const SettingSpec> settings;
  std::vector<std::string> remarks;
};

struct Section {
  std::string_view name;  // "enrichers"
  std::string_view one;   // "enricher"
  std::vector<Entry> entries;
};

constexpr const char* kWhen = R"(One condition on an event, the same wherever `when` may stand:

  {field: status, equals: 500}            {field: path, prefix: /api/}
  {field: level, in: [ERROR, FATAL]}      {field: client_ip, cidr: [10.0.0.0/8, ::1]}
  {field: status, range: [500, 599]}      {field: user.id, exists: true}
  {field: path, regex: "^/v[0-9]+/"}      {all: [...]}  {any: [...]}  {not: {...}}

equals, in   null, true, false, numbers by value (1 equals 1.0), strings exactly
range        numbers, both ends included; either may be null
prefix, regex, cidr   strings; a regex (RE2) is searched anywhere in them
Several tests in one map must all hold. A field that is absent fails every test but exists: false;
not turns any test around.)";

// The keys of a configuration that belong to no kind.
std::vector<Entry> setting_entries() {
  return {
      {"pipeline", "the top level", "The keys of a configuration.", top_level_specs(), {}},
      {"source", "of every source", "Beside the source's own.", source_specs(), {}},
      {"queue", "a source's queue", "What may wait where overflow drops.", queue_specs(), {}},
      {"enricher", "of every enricher", "Beside the enricher's own.", enricher_specs(), {}},
      {"conditions", "an enricher's conditions", "All must hold.", conditions_specs(), {}},
      {"time_range", "conditions.time_range", "Hours of local time.", time_range_specs(), {}},
      {"request", "conditions.request", "What the event's request was.", request_specs(), {}},
      {"when", "conditions on an event", kWhen, {}, {}},
      {"breaker", "an enricher's breaker", "When it is left alone.", breaker_specs(), {}},
      {"retry", "an enricher's retry", "When a call is made again.", retry_specs(), {}},
      {"lifecycle",
       "an enricher's lifecycle",
       "Its start, health checks and stop.",
       lifecycle_specs(),
       {}},
      {"execution", "how enrichers are run", "Limits, order, memory.", execution_specs(), {}},
      {"status",
       "a field about the enrichers",
       "status: {field: _enrichment, when: failed} adds to events of which an enricher failed a "
       "field like {\"succeeded\": [\"geo\"], \"failed\": {\"user\": \"timeout\"}, "
       "\"skipped\": {\"agent\": \"condition_false\"}}.",
       status_specs(),
       {}},
      {"sink", "of every sink", "Beside the sink's own.", sink_specs(), {}},
  };
}

std::vector<Section> all_sections() {
  std::vector<Section> sections = {{"enrichers", "enricher", {}},
                                   {"sources", "source", {}},
                                   {"sinks", "sink", {}},
                                   {"formats", "format", {}},
                                   {"settings", "section", setting_entries()}};
  for (const EnricherKind& kind : builtin_enrichers()) {
    Entry entry{kind.name, kind.summary, kind.help, kind.settings, {}};
    if (!kind.aliases.empty()) {
      entry.remarks.push_back(
          fmt::format("As a URI also: {}://", fmt::join(kind.aliases, "://, ")));
    }
    if (kind.open_settings)
      entry.remarks.push_back("Settings of any other name are taken as well.");
    sections[0].entries.push_back(std::move(entry));
  }
  for (const SourceKind& kind : builtin_sources()) {
    sections[1].entries.push_back({kind.name,
                                   kind.summary,
                                   kind.help,
                                   kind.settings,
                                   {"Format where none is given: " + kind.default_format}});
  }
  for (const SinkKind& kind : builtin_sinks()) {
    sections[2].entries.push_back({kind.name, kind.summary, kind.help, kind.settings, {}});
  }
  for (const FormatKind& kind : builtin_formats()) {
    const char* use = !kind.output   ? " (input)"
                      : kind.input() ? " (input and output)"
                                     : " (output)";
    sections[3].entries.push_back({kind.name, std::string(kind.summary) + use, kind.help, {}, {}});
  }
  return sections;
}

std::string overview(const Section& section) {
  TextTable table(
      {{std::string(section.name), TextTable::Align::left}, {"", TextTable::Align::left}});
  for (const Entry& entry : section.entries) {
    table.add_row({"  " + std::string(entry.name), entry.summary});
  }
  return table.to_string();
}

std::string describe(const SettingSpec& spec) {
  std::string text = fmt::format("  {} ({}", spec.name, to_string(spec.type));
  // A duration or a size is written with its unit.
  const bool has_unit =
      !spec.unit.empty() && spec.type != SettingType::duration && spec.type != SettingType::bytes;
  if (has_unit) text += ", " + spec.unit;
  if (spec.required) {
    text += ", required";
  } else if (!spec.default_text.empty()) {
    text += ", default " + spec.default_text;
  }
  text += ")\n      " + wrapped(spec.help, kWidth - 6, 6) + "\n";
  if (!spec.choices.empty()) {
    text += fmt::format("      One of: {}\n", fmt::join(spec.choices, ", "));
  }
  return text;
}

std::string details(const Section& section, const Entry& entry) {
  std::string text = fmt::format("{} {}: {}\n\n", section.one, entry.name, entry.summary);
  const bool laid_out = entry.help.find('\n') != std::string_view::npos;
  text += laid_out ? std::string(entry.help) : wrapped(entry.help, kWidth);
  if (text.back() != '\n') text += '\n';
  for (const std::string& remark : entry.remarks) text += "\n" + remark + "\n";
  if (!entry.settings.empty()) text += "\nSettings:\n";
  for (const SettingSpec& spec : entry.settings) text += describe(spec);
  return text;
}

template <class Items>
std::vector<std::string_view> names_of(const Items& items) {
  std::vector<std::string_view> names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

template <class Items>
auto find(const Items& items, std::string_view name) -> const typename Items::value_type* {
  for (const auto& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

ExitCode list(const std::string& what, const std::string& name, Console& console) {
  const std::vector<Section> sections = all_sections();
  std::string text;
  if (what.empty()) {
    for (const Section& section : sections) {
      if (!text.empty()) text += "\n";
      text += overview(section);
    }
    text += "\n`logbraid list enrichers NAME` says all about one.\n";
    return write_result(text, console) ? kDone : kFailed;
  }
  const Section* const section = find(sections, what);
  if (section == nullptr) {
    console.error(
        fmt::format("there is no list of \"{}\"; {}", what, suggestion(what, names_of(sections))));
    return kUsage;
  }
  if (name.empty()) return write_result(overview(*section), console) ? kDone : kFailed;
  const Entry* const entry = find(section->entries, name);
  if (entry == nullptr) {
    console.error(fmt::format("there is no {} \"{}\"; {}", section->one, name,
                              suggestion(name, names_of(section->entries))));
    return kUsage;
  }
  return write_result(details(*section, *entry), console) ? kDone : kFailed;
}

}  // namespace

void add_list_command(CLI::App& app, Action& chosen) {
  struct Arguments {
    std::string what;
    std::string name;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand(
      "list", "Lists enrichers, sources, sinks, formats and settings, or explains one");
  command->add_option("WHAT", arguments->what, "enrichers, sources, sinks, formats or settings");
  command->add_option("NAME", arguments->name, "The one to explain");
  command->footer(kExamples);
  command->callback([arguments, &chosen] {
    chosen = [arguments](Console& console) {
      return list(arguments->what, arguments->name, console);
    };
  });
}

}  // namespace logbraid::cli
