#include "plan/conditions.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/json_text.h"
#include "plan/event_conditions.h"

namespace logbraid {
namespace {

std::string in_case(std::string_view text, char first, char last, int shift) {
  std::string result(text);
  for (char& c : result) {
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  }
  return result;
}
std::string upper_case(std::string_view text) { return in_case(text, 'a', 'z', 'A' - 'a'); }
std::string lower_case(std::string_view text) { return in_case(text, 'A', 'Z', 'a' - 'A'); }

const Setting* find(const PlanOptions& options, std::string_view key) {
  for (const auto& [name, setting] : options.enricher_conditions) {
    if (name == key && !setting.is_null()) return &setting;
  }
  return nullptr;
}

std::optional<std::string> variable(const PlanOptions& options, const std::string& name) {
  return options.environment ? options.environment(name) : std::nullopt;
}

std::string environment_of(const PlanOptions& options) {
  if (const Setting* given = find(options, "environment")) {
    return given->is_string() ? given->string() : std::string();
  }
  return variable(options, "ENVIRONMENT").value_or("development");
}

// Python's truth, but for strings: those that are written as true.
bool is_on(const Setting& setting) {
  switch (setting.kind()) {
    case Setting::Kind::null:
      return false;
    case Setting::Kind::boolean:
      return setting.boolean();
    case Setting::Kind::integer:
      return setting.integer() != 0;
    case Setting::Kind::real:
      return setting.real() != 0;
    case Setting::Kind::string: {
      const std::string text = lower_case(setting.string());
      return text == "true" || text == "1" || text == "yes" || text == "on";
    }
    case Setting::Kind::list:
      return !setting.items().empty();
    case Setting::Kind::map:
      return !setting.members().empty();
  }
  return false;
}

bool flag_is_on(const std::string& flag, const PlanOptions& options) {
  if (const Setting* given = find(options, "feature_" + flag)) return is_on(*given);
  const auto value = variable(options, "FEATURE_" + upper_case(flag));
  return value && is_on(Setting(*value));
}

std::string decided_by_surroundings(const Conditions& conditions, const PlanOptions& options) {
  if (conditions.environment) {
    const std::string environment = environment_of(options);
    const auto& wanted = *conditions.environment;
    if (std::find(wanted.begin(), wanted.end(), environment) == wanted.end()) {
      std::string text = "environment is " + environment;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        text += (i == 0 ? ", not " : i + 1 == wanted.size() ? " or " : ", ") + wanted[i];
      }
      return wanted.empty() ? text + ", and no environment is listed" : text;
    }
  }
  for (const std::string& flag : conditions.feature_flags) {
    if (!flag_is_on(flag, options)) return "feature flag " + flag + " is off";
  }
  return {};
}

// As an event would spell it, so that one rule reads both.
Value as_value(const Setting& setting, Arena& arena) {
  switch (setting.kind()) {
    case Setting::Kind::string:
      return arena.copy(setting.string());
    case Setting::Kind::list: {
      std::string json = "[";
      for (const Setting& item : setting.items()) {
        if (!item.is_string()) continue;
        if (json.size() > 1) json += ',';
        append_json_string(json, item.string());
      }
      return Value::array(arena.copy(json + "]"));
    }
    default:
      return nullptr;  // there, but no text: a level, a path or a role is a string
  }
}

Result<void> check_hour(int hour, const char* key) {
  if (hour >= 0 && hour <= 23) return {};
  Error error("must be an hour from 0 to 23, not " + std::to_string(hour));
  error.key = key;
  return error;
}

}  // namespace

Result<CompiledConditions> ConditionCompiler::compile(const Conditions& conditions,
                                                      const PlanOptions& options) {
  using State = EventConditions::State;
  auto state = std::make_shared<State>();
  if (conditions.min_level) {
    state->min_level = {level_number(*conditions.min_level), *conditions.min_level};
  }
  if (conditions.time_range) {
    const auto& range = *conditions.time_range;
    if (auto ok = check_hour(range.start_hour, "conditions.time_range.start_hour"); !ok) {
      return ok.error();
    }
    if (auto ok = check_hour(range.end_hour, "conditions.time_range.end_hour"); !ok) {
      return ok.error();
    }
    state->time_range = range;
  }
  if (conditions.request) {
    for (const std::string& method : conditions.request->methods) {
      state->methods.push_back(upper_case(method));
    }
    for (const std::string& pattern : conditions.request->path_patterns) {
      auto regex = Regex::compile(pattern);
      if (!regex) {
        Error error = regex.error();
        error.key = "conditions.request.path_patterns";
        return error;
      }
      state->path_patterns.push_back(*std::move(regex));
    }
    state->user_roles = conditions.request->user_roles;
  }
  state->function = conditions.condition_func;

  static constexpr std::string_view kFields[kConditionFields] = {"level", "method",   "http_method",
                                                                 "path",  "url_path", "user_roles"};
  for (std::size_t i = 0; i < kConditionFields; ++i) {
    if (const Setting* given = find(options, kFields[i])) {
      state->settings[i] = as_value(*given, state->settings_text);
    }
  }

  CompiledConditions compiled;
  compiled.disabled_because = decided_by_surroundings(conditions, options);
  for (const ConditionPart part : kConditionParts) {
    if (!state->settled(part)) continue;
    const std::string why = state->why_not(part, nullptr, LocalHour());
    if (compiled.disabled_because.empty()) compiled.disabled_because = why;
    state->drop(part);
  }
  if (compiled.disabled_because.empty() && !state->empty()) {
    compiled.per_event = EventConditions(std::move(state));
  }
  return compiled;
}

}  // namespace logbraid
