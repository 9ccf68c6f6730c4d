#include "plan/event_conditions.h"

#include <algorithm>

#include "core/json_text.h"

namespace logbraid {
namespace {

using Part = ConditionPart;

const std::array<FieldPath, kConditionFields>& condition_paths() {
  static const std::array<FieldPath, kConditionFields> paths = {
      FieldPath("level"), FieldPath("method"),   FieldPath("http_method"),
      FieldPath("path"),  FieldPath("url_path"), FieldPath("user_roles")};
  return paths;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool equal_in_upper_case(std::string_view any, std::string_view upper_case) {
  return std::equal(any.begin(), any.end(), upper_case.begin(), upper_case.end(),
                    [](char a, char b) { return upper(a) == b; });
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// An array of roles; a string counts as a list of one.
bool any_role(const std::vector<std::string>& wanted, const Value& roles) {
  if (roles.is_string()) return contains(wanted, roles.text());
  if (!roles.is_array()) return false;
  for (ArrayWalk walk(roles.text()); walk.next();) {
    const std::string_view item = walk.value();
    if (item.front() != '"') continue;
    const std::string_view raw = item.substr(1, item.size() - 2);
    for (const std::string& role : wanted) {
      if (json_equals(raw, role)) return true;
    }
  }
  return false;
}

bool in_hours(const Conditions::TimeRange& range, int hour) {
  if (range.start_hour <= range.end_hour) return range.start_hour <= hour && hour <= range.end_hour;
  return hour >= range.start_hour || hour <= range.end_hour;
}

std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return text;
}

std::string shown(const Value& value) {
  if (value.absent()) return "absent";
  std::string text;
  append_json(text, value);
  return text;
}

}  // namespace

int level_number(std::string_view name) {
  struct Known {
    std::string_view name;
    int number;
  };
  static constexpr Known kKnown[] = {{"INFO", 20},  {"ERROR", 40},    {"WARNING", 30}, {"WARN", 30},
                                     {"DEBUG", 10}, {"CRITICAL", 50}, {"FATAL", 50}};
  for (const Known& known : kKnown) {
    if (equal_in_upper_case(name, known.name)) return known.number;
  }
  return 20;
}

Value EventConditions::State::get(ConditionField field, const EventView* input) const {
  const auto at = static_cast<std::size_t>(field);
  if (!settings[at].absent()) return settings[at];
  return input != nullptr ? input->get(condition_paths()[at]) : Value();
}

std::string_view EventConditions::State::text(ConditionField first, ConditionField second,
                                              const EventView* input) const {
  // The settings' second beats the event's first.
  const bool from_settings = !settings[static_cast<std::size_t>(first)].absent() ||
                             !settings[static_cast<std::size_t>(second)].absent();
  const EventView* const event = from_settings ? nullptr : input;
  const std::string_view text = get(first, event).as_string().value_or("");
  return !text.empty() ? text : get(second, event).as_string().value_or("");
}

bool EventConditions::State::holds(Part part, const EventView* input, const LocalHour& hour) const {
  switch (part) {
    case Part::level:
      return !min_level ||
             level_number(get(ConditionField::level, input).as_string().value_or("INFO")) >=
                 min_level->least;
    case Part::hour:
      return !time_range || in_hours(*time_range, hour());
    case Part::methods: {
      if (methods.empty()) return true;
      const std::string_view method =
          text(ConditionField::method, ConditionField::http_method, input);
      return method.empty() || std::any_of(methods.begin(), methods.end(), [&](const auto& one) {
               return equal_in_upper_case(method, one);
             });
    }
    case Part::paths: {
      if (path_patterns.empty()) return true;
      const std::string_view path = text(ConditionField::path, ConditionField::url_path, input);
      return path.empty() || std::any_of(path_patterns.begin(), path_patterns.end(),
                                         [&](const Regex& regex) { return regex.starts(path); });
    }
    case Part::roles:
      return user_roles.empty() || any_role(user_roles, get(ConditionField::user_roles, input));
    case Part::function:
      if (!function) return true;
      // A user's code outside of any call: what it throws means no, as in fapilog.
      try {
        return function(*input);
      } catch (...) {
        return false;
      }
  }
  return true;
}

std::string EventConditions::State::why_not(Part part, const EventView* input,
                                            const LocalHour& hour) const {
  if (holds(part, input, hour)) return {};
  switch (part) {
    case Part::level:
      return "level is " +
             std::string(get(ConditionField::level, input).as_string().value_or("INFO")) +
             ", under " + min_level->name;
    case Part::hour:
      return "the hour is " + std::to_string(hour()) + ", not within " +
             std::to_string(time_range->start_hour) + " to " + std::to_string(time_range->end_hour);
    case Part::methods:
      return "request.methods: the method is " +
             std::string(text(ConditionField::method, ConditionField::http_method, input)) +
             ", not " + one_of(methods);
    case Part::paths: {
      std::vector<std::string> patterns;
      for (const Regex& regex : path_patterns) patterns.push_back(regex.pattern());
      return "request.path_patterns: the path " +
             std::string(text(ConditionField::path, ConditionField::url_path, input)) +
             " does not start with " + one_of(patterns);
    }
    case Part::roles:
      return "request.user_roles: " + shown(get(ConditionField::user_roles, input)) + ", not " +
             one_of(user_roles);
    case Part::function:
      return "condition_func gives false";
  }
  return {};
}

bool EventConditions::State::settled(Part part) const {
  const auto given = [&](ConditionField field) {
    return !settings[static_cast<std::size_t>(field)].absent();
  };
  switch (part) {
    case Part::level:
      return given(ConditionField::level);
    case Part::methods:
      return given(ConditionField::method) || given(ConditionField::http_method);
    case Part::paths:
      return given(ConditionField::path) || given(ConditionField::url_path);
    case Part::roles:
      return given(ConditionField::user_roles);
    case Part::hour:
    case Part::function:
      return false;
  }
  return false;
}

void EventConditions::State::drop(Part part) {
  switch (part) {
    case Part::level:
      min_level.reset();
      break;
    case Part::hour:
      time_range.reset();
      break;
    case Part::methods:
      methods.clear();
      break;
    case Part::paths:
      path_patterns.clear();
      break;
    case Part::roles:
      user_roles.clear();
      break;
    case Part::function:
      function = nullptr;
      break;
  }
}

bool EventConditions::holds_for(const EventView& input, const LocalHour& hour) const {
  return std::all_of(std::begin(kConditionParts), std::end(kConditionParts),
                     [&](Part part) { return state_->holds(part, &input, hour); });
}

std::string EventConditions::why_not(const EventView& input, const LocalHour& hour) const {
  if (state_ == nullptr) return {};
  for (const Part part : kConditionParts) {
    std::string why = state_->why_not(part, &input, hour);
    if (!why.empty()) return why;
  }
  return {};
}

}  // namespace logbraid
