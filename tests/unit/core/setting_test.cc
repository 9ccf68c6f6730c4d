#include "logbraid/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/settings_check.h"
#include "core/suggestion.h"
#include "logbraid/kind.h"

namespace logbraid {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Setting at(Setting setting, std::string key, int line) {
  setting.file = "pipeline.yaml";
  setting.line = line;
  setting.key = std::move(key);
  return setting;
}

std::vector<SettingSpec> lookup_specs() {
  return {
      {.name = "database", .type = SettingType::string, .help = "the file", .required = true},
      {.name = "input", .type = SettingType::field, .default_text = "client_ip"},
      {.name = "timeout", .type = SettingType::duration, .default_text = "250ms"},
      {.name = "cache_size", .type = SettingType::bytes, .default_text = "1MiB"},
      {.name = "mode",
       .type = SettingType::string,
       .default_text = "fast",
       .choices = {"fast", "full"}},
      {.name = "paths", .type = SettingType::strings},
      {.name = "reads", .type = SettingType::fields, .default_text = "[a.b, c]"},
      {.name = "count", .type = SettingType::integer, .default_text = "3"},
      {.name = "share", .type = SettingType::number, .default_text = "0.5"},
      {.name = "strict", .type = SettingType::boolean, .default_text = "false"},
      {.name = "token", .type = SettingType::string, .secret = true},
  };
}

TEST(SettingTest, maps_keep_their_order_and_replace_members) {
  Setting map;
  map.set("b", 1);
  map.set("a", "x");
  map.set("b", 2);
  ASSERT_TRUE(map.is_map());
  ASSERT_EQ(map.members().size(), 2u);
  EXPECT_EQ(map.members()[0].first, "b");
  EXPECT_EQ(map.find("b")->integer(), 2);
  EXPECT_EQ(map.find("c"), nullptr);
}

TEST(SettingTest, pushing_to_null_makes_a_list) {
  Setting list;
  list.push_back("a");
  list.push_back(7);
  ASSERT_TRUE(list.is_list());
  EXPECT_THAT(*list.as_strings(), ElementsAre("a", "7"));
}

TEST(SettingTest, durations_are_read_with_their_unit) {
  const struct {
    const char* name;
    Setting input;
    std::optional<Duration> expected;
  } rows[] = {
      {"ms", "250ms", 250ms},
      {"fraction", "1.5s", 1500ms},
      {"m", "2m", 2min},
      {"h", "1h", 1h},
      {"us", "10us", 10us},
      {"ns", "5ns", 5ns},
      {"blank_between", "3 s", 3s},
      {"number_is_seconds", 2, 2s},
      {"real_is_seconds", 0.25, 250ms},
      {"text_without_unit_is_seconds", "5", 5s},
      {"zero", "0s", 0s},
      {"negative", "-1s", std::nullopt},
      {"negative_number", -1, std::nullopt},
      {"unknown_unit", "5 parsecs", std::nullopt},
      {"no_number", "ms", std::nullopt},
      {"empty", "", std::nullopt},
      {"too_long", "1000001h", std::nullopt},
      {"not_a_number", "nan", std::nullopt},
      {"infinite", "infs", std::nullopt},
      {"exponent", "1e3s", std::nullopt},
      {"boolean", true, std::nullopt},
      {"null", Setting(), std::nullopt},
      {"list", Setting::list({1}), std::nullopt},
  };
  for (const auto& row : rows) {
    const auto duration = row.input.as_duration();
    ASSERT_EQ(duration.has_value(), row.expected.has_value()) << row.name;
    if (row.expected) {
      EXPECT_EQ(*duration, *row.expected) << row.name;
    }
    if (!row.expected) {
      EXPECT_THAT(duration.error().message, HasSubstr("250ms")) << row.name;
    }
  }
}

TEST(SettingTest, sizes_are_read_with_their_unit) {
  const struct {
    const char* name;
    Setting input;
    std::optional<std::uint64_t> expected;
  } rows[] = {
      {"mib", "64MiB", 64u << 20},
      {"kb", "1kB", 1000},
      {"bare_text", "512", 512},
      {"bare_number", 4096, 4096},
      {"gib", "2 GiB", 2ull << 30},
      {"fraction", "1.5KiB", 1536},
      {"bytes", "7B", 7},
      {"negative", -1, std::nullopt},
      {"unknown", "5 mb", std::nullopt},
      {"real", 2.0, 2},
      {"huge", "99999999TiB", std::nullopt},
  };
  for (const auto& row : rows) {
    const auto bytes = row.input.as_bytes();
    ASSERT_EQ(bytes.has_value(), row.expected.has_value()) << row.name;
    if (row.expected) {
      EXPECT_EQ(*bytes, *row.expected) << row.name;
    }
  }
}

TEST(SettingTest, integers_are_whole_and_in_range) {
  EXPECT_EQ(*Setting(5).as_integer(0, 10), 5);
  EXPECT_EQ(*Setting(1e3).as_integer(0, 1000), 1000);
  EXPECT_FALSE(Setting(1.5).as_integer(0, 10));
  EXPECT_FALSE(Setting(1e300).as_integer(INT64_MIN, INT64_MAX));
  EXPECT_FALSE(Setting("5").as_integer(0, 10));
  EXPECT_FALSE(Setting(true).as_integer(0, 10));
  EXPECT_EQ(at(11, "execution.shards", 4).as_integer(0, 10).error().to_string(),
            "pipeline.yaml:4: execution.shards: must be a whole number from 0 to 10, not 11");
}

TEST(SettingTest, numbers_take_integers_and_refuse_nan) {
  EXPECT_EQ(*Setting(5).as_number(0, 10), 5.0);
  EXPECT_EQ(*Setting(0.5).as_number(0, 1), 0.5);
  EXPECT_FALSE(Setting(0.0 / 0.0).as_number(-1e308, 1e308));
  EXPECT_EQ(Setting(1.5).as_number(0, 1).error().message, "must be a number from 0 to 1, not 1.5");
}

TEST(SettingTest, scalars_are_spelled_as_text) {
  EXPECT_EQ(*Setting(8080).as_string(), "8080");
  EXPECT_EQ(*Setting(true).as_string(), "true");
  EXPECT_EQ(*Setting(0.5).as_string(), "0.5");
  EXPECT_EQ(*Setting::spelled(1.1, "1.10").as_string(), "1.10");
  EXPECT_FALSE(Setting().as_string());
  EXPECT_FALSE(Setting::map({}).as_string());
}

TEST(SettingTest, fields_are_parsed_as_paths) {
  EXPECT_EQ(Setting("geo.country").as_field()->view().size(), 2u);
  EXPECT_FALSE(Setting("a..b").as_field());
  EXPECT_EQ(Setting("a").as_fields()->size(), 1u);
  EXPECT_EQ(Setting::list({"a", "b.c"}).as_fields()->at(1).to_string(), "b.c");
  EXPECT_FALSE(Setting::list({"a", Setting::map({})}).as_fields());
}

TEST(SettingTest, messages_show_text_short_escaped_and_without_secrets) {
  EXPECT_EQ(Setting("a\nb").describe(), "\"a\\nb\"");
  EXPECT_EQ(Setting("\xff").describe(), "\"\xEF\xBF\xBD\"");
  const std::string shown = Setting(std::string(59, 'x') + "\xC3\xA4").describe();
  EXPECT_EQ(shown, "\"" + std::string(59, 'x') + "\"...");
  Setting secret("hunter2");
  secret.secret = true;
  EXPECT_EQ(secret.describe(), "(a secret)");
  EXPECT_EQ(secret.as_integer(0, 1).error().message,
            "must be a whole number from 0 to 1, not (a secret)");
  Setting secret_path("a..hunter2");
  secret_path.secret = true;
  EXPECT_EQ(secret_path.as_field().error().message.find("hunter2"), std::string::npos);
}

TEST(SettingsTest, defaults_stand_in_for_what_is_not_written) {
  const auto settings = Settings::check(Setting::map({{"database", "city.mmdb"}}), lookup_specs());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->string("database"), "city.mmdb");
  EXPECT_EQ(settings->field("input").to_string(), "client_ip");
  EXPECT_EQ(settings->duration("timeout"), 250ms);
  EXPECT_EQ(settings->bytes("cache_size"), 1u << 20);
  EXPECT_EQ(settings->string("mode"), "fast");
  EXPECT_EQ(settings->fields("reads").at(0).to_string(), "a.b");
  EXPECT_EQ(settings->integer("count"), 3);
  EXPECT_EQ(settings->number("share"), 0.5);
  EXPECT_FALSE(settings->boolean("strict"));
  EXPECT_FALSE(settings->has("paths"));
  EXPECT_TRUE(settings->strings("paths").empty());
  EXPECT_TRUE((*settings)["paths"].is_null());
}

TEST(SettingsTest, null_counts_as_unset) {
  const auto settings =
      Settings::check(Setting::map({{"database", "x"}, {"count", Setting()}, {"paths", Setting()}}),
                      lookup_specs());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->integer("count"), 3);
  EXPECT_FALSE(settings->has("paths"));
}

TEST(SettingsTest, a_null_map_is_an_empty_one) {
  const auto settings = Settings::check(Setting(), {{.name = "a", .default_text = "x"}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->string("a"), "x");
}

TEST(SettingsTest, unknown_settings_are_refused_with_a_suggestion) {
  Setting map = at(Setting::map({{"database", "x"}}), "enrichers.geo", 3);
  map.set("timeuot", at("1s", "enrichers.geo.timeuot", 5));
  const auto settings = Settings::check(map, lookup_specs());
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().to_string(),
              HasSubstr("pipeline.yaml:5: enrichers.geo.timeuot: unknown setting; did you mean "
                        "\"timeout\"? allowed: database, input, timeout"));
}

TEST(SettingsTest, open_settings_keep_what_no_spec_has) {
  const auto settings = Settings::check(Setting::map({{"deployment", "prod"}}), {}, true);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->string("deployment"), "prod");
}

TEST(SettingsTest, a_required_setting_that_is_missing_names_its_place) {
  const auto settings = Settings::check(at(Setting::map({}), "enrichers.geo", 3), lookup_specs());
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().to_string(),
            "pipeline.yaml:3: enrichers.geo.database: is required: the file");
}

TEST(SettingsTest, choices_are_the_only_values) {
  const auto settings =
      Settings::check(Setting::map({{"database", "x"}, {"mode", "ful"}}), lookup_specs());
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message,
            "unknown value \"ful\"; did you mean \"full\"? allowed: fast, full");
}

TEST(SettingsTest, each_type_refuses_what_it_is_not) {
  const struct {
    SettingType type;
    Setting wrong;
  } rows[] = {
      {SettingType::string, Setting::map({})},
      {SettingType::boolean, "yes"},
      {SettingType::integer, "7"},
      {SettingType::number, "x"},
      {SettingType::duration, "fast"},
      {SettingType::bytes, "big"},
      {SettingType::field, "a..b"},
      {SettingType::strings, Setting::map({})},
      {SettingType::fields, Setting::list({""})},
      {SettingType::map, Setting::list({})},
      {SettingType::list, Setting::map({})},
      {SettingType::predicate, "status == 500"},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(
        Settings::check(Setting::map({{"a", row.wrong}}), {{.name = "a", .type = row.type}}))
        << to_string(row.type);
  }
  EXPECT_TRUE(Settings::check(Setting::map({{"a", Setting::map({})}}),
                              {{.name = "a", .type = SettingType::any}}));
}

TEST(SettingsTest, all_errors_are_found_not_just_the_first) {
  const auto errors = setting_errors(
      Setting::map({{"databse", "x"}, {"count", "many"}, {"strict", 1}}), lookup_specs());
  EXPECT_EQ(errors.size(), 4u);  // unknown, two types, database is missing
}

TEST(SettingsTest, settings_that_are_no_map_are_refused) {
  EXPECT_EQ(Settings::check(Setting::list({}), {}).error().message,
            "must be a map of settings, not a list");
}

TEST(SettingsTest, what_a_spec_calls_secret_is_marked_and_never_quoted) {
  const auto settings =
      Settings::check(Setting::map({{"database", "x"}, {"token", "hunter2"}}), lookup_specs());
  ASSERT_TRUE(settings);
  EXPECT_TRUE((*settings)["token"].secret);
  EXPECT_EQ(settings->string("token"), "hunter2");

  const auto wrong =
      Settings::check(Setting::map({{"pin", "hunter2"}}),
                      {{.name = "pin", .type = SettingType::integer, .secret = true}});
  EXPECT_EQ(wrong.error().message.find("hunter2"), std::string::npos);
}

TEST(SettingsTest, the_default_of_an_open_type_is_what_it_looks_like) {
  using enum Setting::Kind;
  const std::pair<const char*, Setting::Kind> rows[] = {
      {"true", boolean}, {"false", boolean}, {"7", integer}, {"0.5", real}, {"soon", string}};
  for (const auto& [text, kind] : rows) {
    const auto settings =
        Settings::check(Setting(), {{.name = "a", .type = SettingType::any, .default_text = text}});
    ASSERT_TRUE(settings.has_value()) << text;
    EXPECT_EQ((*settings)["a"].kind(), kind) << text;
  }
}

TEST(SettingsTest, a_default_of_the_wrong_type_is_an_error_not_a_crash) {
  const auto settings = Settings::check(
      Setting::map({}), {{.name = "a", .type = SettingType::duration, .default_text = "soon"}});
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("default"));
}

TEST(SettingsTest, errors_of_a_maker_stand_at_their_setting) {
  Setting map = at(Setting::map({}), "enrichers.geo", 3);
  map.set("database", at("x", "enrichers.geo.database", 4));
  const auto settings = Settings::check(map, lookup_specs());
  EXPECT_EQ(settings->error("database", "no such file").to_string(),
            "pipeline.yaml:4: enrichers.geo.database: no such file");
  EXPECT_EQ(settings->error("paths", "is empty").to_string(),
            "pipeline.yaml:3: enrichers.geo.paths: is empty");
}

TEST(SettingsDeathTest, reading_what_no_spec_has_is_a_broken_invariant) {
  const auto settings = Settings::check(Setting::map({}), {});
  EXPECT_DEATH((void)settings->string("nowhere"), "broken invariant");
}

TEST(SuggestionTest, names_near_by_are_suggested) {
  const std::string_view known[] = {"timeout", "input", "priority", "on"};
  EXPECT_EQ(nearest("timeuot", known), "timeout");
  EXPECT_EQ(nearest("Timeout", known), "timeout");
  EXPECT_EQ(nearest("prio", known), "");
  EXPECT_EQ(nearest("no", known), "on");
  EXPECT_EQ(nearest("database", known), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 't'), known), "");
  EXPECT_EQ(suggestion("x", {}), "allowed: nothing");
}

TEST(MakeContextTest, relative_paths_start_at_the_base_directory) {
  MakeContext context;
  EXPECT_EQ(context.resolve_path("geo/city.mmdb"), "geo/city.mmdb");
  context.base_directory = "/etc/logbraid";
  EXPECT_EQ(context.resolve_path("geo/city.mmdb"), "/etc/logbraid/geo/city.mmdb");
  EXPECT_EQ(context.resolve_path("../x"), "/etc/x");
  EXPECT_EQ(context.resolve_path("/var/x"), "/var/x");
  EXPECT_EQ(context.resolve_path(""), "");
}

}  // namespace
}  // namespace logbraid
