#include "core/settings_check.h"

#include <algorithm>
#include <limits>

#include "core/suggestion.h"

namespace logbraid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const SettingSpec* find_spec(const std::vector<SettingSpec>& specs, std::string_view name) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error();
}

std::optional<Error> choice_error(const Setting& setting, const std::vector<std::string>& choices) {
  if (choices.empty()) return std::nullopt;
  const auto values = setting.as_strings();
  if (!values) return std::nullopt;  // a type error, reported as such
  const std::vector<std::string_view> allowed(choices.begin(), choices.end());
  for (const std::string& value : *values) {
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) continue;
    return setting.error("unknown value " + setting.describe() + "; " + suggestion(value, allowed));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> type_error(const Setting& setting, SettingType type) {
  switch (type) {
    case SettingType::string:
      return error_of(setting.as_string());
    case SettingType::boolean:
      return error_of(setting.as_bool());
    case SettingType::integer:
      return error_of(setting.as_integer(INT64_MIN, INT64_MAX));
    case SettingType::number:
      return error_of(setting.as_number(-kInfinity, kInfinity));
    case SettingType::duration:
      return error_of(setting.as_duration());
    case SettingType::bytes:
      return error_of(setting.as_bytes());
    case SettingType::field:
      return error_of(setting.as_field());
    case SettingType::strings:
      return error_of(setting.as_strings());
    case SettingType::fields:
      return error_of(setting.as_fields());
    case SettingType::map:
      if (setting.is_map()) return std::nullopt;
      return setting.error("must be a map, not " + setting.describe());
    case SettingType::list:
      if (setting.is_list()) return std::nullopt;
      return setting.error("must be a list, not " + setting.describe());
    case SettingType::predicate:  // what is in it: Predicate::parse
      if (setting.is_map()) return std::nullopt;
      return setting.error("must be a condition like {field: status, equals: 500}, not " +
                           setting.describe());
    case SettingType::any:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string_view to_string(SettingType type) {
  switch (type) {
    case SettingType::string:
      return "text";
    case SettingType::boolean:
      return "true or false";
    case SettingType::integer:
      return "whole number";
    case SettingType::number:
      return "number";
    case SettingType::duration:
      return "duration";
    case SettingType::bytes:
      return "size";
    case SettingType::field:
      return "field";
    case SettingType::strings:
      return "list of texts";
    case SettingType::fields:
      return "list of fields";
    case SettingType::map:
      return "map";
    case SettingType::list:
      return "list";
    case SettingType::predicate:
      return "condition";
    case SettingType::any:
      return "anything";
  }
  return "anything";
}

Setting unset_setting(const Setting& map, std::string_view name) {
  Setting setting;
  setting.file = map.file;
  setting.line = map.line;
  setting.key = map.key.empty() ? std::string(name) : map.key + "." + std::string(name);
  return setting;
}

std::vector<Error> setting_errors(const Setting& map, const std::vector<SettingSpec>& specs,
                                  bool open_settings, const std::vector<SettingSpec>& beside) {
  std::vector<Error> errors;
  if (!map.is_map() && !map.is_null()) {
    errors.push_back(map.error("must be a map of settings, not " + map.describe()));
    return errors;
  }
  for (const auto& [name, setting] : map.members()) {
    const SettingSpec* const spec = find_spec(specs, name);
    if (spec == nullptr) {
      if (open_settings) continue;
      const std::vector<std::string_view> allowed = [&] {
        std::vector<std::string_view> names;
        for (const SettingSpec& known : specs) names.push_back(known.name);
        for (const SettingSpec& known : beside) names.push_back(known.name);
        return names;
      }();
      errors.push_back(setting.error("unknown setting; " + suggestion(name, allowed)));
      continue;
    }
    if (setting.is_null()) continue;
    Setting shown;  // what a spec calls secret is not quoted in its own error
    const Setting* checked_setting = &setting;
    if (spec->secret && !setting.secret) {
      shown = setting;
      shown.secret = true;
      checked_setting = &shown;
    }
    auto error = type_error(*checked_setting, spec->type);
    if (!error) error = choice_error(*checked_setting, spec->choices);
    if (error) errors.push_back(*std::move(error));
  }
  for (const SettingSpec& spec : specs) {
    if (!spec.required) continue;
    const Setting* const setting = map.find(spec.name);
    if (setting != nullptr && !setting->is_null()) continue;
    errors.push_back(unset_setting(map, spec.name).error("is required: " + spec.help));
  }
  return errors;
}

}  // namespace logbraid
