#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "logbraid/arena.h"
#include "logbraid/metadata.h"
#include "logbraid/path.h"
#include "logbraid/plan.h"
#include "logbraid/value.h"
#include "support/regex.h"

namespace logbraid {

// What conditions read of their context.
enum class ConditionField : std::uint8_t { level, method, http_method, path, url_path, user_roles };
inline constexpr std::size_t kConditionFields = 6;

enum class ConditionPart : std::uint8_t { level, hour, methods, paths, roles, function };
inline constexpr ConditionPart kConditionParts[] = {
    ConditionPart::level, ConditionPart::hour,  ConditionPart::methods,
    ConditionPart::paths, ConditionPart::roles, ConditionPart::function};

// The compiled form. Parts that are unset hold.
struct EventConditions::State {
  struct Level {
    int least;
    std::string name;  // as it was written, for why_not()
  };

  std::optional<Level> min_level;
  std::optional<Conditions::TimeRange> time_range;
  std::vector<std::string> methods;  // upper case; empty: any
  std::vector<Regex> path_patterns;  // empty: any
  std::vector<std::string> user_roles;
  std::function<bool(const EventView&)> function;

  // What the settings give beats the event; their bytes live in `settings_text`.
  std::array<Value, kConditionFields> settings;
  Arena settings_text{256};

  bool empty() const {
    return !min_level && !time_range && methods.empty() && path_patterns.empty() &&
           user_roles.empty() && !function;
  }
  // `input` may be null for the parts that the settings decide.
  bool holds(ConditionPart part, const EventView* input, const LocalHour& hour) const;
  std::string why_not(ConditionPart part, const EventView* input, const LocalHour& hour) const;
  // Whether the settings give what the part reads.
  bool settled(ConditionPart part) const;
  void drop(ConditionPart part);

 private:
  Value get(ConditionField field, const EventView* input) const;
  // The first of the two that is a string and not empty.
  std::string_view text(ConditionField first, ConditionField second, const EventView* input) const;
};

// 10, 20, 30, 40, 50 in any case; names that are not known count as 20, INFO.
int level_number(std::string_view name);

}  // namespace logbraid
