#include "plan/conditions.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/json_text.h"
#include "tests/support/json_rows.h"
#include "tests/support/shared_data.h"
#include "tests/unit/plan/text_event.h"

namespace logbraid::test {
namespace {

Setting setting_of(std::string_view json) {
  switch (json.front()) {
    case '"':
      return Setting(string_of(json));
    case '[': {
      std::vector<Setting> items;
      for (const std::string_view item : items_of(json)) items.push_back(setting_of(item));
      return Setting::list(std::move(items));
    }
    case 't':
      return Setting(true);
    case 'f':
      return Setting(false);
    default:
      return Setting(std::stoi(std::string(json)));
  }
}

Conditions conditions_of(std::string_view json) {
  Conditions conditions;
  for (ObjectWalk walk(json); walk.next();) {
    if (walk.key_is("environment")) conditions.environment = strings_of(walk.value());
    if (walk.key_is("min_level")) conditions.min_level = string_of(walk.value());
    if (walk.key_is("feature_flags")) conditions.feature_flags = strings_of(walk.value());
    if (walk.key_is("request")) {
      auto& request = conditions.request.emplace();
      for (ObjectWalk part(walk.value()); part.next();) {
        if (part.key_is("methods")) request.methods = strings_of(part.value());
        if (part.key_is("path_patterns")) request.path_patterns = strings_of(part.value());
        if (part.key_is("user_roles")) request.user_roles = strings_of(part.value());
      }
    }
  }
  return conditions;
}

int noon() { return 12; }

enum class From { settings, event };

// Whether the enricher is on, its context given as settings, or as far as may be as an event.
bool is_on(const Conditions& conditions, std::string_view context, From from) {
  PlanOptions options;
  std::string event = "{";
  for (ObjectWalk walk(context); walk.next();) {
    const std::string key(walk.raw_key());
    if (from == From::settings || key == "environment" || key.starts_with("feature_")) {
      options.enricher_conditions.emplace_back(key, setting_of(walk.value()));
    } else {
      event += (event.size() > 1 ? ",\"" : "\"") + key + "\":" + std::string(walk.value());
    }
  }
  auto compiled = ConditionCompiler::compile(conditions, options);
  EXPECT_TRUE(compiled.has_value());
  if (!compiled->disabled_because.empty()) return false;
  TextEvent text(event + "}");
  const bool holds = compiled->per_event.holds(text.view(), noon);
  EXPECT_EQ(holds, compiled->per_event.why_not(text.view(), noon).empty());
  return holds;
}

TEST(ConditionsTest, answers_as_fapilog_does) {
  LOGBRAID_SHARED_OR_SKIP(file, "compat/conditions.jsonl");
  std::size_t rows = 0;
  for (const std::string& line : lines_of(file)) {
    SCOPED_TRACE(line);
    ++rows;
    const Conditions conditions = conditions_of(member(line, "conditions"));
    const std::string_view context = member(line, "context");
    const bool expected = member(line, "enabled") == "true";
    EXPECT_EQ(is_on(conditions, context, From::settings), expected);
    EXPECT_EQ(is_on(conditions, context, From::event), expected);
  }
  EXPECT_GT(rows, 0u);
}

struct Row {
  const char* name;
  const char* conditions;
  const char* context;
  bool expected;
};

TEST(ConditionsTest, all_must_hold_and_none_always_does) {
  const Row rows[] = {
      {"none", "{}", "{}", true},
      {"environment", R"({"environment":"production"})", R"({"environment":"production"})", true},
      {"another environment", R"({"environment":"production"})", R"({"environment":"test"})",
       false},
      {"development where nobody says", R"({"environment":["development"]})", "{}", true},
      {"no environment is listed", R"({"environment":[]})", R"({"environment":"test"})", false},
      {"level at the least", R"({"min_level":"warn"})", R"({"level":"WARNING"})", true},
      {"level under the least", R"({"min_level":"ERROR"})", R"({"level":"warning"})", false},
      {"level absent counts as INFO", R"({"min_level":"INFO"})", "{}", true},
      {"level unknown counts as INFO", R"({"min_level":"WARNING"})", R"({"level":"LOUD"})", false},
      {"least level unknown is INFO", R"({"min_level":"loud"})", R"({"level":"DEBUG"})", false},
      {"flag spelled on", R"({"feature_flags":"geo"})", R"({"feature_geo":"On"})", true},
      {"flag is a number", R"({"feature_flags":"geo"})", R"({"feature_geo":1})", true},
      {"flag spelled no", R"({"feature_flags":"geo"})", R"({"feature_geo":"no"})", false},
      {"all flags", R"({"feature_flags":["geo","ua"]})", R"({"feature_geo":true})", false},
      {"method in any case", R"({"request":{"methods":"post"}})", R"({"method":"Post"})", true},
      {"method of another name", R"({"request":{"methods":"post"}})", R"({"http_method":"GET"})",
       false},
      {"method absent", R"({"request":{"methods":"post"}})", "{}", true},
      {"path from its start", R"({"request":{"path_patterns":"orders"}})", R"({"path":"/orders"})",
       false},
      {"one of the patterns", R"({"request":{"path_patterns":["/x","/api/.*"]}})",
       R"({"url_path":"/api/v1"})", true},
      {"path empty", R"({"request":{"path_patterns":"/x"}})", R"({"path":""})", true},
      {"one of the roles", R"({"request":{"user_roles":["admin","ops"]}})",
       R"({"user_roles":["dev","ops"]})", true},
      {"roles absent", R"({"request":{"user_roles":"admin"}})", "{}", false},
      {"one of two fails", R"({"min_level":"DEBUG","request":{"methods":"GET"}})",
       R"({"method":"PUT"})", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(is_on(conditions_of(row.conditions), row.context, From::settings), row.expected);
    EXPECT_EQ(is_on(conditions_of(row.conditions), row.context, From::event), row.expected);
  }
}

CompiledConditions compile(const Conditions& conditions, const PlanOptions& options = {}) {
  auto compiled = ConditionCompiler::compile(conditions, options);
  EXPECT_TRUE(compiled.has_value());
  return *compiled;
}

TEST(ConditionsTest, no_event_switches_an_enricher_on) {
  PlanOptions options;
  options.enricher_conditions.emplace_back("environment", Setting("development"));
  EXPECT_EQ(
      compile(conditions_of(R"({"environment":["production","test"]})"), options).disabled_because,
      "environment is development, not production or test");
  EXPECT_EQ(compile(conditions_of(R"({"feature_flags":"geo"})"), options).disabled_because,
            "feature flag geo is off");
}

TEST(ConditionsTest, variables_stand_in_for_settings) {
  const std::map<std::string, std::string, std::less<>> variables = {{"ENVIRONMENT", "production"},
                                                                     {"FEATURE_GEO", "yes"}};
  PlanOptions options;
  options.environment = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  const auto conditions = conditions_of(R"({"environment":"production","feature_flags":["geo"]})");
  EXPECT_EQ(compile(conditions, options).disabled_because, "");
  options.enricher_conditions.emplace_back("environment", Setting("staging"));
  EXPECT_EQ(compile(conditions, options).disabled_because,
            "environment is staging, not production");
  options.enricher_conditions.back() = {"feature_geo", Setting(false)};
  EXPECT_EQ(compile(conditions, options).disabled_because, "feature flag geo is off");
}

TEST(ConditionsTest, settings_beat_the_fields_of_events) {
  PlanOptions options;
  options.enricher_conditions.emplace_back("http_method", Setting("POST"));
  const auto compiled = compile(conditions_of(R"({"request":{"methods":"get"}})"), options);
  EXPECT_EQ(compiled.disabled_because, "request.methods: the method is POST, not GET");
}

TEST(ConditionsTest, what_the_surroundings_decide_costs_an_event_nothing) {
  EXPECT_TRUE(compile(conditions_of(R"({"environment":"development"})")).per_event.always());
  EXPECT_FALSE(compile(conditions_of(R"({"min_level":"INFO"})")).per_event.always());
}

TEST(ConditionsTest, hours_are_inclusive_and_may_pass_midnight) {
  struct HourRow {
    int start, end, hour;
    bool expected;
  };
  const HourRow rows[] = {{9, 17, 9, true},  {9, 17, 17, true},  {9, 17, 18, false},
                          {22, 5, 23, true}, {22, 5, 5, true},   {22, 5, 6, false},
                          {0, 23, 0, true},  {13, 13, 13, true}, {13, 13, 12, false}};
  TextEvent event("{}");
  for (const HourRow& row : rows) {
    Conditions conditions;
    conditions.time_range = {row.start, row.end};
    const auto compiled = compile(conditions);
    EXPECT_EQ(compiled.per_event.holds(event.view(), [&] { return row.hour; }), row.expected)
        << row.start << " to " << row.end << " at " << row.hour;
  }
}

TEST(ConditionsTest, hours_that_no_day_has_are_refused) {
  Conditions conditions;
  conditions.time_range = {9, 24};
  const auto compiled = ConditionCompiler::compile(conditions, {});
  ASSERT_FALSE(compiled.has_value());
  EXPECT_EQ(compiled.error().to_string(),
            "conditions.time_range.end_hour: must be an hour from 0 to 23, not 24");
}

TEST(ConditionsTest, a_pattern_that_cannot_be_read_is_refused) {
  const auto compiled =
      ConditionCompiler::compile(conditions_of(R"({"request":{"path_patterns":"["}})"), {});
  ASSERT_FALSE(compiled.has_value());
  EXPECT_EQ(compiled.error().key, "conditions.request.path_patterns");
}

TEST(ConditionsTest, a_function_that_throws_counts_as_false) {
  TextEvent event(R"({"user":"ada"})");
  Conditions conditions;
  conditions.condition_func = [](const EventView& input) {
    return input.get_string(FieldPath("user")) == "ada";
  };
  EXPECT_TRUE(compile(conditions).per_event.holds(event.view(), noon));
  conditions.condition_func = [](const EventView&) -> bool { throw std::runtime_error("no"); };
  EXPECT_FALSE(compile(conditions).per_event.holds(event.view(), noon));
  conditions.condition_func = [](const EventView&) -> bool { throw 7; };
  EXPECT_EQ(compile(conditions).per_event.why_not(event.view(), noon),
            "condition_func gives false");
}

TEST(ConditionsTest, says_why_not_in_words) {
  const Row rows[] = {
      {"level is info, under ERROR", R"({"min_level":"ERROR"})", R"({"level":"info"})", false},
      {"request.path_patterns: the path /x does not start with /api/",
       R"({"request":{"path_patterns":"/api/"}})", R"({"path":"/x"})", false},
      {"request.user_roles: [\"dev\"], not admin", R"({"request":{"user_roles":"admin"}})",
       R"({"user_roles":["dev"]})", false},
      {"request.user_roles: absent, not admin or ops",
       R"({"request":{"user_roles":["admin","ops"]}})", "{}", false}};
  for (const Row& row : rows) {
    TextEvent event(row.context);
    EXPECT_EQ(compile(conditions_of(row.conditions)).per_event.why_not(event.view(), noon),
              row.name);
  }
}

}  // namespace
}  // namespace logbraid::test
