#include "config/section_parsers.h"
#include "config/sections.h"

namespace logbraid {

Conditions parse_conditions(const Setting& section, ErrorList& errors) {
  Conditions conditions;
  const auto settings = checked_section(section, conditions_specs(), errors);
  if (!settings) return conditions;
  if (settings->has("environment")) conditions.environment = settings->strings("environment");
  if (settings->has("min_level")) conditions.min_level = settings->string("min_level");
  conditions.feature_flags = settings->strings("feature_flags");
  if (settings->has("time_range")) {
    if (const auto range = checked_section((*settings)["time_range"], time_range_specs(), errors)) {
      const auto start = errors.take((*range)["start_hour"].as_integer(0, 23));
      const auto end = errors.take((*range)["end_hour"].as_integer(0, 23));
      if (start && end) {
        conditions.time_range =
            Conditions::TimeRange{static_cast<int>(*start), static_cast<int>(*end)};
      }
    }
  }
  if (settings->has("request")) {
    if (const auto request = checked_section((*settings)["request"], request_specs(), errors)) {
      conditions.request =
          Conditions::Request{request->strings("methods"), request->strings("path_patterns"),
                              request->strings("user_roles")};
    }
  }
  return conditions;
}

}  // namespace logbraid
