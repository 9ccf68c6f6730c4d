#include "enrichers/sql_settings.h"

#include <utility>

namespace logbraid {
namespace {

Result<KeySpec> parse_parameters(const Settings& settings) {
  std::vector<KeyTemplate> parts;
  for (const std::string& text : settings.strings("parameters")) {
    auto part = KeyTemplate::parse(text, KeyEscape::none);
    if (!part) {
      return settings.error("parameters", "\"" + text + "\": " + part.error().message);
    }
    parts.push_back(*std::move(part));
  }
  if (parts.empty()) return settings.error("parameters", "names none; write [\"{{user_id}}\"]");
  KeySpec key(std::move(parts));
  if (key.fields().empty()) {
    return settings.error("parameters", "has no field of the event in it; write [\"{{user_id}}\"]");
  }
  return key;
}

}  // namespace

std::vector<SettingSpec> with_sql_settings(std::vector<SettingSpec> specs) {
  specs.push_back({.name = "parameters",
                   .type = SettingType::strings,
                   .help =
                       "The values of the query's parameters in order, with fields of the event "
                       "in them: [\"{{user_id}}\", \"{{tenant}}\"]. Each is sent as a value; "
                       "nothing in it can become a part of the query.",
                   .required = true});
  specs.push_back({.name = "fields",
                   .type = SettingType::map,
                   .help = "Fields of the event and the columns they are set from. Where unset, "
                           "`output` gets the whole row."});
  specs.push_back({.name = "output",
                   .type = SettingType::field,
                   .help = "The object that gets a member for each column of the row. Either this "
                           "or `fields`."});
  specs.push_back({.name = "multiple",
                   .type = SettingType::string,
                   .default_text = "first",
                   .help = "Where a key has several rows: the first counts, it is an error, or "
                           "each field gets an array with its value of each row, in their order, "
                           "also where there is only one.",
                   .choices = {"first", "error", "array"}});
  specs.push_back({.name = "max_rows",
                   .type = SettingType::integer,
                   .help = "With `multiple: array`: a key that has more rows is an error, since an "
                           "array that was cut would look like a whole one. 1 to 10,000; where "
                           "unset, 100."});
  return specs;
}

namespace {

Result<SqlRowsRule> parse_rows(const Settings& settings) {
  SqlRowsRule rule;
  const std::string several = settings.string("multiple");
  if (several == "error") rule.several = SqlRowsRule::Several::error;
  if (several == "array") rule.several = SqlRowsRule::Several::array;
  if (!settings.has("max_rows")) return rule;
  if (several != "array") return settings.error("max_rows", "is for `multiple: array`");
  const auto most = settings["max_rows"].as_integer(1, 10'000);
  if (!most) return most.error();
  rule.most = static_cast<std::size_t>(*most);
  return rule;
}

}  // namespace

Result<SqlSettings> parse_sql_settings(const Settings& settings) {
  auto key = parse_parameters(settings);
  if (!key) return key.error();
  const auto rows = parse_rows(settings);
  if (!rows) return rows.error();
  SqlSettings parsed{*std::move(key), {}, {}, *rows};
  if (settings.has("fields") == settings.has("output")) {
    return settings.error(settings.has("fields") ? "output" : "fields",
                          "write either `fields`, like {user.plan: plan}, or `output`");
  }
  if (settings.has("output")) {
    parsed.fields.push_back(settings.field("output"));
    return parsed;
  }
  for (const auto& [name, setting] : settings["fields"].members()) {
    auto path = FieldPath::parse(name);
    if (!path) return setting.error(path.error().message);
    auto column = setting.as_string();
    if (!column) return column.error();
    parsed.fields.push_back(*std::move(path));
    parsed.columns.push_back(*std::move(column));
  }
  if (parsed.fields.empty()) {
    return settings.error("fields", "names no field; write {user.plan: plan}");
  }
  return parsed;
}

}  // namespace logbraid
