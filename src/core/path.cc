#include "logbraid/path.h"

#include <optional>
#include <vector>

#include "core/assert.h"
#include "core/json_text.h"

namespace logbraid {
namespace {

constexpr std::size_t kMaxSegments = 64;

// Splits at the dots that are not escaped; nullopt with the reason in `why`.
std::optional<std::vector<std::string>> split(std::string_view text, const char** why) {
  std::vector<std::string> keys(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size() || (text[i] != '.' && text[i] != '\\')) {
        *why = "a backslash must stand before a dot or a backslash";
        return std::nullopt;
      }
      keys.back() += text[i];
    } else if (text[i] == '.') {
      keys.emplace_back();
    } else {
      keys.back() += text[i];
    }
  }
  for (const std::string& key : keys) {
    if (key.empty()) {
      *why = "a step is empty; write it like geo.country, a literal dot as \\.";
      return std::nullopt;
    }
  }
  if (keys.size() > kMaxSegments) {
    *why = "over 64 steps";
    return std::nullopt;
  }
  if (valid_utf8_prefix(text) != text.size()) {
    *why = "not UTF-8";
    return std::nullopt;
  }
  return keys;
}

std::string quote(std::string_view key) {
  std::string quoted;
  append_json_string(quoted, key);
  quoted += ':';
  return quoted;
}

PathSegment segment_in(std::string_view key, Arena& arena) {
  const std::string_view kept = arena.copy(key);
  return {kept, arena.copy(quote(key)), key_bit(kept)};
}

}  // namespace

struct FieldPath::State {
  std::vector<std::string> keys;
  std::vector<std::string> quoted;
  std::vector<PathSegment> segments;
};

std::string PathView::to_string() const {
  std::string text;
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (i != 0) text += '.';
    for (const char c : segments_[i].key) {
      if (c == '.' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text;
}

bool operator==(PathView a, PathView b) { return a.size() == b.size() && overlap(a, b); }

bool overlap(PathView a, PathView b) {
  const std::uint32_t common = a.size() < b.size() ? a.size() : b.size();
  for (std::uint32_t i = 0; i < common; ++i) {
    if (a[i].key != b[i].key) return false;
  }
  return true;
}

FieldPath FieldPath::from_keys(std::span<const std::string> keys) {
  auto state = std::make_shared<State>();
  state->keys.assign(keys.begin(), keys.end());
  for (const std::string& key : state->keys) state->quoted.push_back(quote(key));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    state->segments.push_back({state->keys[i], state->quoted[i], key_bit(state->keys[i])});
  }
  FieldPath path;
  path.view_ = {state->segments.data(), static_cast<std::uint32_t>(state->segments.size())};
  path.state_ = std::move(state);
  return path;
}

Result<FieldPath> FieldPath::parse(std::string_view text) {
  const char* why = "";
  const auto keys = split(text, &why);
  if (!keys) return Error("\"" + std::string(text) + "\" is no field path: " + why);
  return from_keys(*keys);
}

FieldPath::FieldPath(std::string_view text) {
  auto parsed = parse(text);
  LOGBRAID_ASSERT(parsed.has_value(), "a path in code must parse");
  *this = *std::move(parsed);
}

FieldPath FieldPath::literal(std::string_view key) {
  const std::string keys[] = {std::string(key)};
  return from_keys(keys);
}

FieldPath FieldPath::child(std::string_view key) const {
  std::vector<std::string> keys;
  if (state_) keys = state_->keys;
  keys.emplace_back(key);
  return from_keys(keys);
}

PathView parse_path(std::string_view text, Arena& arena) {
  const char* why = "";
  const auto keys = split(text, &why);
  if (!keys) return {};
  auto* segments = arena.allocate_array<PathSegment>(keys->size());
  for (std::size_t i = 0; i < keys->size(); ++i) {
    new (segments + i) PathSegment(segment_in((*keys)[i], arena));
  }
  return {segments, static_cast<std::uint32_t>(keys->size())};
}

PathView child_path(PathView parent, std::string_view key, Arena& arena) {
  auto* segments = arena.allocate_array<PathSegment>(parent.size() + 1);
  for (std::uint32_t i = 0; i < parent.size(); ++i) new (segments + i) PathSegment(parent[i]);
  new (segments + parent.size()) PathSegment(segment_in(key, arena));
  return {segments, parent.size() + 1};
}

}  // namespace logbraid
