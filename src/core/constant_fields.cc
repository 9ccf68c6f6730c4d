#include "logbraid/constant_fields.h"

#include <optional>

#include "core/constant_steps.h"
#include "core/json_text.h"

namespace logbraid {
namespace {

constexpr std::uint32_t kMaxDepth = 64;  // the nesting of an event

// What keeps a setting from being a value of an event, inside of `depth` objects and arrays.
std::optional<Error> value_error(const Setting& setting, std::uint32_t depth) {
  if (!setting.is_scalar() && depth == kMaxDepth) return setting.error("nested over 64 levels");
  if (setting.secret) return setting.error("a secret must not be written into events");
  if (setting.is_string() && valid_utf8_prefix(setting.string()) != setting.string().size()) {
    return setting.error("not UTF-8");
  }
  for (const auto& [name, member] : setting.members()) {
    if (valid_utf8_prefix(name) != name.size()) return member.error("its name is not UTF-8");
    if (auto error = value_error(member, depth + 1)) return error;
  }
  for (const Setting& item : setting.items()) {
    if (auto error = value_error(item, depth + 1)) return error;
  }
  return std::nullopt;
}

// Reals keep the spelling they have in the configuration where JSON allows it: 1.10.
std::string spell_real(const Setting& setting) {
  const auto spelled = setting.as_string();
  if (spelled && is_json_number(*spelled)) return *spelled;
  std::string json;
  append_json(json, setting.real());
  return json;
}

void append_setting(std::string& json, const Setting& setting) {
  const char* separator = "";
  switch (setting.kind()) {
    case Setting::Kind::null:
      json += "null";
      return;
    case Setting::Kind::boolean:
      append_json(json, setting.boolean());
      return;
    case Setting::Kind::integer:
      append_json(json, setting.integer());
      return;
    case Setting::Kind::real:
      json += spell_real(setting);
      return;
    case Setting::Kind::string:
      append_json_string(json, setting.string());
      return;
    case Setting::Kind::list:
      json += '[';
      for (const Setting& item : setting.items()) {
        json += separator;
        separator = ",";
        append_setting(json, item);
      }
      json += ']';
      return;
    case Setting::Kind::map:
      json += '{';
      for (const auto& [name, member] : setting.members()) {
        json += separator;
        separator = ",";
        append_json_string(json, name);
        json += ':';
        append_setting(json, member);
      }
      json += '}';
      return;
  }
}

}  // namespace

Result<ConstantFields> ConstantFields::parse(const Setting& map) {
  if (!map.is_map()) {
    return map.error("must be a map of fields and values like {version: 1.0.0}, not " +
                     map.describe());
  }
  ConstantFields fields;
  for (const auto& [name, value] : map.members()) {
    if (auto added = fields.append(name, value); !added) return added.error();
  }
  fields.finish();
  return fields;
}

Result<void> ConstantFields::add(const std::string& name, const Setting& value) {
  auto added = append(name, value);
  finish();
  return added;
}

void ConstantFields::finish() {
  const std::string json = added_json(ops_);
  json_.assign(json.begin(), json.end());
  steps_ = constant_steps(ops_, {json_.data(), json_.size()});
}

Result<void> ConstantFields::append(const std::string& name, const Setting& value) {
  auto path = FieldPath::parse(name);
  if (!path) return value.error(path.error().message);
  if (auto error = value_error(value, path->view().size())) return *std::move(error);

  std::string json;
  append_setting(json, value);
  bytes_ += json.size();
  if (bytes_ > Patch::kMaxBytes) return value.error("the fields are over 1 MiB together");
  paths_.push_back(*std::move(path));
  ops_.push_back({paths_.back(), decode_json(texts_.copy(json), texts_)});
  return {};
}

}  // namespace logbraid
