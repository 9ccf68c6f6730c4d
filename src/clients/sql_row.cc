#include "clients/sql_row.h"

#include <algorithm>

namespace logbraid {
namespace {

constexpr std::size_t kLongestMessage = 400;

Result<std::size_t> column_named(std::string_view name, std::span<const std::string_view> columns) {
  const auto found = std::ranges::find(columns, name);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  std::string known;
  for (const std::string_view column : columns) {
    known.append(known.empty() ? "" : ", ").append(column);
  }
  return Error("the result has no column \"" + std::string(name) + "\"; it has " +
               (known.empty() ? "none" : known));
}

}  // namespace

Result<SqlShape> sql_shape(std::span<const std::string_view> columns,
                           std::span<const std::string> wanted) {
  SqlShape shape;
  for (const std::string& name : wanted) {
    const auto column = column_named(name, columns);
    if (!column) return column.error();
    shape.columns.push_back(*column);
  }
  if (!wanted.empty()) return shape;
  for (const std::string_view column : columns) {
    std::string name;
    append_valid_utf8(name, column);
    std::string json;
    append_json_string(json, name);
    json += ':';
    if (std::ranges::count(shape.names, json) != 0) {
      return Error("two columns of the result are called \"" + name +
                   "\"; tell them apart with `as`, or choose with `fields`");
    }
    shape.names.push_back(std::move(json));
  }
  return shape;
}

std::string sql_message(std::string_view message) {
  std::string text;
  append_valid_utf8(text, message.substr(0, message.find('\n')));
  if (text.size() > kLongestMessage) {
    text.resize(kLongestMessage);
    text.resize(valid_utf8_prefix(text));
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace logbraid
