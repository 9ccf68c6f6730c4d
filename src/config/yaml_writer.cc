#include "config/yaml_writer.h"

#include <algorithm>
#include <string_view>

#include "config/yaml_scalar.h"
#include "core/json_text.h"
#include "core/masking.h"

namespace logbraid {
namespace {

// Plain text that needs no quotes in any place: letters, digits, and signs that mean nothing.
bool is_plain(std::string_view text) {
  if (!reads_as_text(text) || text == "---" || text == "...") return false;
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '/' || c == '.';
  };
  return letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || c == '-' || c == '+';
         });
}

std::string spell_key(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string valid;
  append_valid_utf8(valid, text);
  std::string quoted;
  append_json_string(quoted, valid);  // YAML reads JSON's strings
  return quoted;
}

// Values, not keys, are searched for ${ when they are read again.
std::string spell_text(std::string_view text) {
  std::string spelled = spell_key(text);
  for (std::size_t at = spelled.find("${"); at != std::string::npos;
       at = spelled.find("${", at + 3)) {
    spelled.insert(at, 1, '$');
  }
  return spelled;
}

std::string spell_scalar(const Setting& setting) {
  if (setting.is_null()) return "null";
  if (setting.secret) return "\"" + std::string(kMask) + "\"";
  if (setting.is_string()) return spell_text(mask_passwords(setting.string()));
  std::string text = setting.as_string().value();
  if (setting.kind() != Setting::Kind::real) return text;
  // Reals must not read back as integers, nor inf as a text.
  const double value = setting.real();
  if (value != value) return ".nan";
  if (value - value != 0) return value > 0 ? ".inf" : "-.inf";
  if (text.find_first_of(".eE") == std::string::npos &&
      plain_scalar(text).kind() != setting.kind()) {
    text += ".0";
  }
  return text;
}

bool is_flow(const Setting& setting) {
  return setting.is_scalar() || (setting.is_map() && setting.members().empty()) ||
         (setting.is_list() && setting.items().empty());
}

void append(std::string& out, const Setting& setting, std::size_t indent);

// A value behind `key:` or `-`, with the blank or the line break before it.
void append_value(std::string& out, const Setting& setting, std::size_t indent) {
  if (setting.is_scalar()) {
    out += ' ' + spell_scalar(setting) + '\n';
  } else if (setting.secret) {
    out += " \"" + std::string(kMask) + "\"\n";
  } else if (is_flow(setting)) {
    out += setting.is_map() ? " {}\n" : " []\n";
  } else {
    out += '\n';
    append(out, setting, indent);
  }
}

void append(std::string& out, const Setting& setting, std::size_t indent) {
  for (const auto& [name, member] : setting.members()) {
    out.append(indent, ' ').append(spell_key(name)).append(":");
    append_value(out, member, indent + 2);
  }
  for (const Setting& item : setting.items()) {
    out.append(indent, ' ').append("-");
    if (item.is_map() && !is_flow(item) && !item.secret) {
      // The first member stands behind the dash.
      std::string block;
      append(block, item, indent + 2);
      out += ' ' + block.substr(indent + 2);
    } else {
      append_value(out, item, indent + 2);
    }
  }
}

}  // namespace

std::string to_yaml(const Setting& setting) {
  std::string out;
  if (setting.is_scalar() || is_flow(setting) || setting.secret) {
    append_value(out, setting, 0);
    return out.substr(1);
  }
  append(out, setting, 0);
  return out;
}

}  // namespace logbraid
