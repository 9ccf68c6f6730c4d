#include <charconv>
#include <limits>

#include "core/assert.h"
#include "core/settings_check.h"
#include "logbraid/setting.h"

namespace logbraid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// `[a, b]`, `a, b` or `a`: what a list of names looks like in a spec.
Setting parse_default_list(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  Setting list = Setting::list({});
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) list.push_back(item);
  }
  return list;
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A default as it would be written, typed as its spec says.
Setting parse_default(const SettingSpec& spec) {
  const std::string& text = spec.default_text;
  switch (spec.type) {
    case SettingType::boolean:
      if (text == "true" || text == "false") return text == "true";
      break;
    case SettingType::any:
      if (text == "true" || text == "false") return text == "true";
      [[fallthrough]];
    case SettingType::integer:
    case SettingType::number:
      if (const auto integer = parse_whole<std::int64_t>(text)) return *integer;
      if (const auto number = parse_whole<double>(text)) return *number;
      break;
    case SettingType::strings:
    case SettingType::fields:
    case SettingType::list:
      return parse_default_list(text);
    case SettingType::map:
      if (text == "{}") return Setting::map({});
      break;
    default:
      break;
  }
  return text;
}

// Ends the program with the name in the reason: the caller reads what its own specs do not have.
template <class T>
T checked(Result<T> result) {
  if (!result) {
    LOGBRAID_ASSERT(false, result.error().to_string().c_str());
  }
  return *std::move(result);
}

}  // namespace

Result<Settings> Settings::check(const Setting& map, const std::vector<SettingSpec>& specs,
                                 bool open_settings) {
  auto errors = setting_errors(map, specs, open_settings);
  if (!errors.empty()) return std::move(errors.front());
  Settings settings;
  settings.map_ = map;
  for (const SettingSpec& spec : specs) {
    const Setting* const written = map.find(spec.name);
    if (written != nullptr && !written->is_null()) {
      if (!spec.secret || written->secret) continue;
      Setting secret = *written;
      secret.secret = true;
      settings.map_.set(spec.name, std::move(secret));
    } else if (!spec.default_text.empty()) {
      Setting value = parse_default(spec);
      const Setting place = unset_setting(map, spec.name);
      value.file = place.file;
      value.line = place.line;
      value.key = place.key;
      if (auto error = type_error(value, spec.type)) {
        error->message = "its default is wrong in the kind itself: " + error->message;
        return *std::move(error);
      }
      settings.map_.set(spec.name, std::move(value));
    }
  }
  return settings;
}

const Setting& Settings::operator[](std::string_view name) const {
  static const Setting unset;
  const Setting* const found = map_.find(name);
  return found == nullptr ? unset : *found;
}

bool Settings::boolean(std::string_view name) const { return checked((*this)[name].as_bool()); }

std::int64_t Settings::integer(std::string_view name) const {
  return checked((*this)[name].as_integer(INT64_MIN, INT64_MAX));
}

double Settings::number(std::string_view name) const {
  return checked((*this)[name].as_number(-kInfinity, kInfinity));
}

std::string Settings::string(std::string_view name) const {
  return checked((*this)[name].as_string());
}

Duration Settings::duration(std::string_view name) const {
  return checked((*this)[name].as_duration());
}

std::uint64_t Settings::bytes(std::string_view name) const {
  return checked((*this)[name].as_bytes());
}

FieldPath Settings::field(std::string_view name) const {
  return has(name) ? checked((*this)[name].as_field()) : FieldPath();
}

std::vector<std::string> Settings::strings(std::string_view name) const {
  return has(name) ? checked((*this)[name].as_strings()) : std::vector<std::string>();
}

std::vector<FieldPath> Settings::fields(std::string_view name) const {
  return has(name) ? checked((*this)[name].as_fields()) : std::vector<FieldPath>();
}

Error Settings::error(std::string_view name, std::string message) const {
  const Setting* const found = map_.find(name);
  if (found != nullptr) return found->error(std::move(message));
  return unset_setting(map_, name).error(std::move(message));
}

}  // namespace logbraid
