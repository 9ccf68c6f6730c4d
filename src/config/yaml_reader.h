#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/error_list.h"
#include "config/references.h"
#include "logbraid/setting.h"

namespace logbraid {

// Limits of one file. A configuration beyond them is a slip or an attack.
inline constexpr std::size_t kLargestYaml = 16 * 1024 * 1024;  // bytes
inline constexpr int kDeepestYaml = 64;
inline constexpr std::size_t kMostNodes = 1'000'000;
// Nodes that aliases stand for: a few lines of aliases of aliases would be billions.
inline constexpr std::size_t kMostAliasNodes = 100'000;

// Reads one document of YAML 1.2 (core schema) into a tree whose settings know their file, line and
// key, with `${...}` replaced in values; a plain value is typed after that.
//
// Stricter than YAML: duplicate keys, keys that are no text, tags, merge keys, a second document,
// an empty document and what goes beyond the limits above are errors.
// Errors: into `errors`; nullopt where there is any.
std::optional<Setting> read_yaml(std::string_view text, const std::string& file,
                                 const References& references, ErrorList& errors);

// The same for a file.
std::optional<Setting> read_yaml_file(const std::string& file, const References& references,
                                      ErrorList& errors);

// One value on a command line: `2`, `50ms`, `[a, b]`, `{a: 1}`; empty is null.
std::optional<Setting> read_yaml_value(std::string_view text, const std::string& origin,
                                       const References& references, ErrorList& errors);

// Sets `key` of a tree: members by their name; items of lists by the member `name` where they have
// one, else by their index.
void assign_keys(Setting& setting, std::string key);

}  // namespace logbraid
