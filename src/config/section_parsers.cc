#include "config/section_parsers.h"

#include "config/sections.h"
#include "core/settings_check.h"

namespace logbraid {

Setting map_at(const Setting& place) {
  Setting map = Setting::map({});
  map.file = place.file;
  map.line = place.line;
  map.key = place.key;
  return map;
}

std::optional<Settings> checked_section(const Setting& section,
                                        const std::vector<SettingSpec>& specs, ErrorList& errors) {
  auto found = setting_errors(section, specs);
  if (!found.empty()) {
    errors.add(std::move(found));
    return std::nullopt;
  }
  return errors.take(Settings::check(section, specs));
}

std::optional<Duration> positive_duration(const Settings& settings, std::string_view name,
                                          ErrorList& errors) {
  if (!settings.has(name)) return std::nullopt;
  const Duration duration = settings.duration(name);
  if (duration > Duration::zero()) return duration;
  errors.add(settings.error(name, "must be more than nothing, like 250ms"));
  return std::nullopt;
}

SplitSettings split_settings(const Setting& map, const std::vector<SettingSpec>& specs) {
  SplitSettings split{map_at(map), map_at(map)};
  for (const Setting::Member& member : map.members()) {
    (find_spec(specs, member.first) != nullptr ? split.common : split.own)
        .members()
        .push_back(member);
  }
  return split;
}

std::optional<Setting> checked_own(const Setting& own, const std::vector<SettingSpec>& specs,
                                   bool open_settings, const std::vector<SettingSpec>& common,
                                   ErrorList& errors) {
  auto found = setting_errors(own, specs, open_settings, common);
  if (!found.empty()) {
    errors.add(std::move(found));
    return std::nullopt;
  }
  const auto settings = errors.take(Settings::check(own, specs, open_settings));
  if (!settings) return std::nullopt;
  return settings->map();
}

std::optional<PipelineConfig> parse_pipeline(const Setting& root, const KnownKinds& kinds,
                                             ErrorList& errors) {
  const std::size_t errors_before = errors.size();
  auto wrong = setting_errors(root, top_level_specs());
  const bool is_map = root.is_map() || root.is_null();
  errors.add(std::move(wrong));
  if (!is_map) return std::nullopt;

  PipelineConfig config;
  config.effective = map_at(root);
  const auto section = [&](std::string_view name) -> const Setting& {
    static const Setting none;
    const Setting* const found = root.find(name);
    const SettingSpec* const spec = find_spec(top_level_specs(), name);
    // What is of the wrong type has been reported.
    return found == nullptr || type_error(*found, spec->type) ? none : *found;
  };
  parse_source(root, kinds, config, errors);
  parse_execution(section("execution"), config, errors);
  parse_enrichers(section("enrichers"), kinds, config, errors);
  parse_status(section("status"), config, errors);
  config.enricher_conditions = section("enricher_conditions").members();
  if (!config.enricher_conditions.empty()) {
    config.effective.set("enricher_conditions", section("enricher_conditions"));
  }
  parse_sinks(root, kinds, config, errors);
  check_dead_letters(root, config, errors);
  if (errors.size() != errors_before) return std::nullopt;
  return config;
}

}  // namespace logbraid
