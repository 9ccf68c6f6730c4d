// Rows of the shared vectors: one JSON object a line, known to be valid.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "logbraid/arena.h"

namespace logbraid::test {

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// The JSON text of a member, empty where there is none.
inline std::string_view member(std::string_view object, std::string_view key) {
  for (ObjectWalk walk(object); walk.next();) {
    if (walk.key_is(key)) return walk.value();
  }
  return {};
}

inline std::string string_of(std::string_view json) {
  Arena arena;
  return std::string(unescape_json(json.substr(1, json.size() - 2), arena));
}

inline std::vector<std::string_view> items_of(std::string_view json) {
  std::vector<std::string_view> items;
  for (ArrayWalk walk(json); walk.next();) items.push_back(walk.value());
  return items;
}

// A list of strings, or one string for a list of one.
inline std::vector<std::string> strings_of(std::string_view json) {
  if (json.front() == '"') return {string_of(json)};
  std::vector<std::string> strings;
  for (const std::string_view item : items_of(json)) strings.push_back(string_of(item));
  return strings;
}

}  // namespace logbraid::test
