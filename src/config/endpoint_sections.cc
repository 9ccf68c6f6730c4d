#include <algorithm>

#include "config/section_parsers.h"
#include "config/sections.h"
#include "core/suggestion.h"

namespace logbraid {
namespace {

template <class Kind>
const Kind* find_kind(std::span<const Kind> kinds, std::string_view name) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

// An error at `type`, or at the map that has none.
template <class Kind>
Error unknown_kind(const Settings& common, std::span<const Kind> kinds, std::string_view what) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  const std::string type = common.string("type");
  return common.error(
      "type", "there is no " + std::string(what) + " \"" + type + "\"; " + suggestion(type, names));
}

struct Named {
  std::string name;
  const Setting* section = nullptr;
};

// The one map of `source:` or `sources:`; a null setting where neither is written.
std::optional<Named> only_one(const Setting& root, std::string_view one, std::string_view many,
                              ErrorList& errors) {
  static const Setting none;
  const auto written = [&](std::string_view key) -> const Setting* {
    const Setting* const found = root.find(key);
    return found == nullptr || found->is_null() ? nullptr : found;
  };
  const Setting* const single = written(one);
  const Setting* const named = written(many);
  if (single != nullptr && named != nullptr) {
    errors.add(named->error("stands beside `" + std::string(one) + ":`; write one of them"));
    return std::nullopt;
  }
  if (named == nullptr) {
    if (single != nullptr && !single->is_map()) return std::nullopt;  // reported with the others
    return Named{"", single == nullptr ? &none : single};
  }
  if (!named->is_map()) return std::nullopt;
  if (named->members().size() != 1) {
    errors.add(named->error("has " + std::to_string(named->members().size()) +
                            " entries; this release runs exactly one"));
    return std::nullopt;
  }
  return Named{named->members().front().first, &named->members().front().second};
}

void check_format(const Settings& common, const std::string& format,
                  std::span<const std::string_view> known, ErrorList& errors) {
  if (std::find(known.begin(), known.end(), format) != known.end()) return;
  errors.add(common.error(
      "format", "there is no format \"" + format + "\" here; " + suggestion(format, known)));
}

OnMalformed on_malformed(const std::string& text) {
  if (text == "dead_letter") return OnMalformed::dead_letter;
  if (text == "drop") return OnMalformed::drop;
  if (text == "fail") return OnMalformed::fail;
  return OnMalformed::keep;
}

void parse_overflow(const Settings& common, const SourceKind& kind, OverflowOptions& overflow,
                    ErrorList& errors) {
  const std::string policy = common.string("overflow");
  if (policy == "drop_newest") overflow.policy = Overflow::drop_newest;
  if (policy == "drop_oldest") overflow.policy = Overflow::drop_oldest;
  if (policy == "drop_by_level") overflow.policy = Overflow::drop_by_level;
  overflow.level_field = common.field("level_field");
  overflow.default_level = common.string("default_level");
  if (kind.keeps_what_is_unread && overflow.policy != Overflow::block) {
    errors.add(common.error("overflow", "is " + policy + ", but a " + kind.name +
                                            " keeps what was not read yet, and nothing has to be "
                                            "dropped; leave it out"));
  }
  const auto queue = checked_section(common["queue"], queue_specs(), errors);
  if (!queue) return;
  if (const auto events = errors.take((*queue)["events"].as_integer(1, 100'000'000))) {
    overflow.events = static_cast<std::uint64_t>(*events);
  }
  overflow.bytes = queue->bytes("bytes");
  if (overflow.bytes == 0) errors.add(queue->error("bytes", "is 0; write at least 1, like 16MiB"));
  if (common.has("queue") && overflow.policy == Overflow::block) {
    errors.add(common.error("queue",
                            "is set, but source.overflow is block, which has no queue; "
                            "write overflow: drop_oldest, or leave it out"));
  }
}

// Common and own settings in one map, as they would be written.
Setting joined(const Settings& common, const Setting& own) {
  Setting all = common.map();
  for (const Setting::Member& member : own.members()) all.members().push_back(member);
  return all;
}

std::optional<SinkConfig> parse_sink(const Setting& section, const KnownKinds& kinds,
                                     Setting& effective, ErrorList& errors) {
  if (!section.is_map() && !section.is_null()) {
    errors.add(section.error("must be a map with a type, not " + section.describe()));
    return std::nullopt;
  }
  const auto [common_map, own] = split_settings(section, sink_specs());
  const auto common = checked_section(common_map, sink_specs(), errors);
  if (!common) return std::nullopt;
  const SinkKind* const kind = find_kind(kinds.sinks, common->string("type"));
  if (kind == nullptr) {
    errors.add(unknown_kind(*common, kinds.sinks, "sink"));
    return std::nullopt;
  }
  SinkConfig sink;
  sink.name = sink.kind = kind->name;
  sink.format = common->string("format");
  check_format(*common, sink.format, kinds.output_formats, errors);
  auto settings = checked_own(own, kind->settings, false, sink_specs(), errors);
  if (!settings) return std::nullopt;
  effective = joined(*common, *settings);
  sink.settings = *std::move(settings);
  return sink;
}

}  // namespace

void parse_source(const Setting& root, const KnownKinds& kinds, PipelineConfig& config,
                  ErrorList& errors) {
  const auto named = only_one(root, "source", "sources", errors);
  if (!named) return;
  const Setting& section = *named->section;
  if (!section.is_map() && !section.is_null()) {
    errors.add(section.error("must be a map with a type, not " + section.describe()));
    return;
  }
  const auto [common_map, own] = split_settings(section, source_specs());
  const auto common = checked_section(common_map, source_specs(), errors);
  if (!common) return;
  const SourceKind* const kind = find_kind(kinds.sources, common->string("type"));
  if (kind == nullptr) {
    errors.add(unknown_kind(*common, kinds.sources, "source"));
    return;
  }
  SourceConfig& source = config.source;
  source.kind = kind->name;
  source.name = named->name.empty() ? kind->name : named->name;
  source.on_malformed = on_malformed(common->string("on_malformed"));
  source.format = common->has("format")          ? common->string("format")
                  : kind->default_format.empty() ? "json"
                                                 : kind->default_format;
  check_format(*common, source.format, kinds.input_formats, errors);
  parse_overflow(*common, *kind, source.overflow, errors);
  if (source.on_malformed == OnMalformed::dead_letter) {
    const Setting* const dead_letter = root.find("dead_letter");
    if (dead_letter == nullptr || dead_letter->is_null()) {
      errors.add(common->error("on_malformed",
                               "is dead_letter, but there is no `dead_letter:` sink; "
                               "write one, like {type: file, path: refused.jsonl}"));
    }
  }
  auto settings = checked_own(own, kind->settings, false, source_specs(), errors);
  if (!settings) return;
  Setting shown = joined(*common, *settings);
  shown.set("format", source.format);
  config.effective.set("source", std::move(shown));
  source.settings = *std::move(settings);
}

void parse_sinks(const Setting& root, const KnownKinds& kinds, PipelineConfig& config,
                 ErrorList& errors) {
  Setting effective;
  if (const auto named = only_one(root, "sink", "sinks", errors)) {
    if (auto sink = parse_sink(*named->section, kinds, effective, errors)) {
      config.sink = *std::move(sink);
      if (!named->name.empty()) config.sink.name = named->name;
      config.effective.set("sink", std::move(effective));
    }
  }
  const Setting* const dead_letter = root.find("dead_letter");
  if (dead_letter == nullptr || !dead_letter->is_map()) return;
  config.dead_letter = parse_sink(*dead_letter, kinds, effective, errors);
  if (config.dead_letter) {
    config.dead_letter->name = "dead_letter";
    config.effective.set("dead_letter", std::move(effective));
  }
}

}  // namespace logbraid
