#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/error_list.h"
#include "config/pipeline_config.h"
#include "logbraid/setting.h"

namespace logbraid {

// One parser for each section of a configuration. All of them add what is wrong to `errors` and
// give what they could read; the caller looks at the list in the end. A null section is one that
// was left out.

void parse_execution(const Setting& section, PipelineConfig& config, ErrorList& errors);
void parse_status(const Setting& section, PipelineConfig& config, ErrorList& errors);
void parse_enrichers(const Setting& section, const KnownKinds& kinds, PipelineConfig& config,
                     ErrorList& errors);
void parse_source(const Setting& root, const KnownKinds& kinds, PipelineConfig& config,
                  ErrorList& errors);
void parse_sinks(const Setting& root, const KnownKinds& kinds, PipelineConfig& config,
                 ErrorList& errors);
// breaker, max_in_flight, when_full, retry, lifecycle, fallback ...: of an enricher's `common`
// settings, whose placement is known already.
void parse_resilience(const Settings& common, EnricherMetadata& metadata, ErrorList& errors);
// Whether there is a sink for the events of enrichers whose on_failure is dead_letter.
void check_dead_letters(const Setting& root, const PipelineConfig& config, ErrorList& errors);
Conditions parse_conditions(const Setting& section, ErrorList& errors);

// A section's settings where they are right, with defaults; else its errors are in the list.
std::optional<Settings> checked_section(const Setting& section,
                                        const std::vector<SettingSpec>& specs, ErrorList& errors);

// A positive duration where it is set.
std::optional<Duration> positive_duration(const Settings& settings, std::string_view name,
                                          ErrorList& errors);

// A map in two: what `specs` have, and the rest. Both keep the map's place.
struct SplitSettings {
  Setting common;
  Setting own;
};
SplitSettings split_settings(const Setting& map, const std::vector<SettingSpec>& specs);

// The kind's own settings with defaults, or nullopt and the errors are in the list. `common` names
// what else may be written there, for suggestions.
std::optional<Setting> checked_own(const Setting& own, const std::vector<SettingSpec>& specs,
                                   bool open_settings, const std::vector<SettingSpec>& common,
                                   ErrorList& errors);

// A map with the place of another.
Setting map_at(const Setting& place);

}  // namespace logbraid
