#include "logbraid/setting.h"

#include <cmath>

#include "core/json_text.h"
#include "core/masking.h"
#include "core/units.h"

namespace logbraid {
namespace {

constexpr std::size_t kLongestShown = 60;

std::string quoted(std::string_view text) {
  std::string valid;  // what code or a command line gave may be no UTF-8
  append_valid_utf8(valid, mask_passwords(text));
  std::string_view kept = valid;
  if (kept.size() > kLongestShown) {
    kept = kept.substr(0, kLongestShown);
    kept = kept.substr(0, valid_utf8_prefix(kept));  // not in the middle of a character
  }
  std::string shown;
  append_json_string(shown, kept);
  return kept.size() < valid.size() ? shown + "..." : shown;
}

std::string range_text(const std::string& least, const std::string& most) {
  return " from " + least + " to " + most;
}

// "must be X, not Y", at the place of Y.
Error mismatch(const Setting& setting, const std::string& wanted) {
  return setting.error("must be " + wanted + ", not " + setting.describe());
}

// Each item of a list, or the one scalar, through `convert`.
template <class T, class Convert>
Result<std::vector<T>> each(const Setting& setting, Convert convert) {
  std::vector<T> values;
  if (!setting.is_list()) {
    auto value = convert(setting);
    if (!value) return value.error();
    values.push_back(*std::move(value));
    return values;
  }
  values.reserve(setting.items().size());
  for (const Setting& item : setting.items()) {
    auto value = convert(item);
    if (!value) return value.error();
    values.push_back(*std::move(value));
  }
  return values;
}

}  // namespace

Setting Setting::list(std::vector<Setting> items) {
  Setting setting;
  setting.kind_ = Kind::list;
  setting.items_ = std::move(items);
  return setting;
}

Setting Setting::map(std::vector<Member> members) {
  Setting setting;
  setting.kind_ = Kind::map;
  setting.members_ = std::move(members);
  return setting;
}

Setting Setting::spelled(Setting number, std::string spelling) {
  number.string_ = std::move(spelling);
  return number;
}

const Setting* Setting::find(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

void Setting::set(std::string name, Setting value) {
  if (kind_ == Kind::null) kind_ = Kind::map;
  for (Member& member : members_) {
    if (member.first == name) {
      member.second = std::move(value);
      return;
    }
  }
  members_.emplace_back(std::move(name), std::move(value));
}

void Setting::push_back(Setting value) {
  if (kind_ == Kind::null) kind_ = Kind::list;
  items_.push_back(std::move(value));
}

Result<bool> Setting::as_bool() const {
  if (kind_ != Kind::boolean) return mismatch(*this, "true or false");
  return boolean_;
}

Result<std::int64_t> Setting::as_integer(std::int64_t least, std::int64_t most) const {
  const bool bounded = least != INT64_MIN || most != INT64_MAX;
  const std::string wanted =
      "a whole number" +
      (bounded ? range_text(std::to_string(least), std::to_string(most)) : std::string());
  std::int64_t value = integer_;
  if (kind_ == Kind::real) {
    // 1e3 is a whole number too; beyond 2^53 a double no longer says which one.
    if (std::trunc(real_) != real_ || std::fabs(real_) > 9'007'199'254'740'992.0) {
      return mismatch(*this, wanted);
    }
    value = static_cast<std::int64_t>(real_);
  } else if (kind_ != Kind::integer) {
    return mismatch(*this, wanted);
  }
  if (value < least || value > most) return mismatch(*this, wanted);
  return value;
}

Result<double> Setting::as_number(double least, double most) const {
  const bool bounded = std::isfinite(least) || std::isfinite(most);
  const std::string wanted =
      "a number" + (bounded ? range_text(spell_number(least), spell_number(most)) : std::string());
  if (kind_ != Kind::integer && kind_ != Kind::real) return mismatch(*this, wanted);
  const double value = kind_ == Kind::integer ? static_cast<double>(integer_) : real_;
  if (!(value >= least && value <= most)) return mismatch(*this, wanted);
  return value;
}

Result<std::string> Setting::as_string() const {
  switch (kind_) {
    case Kind::string:
      return string_;
    case Kind::boolean:
      return std::string(boolean_ ? "true" : "false");
    case Kind::integer:
      return string_.empty() ? std::to_string(integer_) : string_;
    case Kind::real:
      return string_.empty() ? spell_number(real_) : string_;
    case Kind::null:
    case Kind::list:
    case Kind::map:
      break;
  }
  return mismatch(*this, "text");
}

Result<Duration> Setting::as_duration() const {
  std::optional<Duration> duration;
  if (kind_ == Kind::string) duration = parse_duration(string_);
  if (kind_ == Kind::integer) duration = duration_from_seconds(static_cast<double>(integer_));
  if (kind_ == Kind::real) duration = duration_from_seconds(real_);
  if (!duration) return mismatch(*this, "a duration like 250ms, 1.5s, 2m or 1h");
  return *duration;
}

Result<std::uint64_t> Setting::as_bytes() const {
  std::optional<std::uint64_t> bytes;
  if (kind_ == Kind::string) bytes = parse_bytes(string_);
  if (kind_ == Kind::integer && integer_ >= 0) bytes = static_cast<std::uint64_t>(integer_);
  if (kind_ == Kind::real) bytes = parse_bytes(spell_number(real_));
  if (!bytes) return mismatch(*this, "a size like 512, 64kB or 32MiB");
  return *bytes;
}

Result<FieldPath> Setting::as_field() const {
  const auto text = as_string();
  if (!text) return mismatch(*this, "the name of a field, like geo.country");
  auto path = FieldPath::parse(*text);
  if (!path) return error(secret ? "is no field path" : mask_passwords(path.error().message));
  return path;
}

Result<std::vector<std::string>> Setting::as_strings() const {
  return each<std::string>(*this, [](const Setting& item) { return item.as_string(); });
}

Result<std::vector<FieldPath>> Setting::as_fields() const {
  return each<FieldPath>(*this, [](const Setting& item) { return item.as_field(); });
}

Error Setting::error(std::string message) const {
  Error error(std::move(message));
  error.file = file;
  error.line = line;
  error.key = key;
  return error;
}

std::string Setting::describe() const {
  if (is_list()) return "a list";
  if (is_map()) return "a map";
  if (is_null()) return "null";
  if (secret) return "(a secret)";
  if (is_string()) return quoted(string_);
  return as_string().value();
}

}  // namespace logbraid
