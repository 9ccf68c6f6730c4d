#include "config/references.h"

#include "config/text_file.h"

namespace logbraid {
namespace {

constexpr std::size_t kLargestSecret = 64 * 1024;
constexpr const char* kForms =
    "write ${NAME}, ${NAME:-default} or ${file:/run/secrets/x}; a literal ${ is $${";

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

// What stands for `inside`, the text between the braces.
Result<std::string> value_of(std::string_view inside, const References& references) {
  const std::size_t colon = inside.find(":-");
  const std::string_view name = inside.substr(0, colon);
  if (!is_name(name)) {
    return Error("${" + std::string(inside) + "} cannot be read; " + kForms);
  }
  auto value = references.environment ? references.environment(name) : std::nullopt;
  if (colon != std::string_view::npos && (!value || value->empty())) {
    return std::string(inside.substr(colon + 2));
  }
  if (!value) {
    return Error("the variable " + std::string(name) +
                 " is not set; set it, or give a default: ${" + std::string(name) + ":-default}");
  }
  if (!check_text(*value)) {
    return Error("the variable " + std::string(name) + " is not UTF-8 text");
  }
  return *std::move(value);
}

}  // namespace

Result<Expansion> expand_references(std::string_view text, const References& references) {
  Expansion expansion;
  while (true) {
    const std::size_t start = text.find("${");
    if (start == std::string_view::npos) break;
    if (start > 0 && text[start - 1] == '$') {
      expansion.text.append(text.substr(0, start - 1)).append("${");
      expansion.changed = true;
      text.remove_prefix(start + 2);
      continue;
    }
    const std::size_t end = text.find('}', start);
    if (end == std::string_view::npos) {
      return Error(std::string("${ without a closing brace; ") + kForms);
    }
    const std::string_view inside = text.substr(start + 2, end - start - 2);
    const bool is_file = inside.starts_with("file:");
    Result<std::string> value = [&]() -> Result<std::string> {
      if (!is_file) return value_of(inside, references);
      if (!references.read_file) return Error("secret files cannot be read here");
      return references.read_file(std::string(inside.substr(5)));
    }();
    if (!value) return value.error();
    expansion.text.append(text.substr(0, start)).append(*value);
    expansion.changed = true;
    expansion.secret = expansion.secret || is_file;
    text.remove_prefix(end + 1);
  }
  expansion.text += text;
  return expansion;
}

Result<std::string> read_secret_file(const std::string& path) {
  if (path.empty()) return Error("names no file: write ${file:/run/secrets/x}");
  auto text = read_text_file(path, kLargestSecret);
  if (!text) return Error("secret file " + path + ": " + text.error().message);
  if (!check_text(*text)) return Error("secret file " + path + ": is not UTF-8 text");
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

}  // namespace logbraid
