#include "format/json_pointer.h"

#include <charconv>

#include "core/json_text.h"

namespace logbraid {
namespace {

Result<std::string> unescape(std::string_view step) {
  std::string key;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      key += step[i];
      continue;
    }
    const char code = ++i < step.size() ? step[i] : '\0';
    if (code != '0' && code != '1') {
      return Error("~ is followed by 0 (a tilde) or 1 (a slash) in a JSON pointer");
    }
    key += code == '0' ? '~' : '/';
  }
  return key;
}

// "0", "17"; not "01", "-1", "+1".
std::optional<std::size_t> as_index(std::string_view key) {
  if (key.empty() || (key.size() > 1 && key.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const char* const end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, index);
  if (error != std::errc() || stop != end) return std::nullopt;
  return index;
}

std::optional<std::string_view> member(std::string_view object, std::string_view key) {
  std::optional<std::string_view> found;
  for (ObjectWalk walk(object); walk.next();) {
    if (walk.key_is(key)) found = walk.value();
  }
  return found;
}

std::optional<std::string_view> element(std::string_view array, std::size_t index) {
  ArrayWalk walk(array);
  while (walk.next()) {
    if (index-- == 0) return walk.value();
  }
  return std::nullopt;
}

}  // namespace

Result<JsonPointer> JsonPointer::parse(std::string_view text) {
  JsonPointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') return Error("a JSON pointer begins with a slash, like /user/name");
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view step = text.substr(0, text.find('/'));
    text.remove_prefix(step.size());
    auto key = unescape(step);
    if (!key) return key.error();
    const std::optional<std::size_t> index = as_index(*key);
    pointer.steps_.push_back({*std::move(key), index});
  }
  return pointer;
}

std::optional<std::string_view> JsonPointer::find(std::string_view json) const {
  std::optional<std::string_view> at = json;
  for (const Step& step : steps_) {
    if (at->front() == '{') {
      at = member(*at, step.key);
    } else if (at->front() == '[' && step.index) {
      at = element(*at, *step.index);
    } else {
      return std::nullopt;
    }
    if (!at) return std::nullopt;
  }
  return at;
}

}  // namespace logbraid
