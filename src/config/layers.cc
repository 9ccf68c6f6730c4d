#include "config/layers.h"

#include <charconv>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/enricher_names.h"
#include "config/text_file.h"
#include "config/yaml_reader.h"
#include "core/suggestion.h"
#include "logbraid/path.h"

namespace logbraid {
namespace {

// Replaces what stands there, and gives it the place of the new value.
Setting* child_of(Setting& map, std::string_view name) {
  for (auto& [known, value] : map.members()) {
    if (known == name) return &value;
  }
  map.set(std::string(name), {});
  Setting* const added = &map.members().back().second;
  added->key = map.key.empty() ? std::string(name) : map.key + "." + std::string(name);
  return added;
}

std::optional<std::size_t> index_in(std::string_view step, std::size_t size) {
  std::size_t index = 0;
  const auto [end, code] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (code != std::errc() || end != step.data() + step.size() || index >= size) return std::nullopt;
  return index;
}

// The item of a list by its name or its index.
Result<Setting*> item_of(Setting& list, std::string_view step) {
  const std::vector<std::string> names = enricher_names(list);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == step) return &list.items()[i];
  }
  if (const auto index = index_in(step, list.items().size())) return &list.items()[*index];
  const std::vector<std::string_view> allowed(names.begin(), names.end());
  return Error("has nothing named \"" + std::string(step) + "\"; " + suggestion(step, allowed));
}

// The setting at a path; maps on the way are made where there are none.
Result<Setting*> find_place(Setting& root, PathView path) {
  Setting* place = &root;
  for (const PathSegment& step : path) {
    if (place->is_list()) {
      auto item = item_of(*place, step.key);
      if (!item) return place->error(item.error().message);
      place = *item;
    } else if (place->is_map() || place->is_null()) {
      place = child_of(*place, step.key);
    } else {
      const bool is_uri = place->is_string() && place->string().find("://") != std::string::npos;
      return place->error("is " + place->describe() + ", and has no \"" + std::string(step.key) +
                          "\"" + (is_uri ? "; write the URI as a map to set its parts" : ""));
    }
  }
  return place;
}

}  // namespace

void merge(Setting& base, Setting over) {
  if (!base.is_map() || !over.is_map()) {
    base = std::move(over);
    return;
  }
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < base.members().size(); ++i) {
    places.emplace(base.members()[i].first, i);
  }
  for (auto& [name, value] : over.members()) {
    const auto place = places.find(name);
    if (place == places.end()) {
      base.members().emplace_back(name, std::move(value));
    } else {
      merge(base.members()[place->second].second, std::move(value));
    }
  }
}

void apply_override(Setting& root, std::string_view text, const References& references,
                    ErrorList& errors) {
  Setting origin;
  origin.file = "--set";
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    errors.add(origin.error("must be key=value, like execution.shards=2, not " +
                            Setting(text).describe()));
    return;
  }
  const auto path = FieldPath::parse(text.substr(0, equals));
  if (!path) {
    errors.add(origin.error("must be key=value, like execution.shards=2: " + path.error().message));
    return;
  }
  const std::string key = path->to_string();
  auto value = read_yaml_value(text.substr(equals + 1), "--set " + key, references, errors);
  if (!value) return;
  const auto place = find_place(root, path->view());
  if (!place) {
    Error error = place.error();
    error.message = "--set " + key + ": " + error.message;
    errors.add(std::move(error));
    return;
  }
  const std::string place_key = (*place)->key;
  **place = *std::move(value);
  (*place)->line = 0;
  assign_keys(**place, place_key);
}

}  // namespace logbraid
