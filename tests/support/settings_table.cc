#include "tests/support/settings_table.h"

#include "core/settings_check.h"

namespace logbraid::test {
namespace {

// `text` as code in a cell, where a bar would end the cell.
std::string code(std::string_view text) {
  std::string out = "`";
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out + "`";
}

std::string type_of(const SettingSpec& spec) {
  if (spec.choices.empty()) {
    return std::string(to_string(spec.type)) + (spec.unit.empty() ? "" : " (" + spec.unit + ")");
  }
  std::string names;
  for (const std::string& choice : spec.choices)
    names += (names.empty() ? "" : ", ") + code(choice);
  return names;
}

std::string default_of(const SettingSpec& spec) {
  if (spec.required) return "required";
  return spec.default_text.empty() ? "unset" : code(spec.default_text);
}

}  // namespace

std::string settings_table(const std::vector<SettingSpec>& specs) {
  std::string table = "| setting | type | default | what it is |\n|---|---|---|---|\n";
  for (const SettingSpec& spec : specs) {
    table += "| " + code(spec.name) + " | " + type_of(spec) + " | " + default_of(spec) + " | " +
             spec.help + (spec.secret ? " A secret: masked wherever settings are shown." : "") +
             " |\n";
  }
  return table;
}

}  // namespace logbraid::test
