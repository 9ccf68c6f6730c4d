#include "config/pipeline_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "config/sections.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "enrichers/builtin.h"

namespace logbraid {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<EnricherKind>& enricher_kinds() {
  static const std::vector<EnricherKind> kinds = [] {
    EnricherKind geoip;
    geoip.name = "geoip";
    geoip.settings = {
        {.name = "database", .help = "the file", .required = true},
        {.name = "input", .type = SettingType::field, .default_text = "client_ip"},
        {.name = "password", .secret = true},
    };
    EnricherKind fields;
    fields.name = "static";
    fields.aliases = {"environment"};
    fields.open_settings = true;
    EnricherKind delay;
    delay.name = "delay";
    delay.settings = {{.name = "duration", .type = SettingType::duration, .default_text = "5ms"}};
    EnricherKind service;
    service.name = "redis";
    service.settings = {{.name = "url", .required = true}, {.name = "key"}};
    return std::vector<EnricherKind>{geoip, fields, delay, service};
  }();
  return kinds;
}

const KnownKinds& known_kinds() {
  static const std::vector<SourceKind> sources = [] {
    SourceKind in;
    in.name = "stdin";
    SourceKind file;
    file.name = "file";
    file.settings = {{.name = "paths", .type = SettingType::strings, .required = true}};
    file.default_format = "combined";
    file.keeps_what_is_unread = true;
    return std::vector<SourceKind>{in, file};
  }();
  static const std::vector<SinkKind> sinks = [] {
    SinkKind out;
    out.name = "stdout";
    SinkKind file;
    file.name = "file";
    file.settings = {{.name = "path", .help = "where to", .required = true}};
    return std::vector<SinkKind>{out, file};
  }();
  static const KnownKinds kinds{
      enricher_kinds(), sources, sinks, {"json", "combined", "text"}, {"json"}};
  return kinds;
}

std::optional<PipelineConfig> parse(const std::string& text, ErrorList& errors) {
  const auto root = read_yaml(text, "pipeline.yaml", {}, errors);
  if (!root) return std::nullopt;
  return parse_pipeline(*root, known_kinds(), errors);
}

PipelineConfig good(const std::string& text) {
  ErrorList errors;
  auto config = parse(text, errors);
  EXPECT_TRUE(config) << text << (errors.empty() ? "" : errors.errors()[0].to_string());
  return config ? *std::move(config) : PipelineConfig();
}

// The errors of a text that must have some, one a line.
std::string bad(const std::string& text) {
  ErrorList errors;
  EXPECT_FALSE(parse(text, errors)) << text;
  std::string all;
  for (const Error& error : errors.errors()) all += error.to_string() + "\n";
  return all;
}

TEST(PipelineConfigTest, what_is_left_out_has_its_default) {
  const PipelineConfig config = good("enrichers: []\n");
  EXPECT_EQ(config.source.kind, "stdin");
  EXPECT_EQ(config.source.name, "stdin");
  EXPECT_EQ(config.source.format, "json");
  EXPECT_EQ(config.source.on_malformed, OnMalformed::keep);
  EXPECT_EQ(config.sink.kind, "stdout");
  EXPECT_EQ(config.sink.format, "json");
  EXPECT_FALSE(config.dead_letter);
  EXPECT_EQ(config.execution.mode, Mode::parallel);
  EXPECT_EQ(config.execution.schedule, Schedule::ready);
  EXPECT_EQ(config.execution.in_flight, ExecutionOptions().in_flight);
  EXPECT_EQ(config.execution.max_parallel_threads, ExecutionOptions().max_parallel_threads);
  EXPECT_FALSE(config.execution.event_timeout);
  EXPECT_FALSE(config.strict);
  EXPECT_FALSE(config.cycles_by_priority);
}

TEST(PipelineConfigTest, every_section_is_read) {
  const PipelineConfig config = good(R"(
sources: {access: {type: file, paths: a.log, format: json, on_malformed: dead_letter}}
enrichers:
  - name: geo
    type: geoip
    description: where clients are
    database: city.mmdb
    priority: 5
    dependencies: [other]
    requires: other
    reads: [a.b, c]
    writes: geo
    when: {field: status, range: [500, 599]}
    placement: pool
    timeout: 250ms
    enabled: false
    conditions:
      environment: production
      min_level: warning
      feature_flags: [geo]
      time_range: {start_hour: 22, end_hour: 6}
      request: {methods: [GET], path_patterns: ["/api"], user_roles: admin}
execution:
  mode: sequential
  schedule: levels
  shards: 2
  in_flight: 7
  max_parallel_threads: 3
  group_timeout: 2s
  event_timeout: 5s
  enricher_timeout: 1s
  strict: true
  cycles: by_priority
enricher_conditions: {environment: production, feature_geo: true}
sink: {type: file, path: out.jsonl}
dead_letter: {type: file, path: refused.jsonl}
)");
  EXPECT_EQ(config.source.name, "access");
  EXPECT_EQ(config.source.kind, "file");
  EXPECT_EQ(config.source.format, "json");
  EXPECT_EQ(config.source.on_malformed, OnMalformed::dead_letter);
  EXPECT_EQ(config.source.settings.find("paths")->string(), "a.log");
  ASSERT_EQ(config.enrichers.size(), 1u);
  const EnricherConfig& geo = config.enrichers[0];
  EXPECT_EQ(geo.kind, "geoip");
  EXPECT_FALSE(geo.enabled);
  EXPECT_EQ(geo.settings.members().size(), 2u);  // database and the default of input
  EXPECT_EQ(geo.settings.find("input")->string(), "client_ip");
  EXPECT_EQ(geo.metadata.name, "geo");
  EXPECT_EQ(geo.metadata.description, "where clients are");
  EXPECT_EQ(geo.metadata.priority, 5);
  EXPECT_THAT(geo.metadata.dependencies, ElementsAre("other"));
  EXPECT_THAT(geo.metadata.required, ElementsAre("other"));
  EXPECT_EQ(geo.metadata.reads.at(0).to_string(), "a.b");
  EXPECT_EQ(geo.metadata.writes.at(0).to_string(), "geo");
  ASSERT_TRUE(geo.metadata.when);
  EXPECT_EQ(geo.metadata.when->reads().at(0).to_string(), "status");
  EXPECT_EQ(geo.metadata.placement, Placement::pool);
  EXPECT_EQ(geo.metadata.timeout, 250ms);
  const Conditions& conditions = geo.metadata.conditions;
  EXPECT_THAT(*conditions.environment, ElementsAre("production"));
  EXPECT_EQ(conditions.min_level, "warning");
  EXPECT_THAT(conditions.feature_flags, ElementsAre("geo"));
  EXPECT_EQ(conditions.time_range->start_hour, 22);
  EXPECT_EQ(conditions.time_range->end_hour, 6);
  EXPECT_THAT(conditions.request->methods, ElementsAre("GET"));
  EXPECT_THAT(conditions.request->path_patterns, ElementsAre("/api"));
  EXPECT_THAT(conditions.request->user_roles, ElementsAre("admin"));
  EXPECT_EQ(config.execution.mode, Mode::sequential);
  EXPECT_EQ(config.execution.schedule, Schedule::levels);
  EXPECT_EQ(config.execution.shards, 2u);
  EXPECT_EQ(config.execution.in_flight, 7u);
  EXPECT_EQ(config.execution.max_parallel_threads, 3u);
  EXPECT_EQ(config.execution.group_timeout, 2s);
  EXPECT_EQ(config.execution.event_timeout, 5s);
  EXPECT_EQ(config.execution.enricher_timeout, 1s);
  EXPECT_TRUE(config.strict);
  EXPECT_TRUE(config.cycles_by_priority);
  EXPECT_EQ(config.enricher_conditions.at(1).first, "feature_geo");
  EXPECT_EQ(config.sink.kind, "file");
  EXPECT_EQ(config.dead_letter->settings.find("path")->string(), "refused.jsonl");
}

TEST(PipelineConfigTest, compatible_with_fapilog_means_in_sequence_and_rings_cut) {
  const PipelineConfig config = good("execution: {compat: fapilog}\n");
  EXPECT_EQ(config.compat, Compat::fapilog);
  EXPECT_EQ(config.execution.mode, Mode::sequential);
  EXPECT_TRUE(config.cycles_by_priority);
  EXPECT_EQ(good("enrichers: []\n").compat, Compat::none);
}

TEST(PipelineConfigTest, compatible_with_fapilog_is_not_parallel) {
  EXPECT_EQ(good("execution: {compat: fapilog, mode: sequential}\n").compat, Compat::fapilog);
  EXPECT_THAT(bad("execution: {compat: fapilog, mode: parallel}\n"),
              HasSubstr("compat: fapilog runs in sequence"));
  EXPECT_THAT(bad("execution: {compat: fapilog, cycles: refuse}\n"),
              HasSubstr("compat: fapilog cuts by priority"));
}

TEST(PipelineConfigTest, what_compatible_with_fapilog_implies_is_shown_and_reads_back) {
  const PipelineConfig config = good("execution: {compat: fapilog}\n");
  const std::string shown = to_yaml(config.effective);
  EXPECT_THAT(shown, HasSubstr("mode: sequential"));
  EXPECT_THAT(shown, HasSubstr("cycles: by_priority"));
  EXPECT_EQ(good(shown).compat, Compat::fapilog);
}

TEST(PipelineConfigTest, an_empty_condition_is_no_condition) {
  EXPECT_TRUE(good("enrichers: [{type: delay, conditions: {}}]\n")
                  .enrichers[0]
                  .metadata.conditions.empty());
}

TEST(PipelineConfigTest, a_source_has_the_format_that_suits_it) {
  EXPECT_EQ(good("source: {type: file, paths: [a]}\n").source.format, "combined");
}

TEST(PipelineConfigTest, uris_are_enrichers) {
  const PipelineConfig config = good(
      "enrichers:\n"
      "  - environment://static?version=1.0.0&deployment=prod&priority=high&name=x\n"
      "  - geoip://?database=city.mmdb&timeout=0.5&priority=3\n");
  const EnricherConfig& fields = config.enrichers.at(0);
  EXPECT_EQ(fields.kind, "static");
  EXPECT_EQ(fields.metadata.name, "environment");
  EXPECT_EQ(fields.metadata.priority, 100);
  // Every parameter is a field, and the host is none.
  EXPECT_EQ(fields.settings.members().size(), 4u);
  EXPECT_EQ(fields.settings.find("version")->string(), "1.0.0");
  const EnricherConfig& geo = config.enrichers.at(1);
  EXPECT_EQ(geo.metadata.timeout, 500ms);
  EXPECT_EQ(geo.metadata.priority, 3);
  EXPECT_EQ(geo.settings.find("database")->string(), "city.mmdb");
}

TEST(PipelineConfigTest, the_uri_of_a_service_is_its_url_and_holds_the_other_settings) {
  const PipelineConfig config = good(
      "enrichers:\n"
      "  - \"redis://u:hunter2@Host:1/0?prefix=user%3A&key=a+{{id}}&timeout=50ms#x\"\n");
  const EnricherConfig& first = config.enrichers.at(0);
  EXPECT_EQ(first.settings.find("url")->string(), "redis://u:hunter2@Host:1/0?prefix=user%3A");
  EXPECT_TRUE(first.settings.find("url")->secret);
  EXPECT_EQ(first.settings.find("key")->string(), "a {{id}}");
  EXPECT_EQ(first.settings.members().size(), 2u);
  EXPECT_EQ(first.metadata.timeout, 50ms);
}

TEST(PipelineConfigTest, uri_errors_name_their_place) {
  EXPECT_THAT(bad("enrichers:\n  - geoip://host?database=x\n"),
              HasSubstr("pipeline.yaml:2: enrichers.geoip.host: unknown setting"));
  EXPECT_THAT(bad("enrichers: [\"geoip://?database=x&timeout=301\"]\n"),
              HasSubstr("at most 300 s"));
  EXPECT_THAT(bad("enrichers: [\"geoip://?database=x&timeout=0\"]\n"),
              HasSubstr("more than nothing"));
  EXPECT_THAT(bad("enrichers: [\"geoip://?database=x&timeout=-1\"]\n"), HasSubstr("a duration"));
  EXPECT_THAT(bad("enrichers: [\"redis://u:hunter2@h:x\"]\n"), HasSubstr("port must be"));
  EXPECT_THAT(bad("enrichers: [\"geopi://\"]\n"), HasSubstr("did you mean \"geoip\"?"));
  EXPECT_THAT(bad("enrichers: [geoip]\n"), HasSubstr("must be a map like"));
}

TEST(PipelineConfigTest, names_are_implied_where_they_are_left_out) {
  const PipelineConfig config = good(
      "enrichers: [{type: delay}, {type: delay}, {name: delay_3, type: delay}, {type: delay},\n"
      "  \"environment://a\", \"environment://b\"]\n");
  std::vector<std::string> names;
  for (const EnricherConfig& enricher : config.enrichers) names.push_back(enricher.metadata.name);
  EXPECT_THAT(
      names, ElementsAre("delay", "delay_2", "delay_3", "delay_4", "environment", "environment_2"));
}

TEST(PipelineConfigTest, duplicate_name) {
  EXPECT_EQ(
      bad("enrichers:\n  - {name: a, type: delay}\n  - {name: b, type: delay}\n"
          "  - {name: a, type: delay}\n"),
      "pipeline.yaml:4: enrichers.a.name: two enrichers are named \"a\", the first on line 2; "
      "names must differ\n");
}

TEST(PipelineConfigTest, unknown_key) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"enricher: []\n",
       "pipeline.yaml:1: enricher: unknown setting; did you mean \"enrichers\"? allowed: source, "},
      {"execution:\n  shard: 2\n",
       "pipeline.yaml:2: execution.shard: unknown setting; did you mean \"shards\"?"},
      {"execution: {memory_limt: 64MiB}\n",
       "execution.memory_limt: unknown setting; did you mean \"memory_limit\"?"},
      {"source: {tpye: stdin}\n", "source.tpye: unknown setting; did you mean \"type\"?"},
      {"sink: {type: file, path: x, paht: y}\n",
       "sink.paht: unknown setting; did you mean \"path\"? allowed: path, type, format"},
      {"enrichers:\n  - {name: geo, type: geoip, database: x,\n     datbase: y}\n",
       "pipeline.yaml:3: enrichers.geo.datbase: unknown setting; did you mean \"database\"? "
       "allowed: "
       "database, input, password, name, type"},
      {"enrichers: [{type: delay, cache: {a: 1}}]\n", "enrichers.delay.cache: unknown setting"},
      {"enrichers: [{type: delay, conditions: {environmnt: x}}]\n",
       "enrichers.delay.conditions.environmnt: unknown"},
      {"enrichers: [{type: delay, conditions: {request: {method: GET}}}]\n",
       "did you mean \"methods\"?"},
      {"enrichers: [{type: delay, conditions: {time_range: {start: 1}}}]\n",
       "time_range.start: unknown"},
      {"enrichers: [{type: delay, when: {feld: a, exists: true}}]\n", "when.feld: is no test"},
      {"status: {fields: x}\n", "status.fields: unknown setting; did you mean \"field\"?"},
  };
  for (const auto& row : rows) EXPECT_THAT(bad(row.text), HasSubstr(row.message)) << row.text;
}

TEST(PipelineConfigTest, status_of_the_enrichers) {
  EXPECT_FALSE(good("enrichers: []\n").execution.status);
  EXPECT_FALSE(good("status:\n").execution.status) << "a key without a value is left out";

  const auto defaults = good("status: {}\n").execution.status;
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->field.to_string(), "_enrichment");
  EXPECT_EQ(defaults->when, StatusOptions::When::failed);
  EXPECT_FALSE(defaults->times);

  const PipelineConfig config = good("status: {field: meta.status, when: always, times: true}\n");
  const auto& status = config.execution.status;
  ASSERT_TRUE(status);
  EXPECT_EQ(status->field.to_string(), "meta.status");
  EXPECT_EQ(status->when, StatusOptions::When::always);
  EXPECT_TRUE(status->times);

  ErrorList errors;
  const auto again = parse(to_yaml(config.effective), errors);
  ASSERT_TRUE(again) << to_yaml(config.effective);
  EXPECT_TRUE(again->execution.status && again->execution.status->times);
}

TEST(PipelineConfigTest, calls_and_threads_under_way_and_the_share_that_is_measured) {
  const ExecutionOptions options =
      good("execution: {max_stuck_threads: 0, max_calls: 7, sequential_share: 0.001}\n").execution;
  EXPECT_EQ(options.max_stuck_threads, 0u);
  EXPECT_EQ(options.max_calls, 7u);
  EXPECT_EQ(options.sequential_share, 0.001);

  const ExecutionOptions left_out = good("enrichers: []\n").execution;
  EXPECT_EQ(left_out.max_stuck_threads, ExecutionOptions().max_stuck_threads);
  EXPECT_EQ(left_out.max_calls, ExecutionOptions().max_calls);
  EXPECT_EQ(left_out.sequential_share, 0);
}

TEST(PipelineConfigTest, every_placement) {
  const struct {
    const char* written;
    std::optional<Placement> placement;
  } rows[] = {{"", std::nullopt},
              {", placement: inline", Placement::inline_},
              {", placement: pool", Placement::pool},
              {", placement: async", Placement::async},
              {", placement: auto", Placement::automatic}};
  for (const auto& row : rows) {
    EXPECT_EQ(good("enrichers: [{type: delay" + std::string(row.written) + "}]\n")
                  .enrichers[0]
                  .metadata.placement,
              row.placement)
        << row.written;
  }
}

TEST(PipelineConfigTest, memory_order_and_overflow) {
  const PipelineConfig config = good(
      "source: {overflow: drop_by_level, level_field: log.level, default_level: DEBUG,\n"
      "         queue: {events: 7, bytes: 1kB}}\n"
      "execution: {memory_limit: 8MiB, order: by_key, order_key: user.id, hold: 100ms}\n");
  EXPECT_EQ(config.source.overflow.policy, Overflow::drop_by_level);
  EXPECT_EQ(config.source.overflow.events, 7u);
  EXPECT_EQ(config.source.overflow.bytes, 1000u);
  EXPECT_EQ(config.source.overflow.level_field.to_string(), "log.level");
  EXPECT_EQ(config.source.overflow.default_level, "DEBUG");
  EXPECT_EQ(config.execution.memory_limit, 8u * 1024 * 1024);
  EXPECT_EQ(config.execution.order, Order::by_key);
  EXPECT_EQ(config.execution.order_key.to_string(), "user.id");
  EXPECT_EQ(config.execution.hold, std::chrono::milliseconds(100));

  const PipelineConfig left_out = good("enrichers: []\n");
  EXPECT_EQ(left_out.source.overflow.policy, Overflow::block);
  EXPECT_EQ(left_out.execution.memory_limit, ExecutionOptions().memory_limit);
  EXPECT_EQ(left_out.execution.order, Order::preserve);
  EXPECT_FALSE(left_out.execution.hold);
}

TEST(PipelineConfigTest, memory_order_and_overflow_that_cannot_be_meant) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"execution: {memory_limit: 0}\n", "execution.memory_limit: is 0; write at least 1"},
      {"execution: {order: by_key}\n", "execution.order: is by_key, but execution.order_key names"},
      {"execution: {hold: 10us}\n", "execution.hold: is \"10us\", under the least of 1ms"},
      {"execution: {order: any, hold: 1s}\n", "execution.hold: has no meaning with"},
      {"source: {queue: {events: 5}}\n", "source.queue: is set, but source.overflow is block"},
      {"source: {overflow: drop_oldest, queue: {events: 0}}\n", "source.queue.events"},
      {"source: {overflow: drop_oldest, queue: {bytes: 0}}\n", "source.queue.bytes: is 0"},
      {"source: {type: file, paths: a, overflow: drop_oldest}\n",
       "source.overflow: is drop_oldest, but a file keeps what was not read yet"},
  };
  for (const auto& row : rows) EXPECT_THAT(bad(row.text), HasSubstr(row.message)) << row.text;
}

TEST(PipelineConfigTest, wrong_type) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"enrichers: {a: 1}\n", "enrichers: must be a list, not a map"},
      {"execution: parallel\n", "execution: must be a map, not \"parallel\""},
      {"execution: {shards: two}\n", "execution.shards: must be a whole number"},
      {"execution: {shards: 257}\n", "must be a whole number from 0 to 256, not 257"},
      {"execution: {in_flight: 0}\n", "from 1 to 1000000"},
      {"execution: {max_parallel_threads: 1025}\n", "from 1 to 1024"},
      {"execution: {max_stuck_threads: -1}\n", "from 0 to 10000"},
      {"execution: {max_calls: 0}\n", "max_calls: must be a whole number from 1 to 1000000"},
      {"execution: {sequential_share: 1.5}\n", "sequential_share: must be from 0 to 1, not 1.5"},
      {"execution: {sequential_share: -0.1}\n", "must be from 0 to 1, not -0.1"},
      {"status: _enrichment\n", "status: must be a map, not \"_enrichment\""},
      {"status: {field: a..b}\n", "status.field: \"a..b\" is no field path"},
      {"status: {field: \"\"}\n", "status.field: "},
      {"status: {when: never}\n", "status.when: unknown value \"never\"; allowed: failed, always"},
      {"status: {times: some}\n", "status.times: must be true or false"},
      {"execution: {strict: yes}\n", "must be true or false, not \"yes\""},
      {"execution: {mode: paralel}\n", "did you mean \"parallel\"?"},
      {"execution: {event_timeout: soon}\n", "must be a duration like 250ms"},
      {"execution: {event_timeout: 0}\n", "must be more than nothing"},
      {"source: stdin\n", "source: must be a map"},
      {"source: {type: stdinn}\n",
       "source.type: there is no source \"stdinn\"; did you mean \"stdin\"?"},
      {"source: {format: jsn}\n",
       "source.format: there is no format \"jsn\" here; did you mean \"json\"?"},
      {"source: {on_malformed: ignore}\n", "allowed: keep, dead_letter, drop, fail"},
      {"source: {on_malformed: dead_letter}\n", "there is no `dead_letter:` sink"},
      {"source: {type: file}\n", "source.paths: is required"},
      {"sink: {type: file}\n", "sink.path: is required: where to"},
      {"sink: {type: kafka}\n", "there is no sink \"kafka\"; allowed: stdout, file"},
      {"dead_letter: {type: file}\n", "dead_letter.path: is required"},
      {"enrichers: [5]\n", "must be a map like"},
      {"enrichers: [{name: a}]\n", "enrichers.a.type: is required"},
      {"enrichers: [{type: [a]}]\n", "type: must be text"},
      {"enrichers: [{type: goip}]\n", "there is no enricher \"goip\"; did you mean \"geoip\"?"},
      {"enrichers: [{type: delay, name: \"\"}]\n", "must be a name"},
      {"enrichers: [{type: delay, name: \"a\\nb\"}]\n", "must be a name"},
      {"enrichers: [{type: delay, priority: high}]\n", "priority: must be a whole number"},
      {"enrichers: [{type: delay, priority: 99999999999}]\n",
       "priority: must be a whole number from"},
      {"enrichers: [{type: delay, reads: [a..b]}]\n", "reads.0: \"a..b\" is no field path"},
      {"enrichers: [{type: delay, placement: gpu}]\n", "allowed: inline, pool, async, auto"},
      {"enrichers: [{type: delay, duration: x}]\n", "enrichers.delay.duration: must be a duration"},
      {"enrichers: [{type: delay, when: {field: a, regex: (}}]\n",
       "when.regex: the regular expression"},
      {"enrichers: [{type: delay, conditions: {time_range: {start_hour: 24}}}]\n", "from 0 to 23"},
      {"enrichers: [{type: delay, conditions: production}]\n", "conditions: must be a map"},
      {"enricher_conditions: [a]\n", "enricher_conditions: must be a map"},
  };
  for (const auto& row : rows) EXPECT_THAT(bad(row.text), HasSubstr(row.message)) << row.text;
}

TEST(PipelineConfigTest, one_source_and_one_sink) {
  EXPECT_THAT(bad("sources: {a: {type: stdin}, b: {type: stdin}}\n"),
              HasSubstr("sources: has 2 entries; this release runs exactly one"));
  EXPECT_THAT(bad("sources: {}\n"), HasSubstr("has 0 entries"));
  EXPECT_THAT(bad("source: {type: stdin}\nsources: {a: {type: stdin}}\n"),
              HasSubstr("stands beside `source:`; write one of them"));
  EXPECT_THAT(bad("sources: {a: stdin}\n"), HasSubstr("must be a map with a type"));
  EXPECT_THAT(bad("sinks: {a: {}, b: {}}\n"), HasSubstr("sinks: has 2 entries"));
  EXPECT_EQ(good("sinks: {out: {type: stdout}}\n").sink.name, "out");
}

TEST(PipelineConfigTest, limits_that_are_set_against_each_other_are_refused) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"execution: {group_timeout: 6s, event_timeout: 5s}\n",
       "execution.group_timeout: is \"6s\", longer than execution.event_timeout (\"5s\")"},
      {"execution: {enricher_timeout: 3s, group_timeout: 2s}\n",
       "longer than execution.group_timeout"},
      {"execution: {enricher_timeout: 3s, event_timeout: 2s}\n",
       "longer than execution.event_timeout"},
      {"enrichers: [{type: delay, timeout: 3s}]\nexecution: {group_timeout: 2s}\n",
       "enrichers.delay.timeout: is \"3s\", longer than execution.group_timeout (\"2s\")"},
      {"enrichers: [{type: delay, timeout: 3s}]\nexecution: {event_timeout: 2s}\n",
       "longer than execution.event_timeout"},
  };
  for (const auto& row : rows) EXPECT_THAT(bad(row.text), HasSubstr(row.message)) << row.text;
  // Those that are not written stretch.
  EXPECT_EQ(good("enrichers: [{type: delay, timeout: 7s}]\n").enrichers[0].metadata.timeout, 7s);
  EXPECT_EQ(good("execution: {group_timeout: 7s}\n").execution.group_timeout, 7s);
  good(
      "enrichers: [{type: delay, timeout: 2s}]\nexecution: {group_timeout: 2s, event_timeout: "
      "2s}\n");
}

TEST(PipelineConfigTest, all_errors_are_reported_at_once) {
  const std::string errors =
      bad("source: {type: nothing}\n"
          "enrichers: [{type: delay, duration: x, when: {}}, {type: geoip}, nonsense]\n"
          "execution: {shards: -1, in_flight: 0}\n"
          "sink: {format: xml}\n");
  for (const char* key :
       {"source.type", "delay.duration", "delay.when", "geoip.database", "enrichers.enricher",
        "execution.shards", "execution.in_flight", "sink.format"}) {
    EXPECT_THAT(errors, HasSubstr(key));
  }
}

TEST(PipelineConfigTest, the_effective_configuration_shows_defaults_and_masks_secrets) {
  const PipelineConfig config = good(
      "enrichers:\n"
      "  - {type: geoip, database: \"http://u:hunter2@h/city\", password: hunter2}\n"
      "  - geoip://?database=x&password=hunter2\n"
      "  - environment://static?name=x&priority=high\n");
  const std::string text = to_yaml(config.effective);
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("password: \"***\""));
  EXPECT_THAT(text, HasSubstr("input: client_ip"));
  EXPECT_THAT(text, HasSubstr("shards: 0"));
  // It is a configuration itself.
  ErrorList errors;
  const auto again = parse(text, errors);
  ASSERT_TRUE(again) << errors.errors()[0].to_string();
  EXPECT_EQ(to_yaml(again->effective), text);
}

// Each of them depends on the one before it, or on nobody.
std::string many_enrichers(int count, bool chained) {
  std::string text = "enrichers:\n";
  for (int i = 0; i < count; ++i) {
    text += "  - {name: e" + std::to_string(i) + ", type: delay, duration: 1ms, priority: 5";
    if (chained && i > 0) text += ", dependencies: [e" + std::to_string(i - 1) + "]";
    text += "}\n";
  }
  return text;
}

TEST(PipelineConfigTest, ten_thousand_enrichers) {
  const std::string text = many_enrichers(10'000, false);
  EXPECT_EQ(good(text).enrichers.size(), 10'000u);
}

TEST(PipelineConfigTest, a_chain_ten_thousand_deep) {
  const PipelineConfig config = good(many_enrichers(10'000, true));
  ASSERT_EQ(config.enrichers.size(), 10'000u);
  EXPECT_THAT(config.enrichers[9'999].metadata.dependencies, ElementsAre("e9998"));
}

class LoadTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / "logbraid_load_test";
};

TEST_F(LoadTest, files_overrides_and_references_make_one_configuration) {
  ConfigInput input;
  input.files = {write("a.yaml",
                       "enrichers: [{name: geo, type: geoip, database: \"${DB:-x}\"}]\n"
                       "execution: {shards: 1, in_flight: 7}\n"),
                 write("b.yaml", "execution:\n  shards: ${SHARDS}\nsink: {type: file, path: x}\n")};
  input.overrides = {"execution.in_flight=9", "enrichers.geo.password=${file:secret}"};
  input.references.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SHARDS") return "3";
    return std::nullopt;
  };
  input.references.read_file = [](const std::string&) -> Result<std::string> {
    return std::string("hunter2");
  };
  ErrorList errors;
  const auto config = load_pipeline(input, known_kinds(), errors);
  ASSERT_TRUE(config) << errors.errors()[0].to_string();
  EXPECT_EQ(config->execution.shards, 3u);
  EXPECT_EQ(config->execution.in_flight, 9u);
  EXPECT_EQ(config->sink.kind, "file");
  EXPECT_EQ(config->enrichers[0].settings.find("database")->string(), "x");
  EXPECT_EQ(config->enrichers[0].settings.find("password")->string(), "hunter2");
  EXPECT_THAT(to_yaml(config->effective), Not(HasSubstr("hunter2")));
  EXPECT_EQ(base_directory(input), folder_.string());
}

TEST_F(LoadTest, secret_files_start_at_the_folder_of_the_configuration) {
  write("pin", "hunter2\n");
  ConfigInput input;
  input.files = {write("a.yaml", "a: ${file:pin}\n")};
  input.references.read_file = read_secret_file;
  ErrorList errors;
  const auto root = load_settings(input, errors);
  ASSERT_TRUE(root) << errors.errors()[0].to_string();
  EXPECT_EQ(root->find("a")->string(), "hunter2");
}

TEST_F(LoadTest, errors_of_all_files_are_reported) {
  ConfigInput input;
  input.files = {write("a.yaml", "a: [\n"), (folder_ / "missing.yaml").string(),
                 write("empty.yaml", "")};
  ErrorList errors;
  EXPECT_FALSE(load_pipeline(input, known_kinds(), errors));
  EXPECT_EQ(errors.size(), 3u);
}

TEST_F(LoadTest, without_a_file_the_defaults_and_overrides_count) {
  ConfigInput input;
  input.overrides = {"execution.shards=2"};
  ErrorList errors;
  const auto config = load_pipeline(input, known_kinds(), errors);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->execution.shards, 2u);
  EXPECT_EQ(config->source.kind, "stdin");
}

// One that had could not be set: the name of every enricher's own setting goes before.
TEST(PipelineConfigTest, no_kind_has_a_setting_that_every_enricher_has) {
  for (const EnricherKind& kind : builtin_enrichers()) {
    for (const SettingSpec& own : kind.settings) {
      for (const SettingSpec& common : enricher_specs()) {
        EXPECT_NE(own.name, common.name) << kind.name;
      }
    }
  }
}

}  // namespace
}  // namespace logbraid
