// `logbraid run`: from a configuration and lines to events and a summary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/end_to_end/agent.h"
#include "tests/support/shared_data.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class AgentRun : public ::testing::Test {
 protected:
  std::string config(const std::string& text, const std::string& name = "pipeline.yaml") {
    return directory_.file(name, text);
  }

  const TemporaryDirectory directory_;
};

TEST_F(AgentRun, enriches_what_it_reads_and_says_what_it_did) {
  const ProcessResult result =
      run_agent({"run", config(kOneField)}, {.input = "{\"a\":1.50}\n{\"b\":[]}\n"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "{\"a\":1.50,\"zone\":\"eu\"}\n{\"b\":[],\"zone\":\"eu\"}\n");
  EXPECT_THAT(result.err, AllOf(HasSubstr("2 events read, 2 written"),
                                ContainsRegex("zone +inline +2 +2 +- +- +- +-"), HasSubstr("CPU"),
                                HasSubstr("peak memory")));
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b"))) << "colours in a file";
}

TEST_F(AgentRun, reads_nothing_from_empty_input) {
  const ProcessResult result = run_agent({"run", config(kOneField)});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("0 events read, 0 written"));
}

TEST_F(AgentRun, quiet_is_quiet) {
  const ProcessResult result = run_agent({"run", "-q", config(kOneField)}, {.input = "{}\n"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "{\"zone\":\"eu\"}\n");
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(AgentRun, lays_files_and_settings_over_each_other) {
  const std::string base = config(kOneField);
  const std::string over = config("source: {on_malformed: drop}\n", "over.yaml");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"run", base, over, "--set", "enrichers.zone.fields.zone=us"},
        std::vector<std::string>{"run", base, "-c", over, "--set",
                                 "enrichers.zone.fields.zone=us"}}) {
    const ProcessResult result = run_agent(arguments, {.input = "{}\nno json\n"});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, "{\"zone\":\"us\"}\n");
  }
}

TEST_F(AgentRun, shows_lines_it_refused_without_their_control_characters) {
  const ProcessResult result =
      run_agent({"run", config(kOneField)}, {.input = "{}\n\x1b[31mred\x07\n{}\n"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, AllOf(HasSubstr("warning: line 2 is refused: "),
                                HasSubstr("\\x1b[31mred\\x07"), HasSubstr("1 malformed")));
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b")));
}

TEST_F(AgentRun, fails_on_a_malformed_line_where_that_is_asked_for) {
  const ProcessResult result = run_agent(
      {"run", config(kOneField), "--set", "source.on_malformed=fail"}, {.input = "{}\nno json\n"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("error: "));
}

TEST_F(AgentRun, names_file_line_and_key_of_an_error) {
  const std::string path = config(
      "source: {type: demo}\nenrichers:\n  - name: zone\n    type: static\n"
      "    feilds: {zone: eu}\n  - {type: geopi}\nexecution:\n  mode: fast\n");
  const ProcessResult result = run_agent({"run", path});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  // Everything that is wrong, at once.
  EXPECT_THAT(result.err, HasSubstr("error: " + path + ":6: enrichers"));
  EXPECT_THAT(result.err, HasSubstr("did you mean \"geoip\"?"));
  EXPECT_THAT(result.err, HasSubstr("error: " + path + ":8: execution.mode: "));
}

TEST_F(AgentRun, suggests_the_key_that_was_meant) {
  const std::string path = config("source: {type: demo, cuont: 5}\n");
  const ProcessResult result = run_agent({"run", path});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr(path + ":1: "), HasSubstr("cuont"),
                                HasSubstr("did you mean \"count\"?")));
}

TEST_F(AgentRun, what_cannot_be_opened_is_found_before_anything_is_read) {
  const std::string path = config(
      "source: {type: file, paths: gone.log}\nenrichers:\n"
      "  - {name: net, type: table, file: gone.csv, input: ip}\n");
  const ProcessResult result = run_agent({"run", path});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr(path + ":3: enrichers.net"), HasSubstr("gone.csv")));
}

TEST_F(AgentRun, a_switched_off_enricher_needs_nothing_and_its_dependents_run) {
  const std::string path = config(
      "enrichers:\n"
      "  - {name: net, type: table, file: gone.csv, input: ip, enabled: false}\n"
      "  - {name: zone, type: static, fields: {zone: eu}, dependencies: net}\n");
  const ProcessResult result = run_agent({"run", path}, {.input = "{}\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "{\"zone\":\"eu\"}\n");
  EXPECT_THAT(result.err, Not(HasSubstr("warning")));
}

TEST_F(AgentRun, a_full_disk_is_a_failure) {
  const ProcessResult result =
      run_agent({"run", config(kOneField)}, {.input = "{}\n", .output_path = "/dev/full"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("error: cannot write to stdout: No space left on device"),
                                HasSubstr("1 not written")));
}

TEST_F(AgentRun, writes_to_a_file) {
  const std::string path = config(kOneField);
  const ProcessResult result = run_agent(
      {"run", path, "--set", "sink.type=file", "--set", "sink.path=out.json"}, {.input = "{}\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(directory_.read("out.json"), "{\"zone\":\"eu\"}\n");
}

TEST_F(AgentRun, an_enricher_that_fails_is_counted_and_its_error_shown) {
  const std::string path = config(
      "source: {type: demo, count: 20}\nenrichers:\n"
      "  - {name: slow, type: delay, duration: 0s, fail_share: 1}\n"
      "  - {name: after, type: static, fields: {x: 1}, requires: slow}\n");
  const ProcessResult result = run_agent({"run", path});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 20);
  EXPECT_THAT(result.err, AllOf(ContainsRegex("slow +async +20 +- +- +20 +-"),
                                HasSubstr("slow: first error: delay: made to fail"),
                                HasSubstr("after: skipped: 20 dependency_unmet")));
}

TEST_F(AgentRun, an_event_tells_what_became_of_its_enrichers_where_that_is_asked_for) {
  const std::string path = config(
      "source: {type: stdin, format: json}\nenrichers:\n"
      "  - {name: zone, type: static, fields: {zone: eu}}\n"
      "  - {name: broken, type: delay, duration: 0s, fail_share: 1, when: {field: bad, exists: "
      "true}}\n"
      "  - {name: after, type: static, fields: {x: 1}, requires: broken}\n"
      "status: {field: _enrichment, when: failed}\n");
  const std::string failed =
      "{\"bad\":1,\"zone\":\"eu\",\"_enrichment\":{\"succeeded\":[\"zone\"],"
      "\"failed\":{\"broken\":\"error: delay: made to fail\"},"
      "\"skipped\":{\"after\":\"dependency_unmet\"}}}\n";
  const ProcessOptions input{.input = "{\"bad\":1}\n{}\n"};
  EXPECT_EQ(run_agent({"run", path}, input).out, failed + "{\"zone\":\"eu\"}\n");
  EXPECT_EQ(run_agent({"run", path, "--set", "status.when=always"}, input).out,
            failed +
                "{\"zone\":\"eu\",\"_enrichment\":{\"succeeded\":[\"zone\"],"
                "\"skipped\":{\"broken\":\"condition_false\",\"after\":\"dependency_unmet\"}}}\n");
  EXPECT_THAT(run_agent({"run", path, "--set", "status.times=true"}, input).out,
              ContainsRegex("\"ms\":\\{.*\"broken\":[0-9]+\\.[0-9]{3}"));
}

TEST_F(AgentRun, takes_events_out_of_the_stream_where_an_enricher_must_not_fail) {
  const std::string path = config(
      "source: {type: stdin, format: json, on_malformed: drop}\nenrichers:\n"
      "  - {name: redact, type: delay, duration: 0s, fail_share: 1, on_failure: drop,\n"
      "     when: {field: bad, exists: true}}\n"
      "dead_letter: {type: file, path: " +
      (directory_ / "letters.jsonl") + "}\n");
  const ProcessOptions input{.input = "{\"bad\":1}\n{}\nno json\n"};
  const ProcessResult dropped = run_agent({"run", path}, input);
  EXPECT_EQ(dropped.out, "{}\n");
  EXPECT_THAT(dropped.err,
              AllOf(HasSubstr("1 dropped (malformed)"), HasSubstr("1 dropped (enricher_failed)")));
  const ProcessResult buried =
      run_agent({"run", path, "--set", "enrichers.redact.on_failure=dead_letter"}, input);
  EXPECT_EQ(buried.out, "{}\n");
  EXPECT_EQ(directory_.read("letters.jsonl"), "{\"bad\":1,\"enrich_error\":\"redact: error\"}\n");
}

TEST_F(AgentRun, says_how_much_ran_at_once) {
  const std::string path = config(
      "source: {type: demo, count: 10}\nenrichers:\n"
      "  - {name: a, type: delay, duration: 5ms}\n"
      "  - {name: b, type: delay, duration: 5ms}\n"
      "  - {name: c, type: delay, duration: 5ms}\n"
      "execution: {in_flight: 1, shards: 1}\n");
  EXPECT_THAT(run_agent({"run", path}).err, ContainsRegex("overlap [23]\\.[0-9]\n"));
  EXPECT_THAT(run_agent({"run", path, "--set", "execution.mode=sequential"}).err,
              HasSubstr("Sequential: "));
}

TEST_F(AgentRun, says_what_a_schedule_could_have_gained_and_what_it_gained_where_that_is_measured) {
  const std::string path = config(
      "source: {type: demo, count: 20}\nenrichers:\n"
      "  - {name: a, type: delay, duration: 5ms}\n"
      "  - {name: b, type: delay, duration: 5ms}\n"
      "execution: {in_flight: 1, shards: 1}\n");
  const std::string without = run_agent({"run", path}).err;
  EXPECT_THAT(without, ContainsRegex("Critical path: [0-9.]+ ms of the [0-9.]+ ms of an event"));
  EXPECT_THAT(without, Not(HasSubstr("Measured: ")));
  const std::string with = run_agent({"run", path, "--set", "execution.sequential_share=0.25"}).err;
  EXPECT_THAT(with, ContainsRegex("Measured: 5 events in sequence took [0-9.]+ ms on average, the "
                                  "others [0-9.]+ ms: speed-up [0-9.]+ "));
}

TEST_F(AgentRun, says_why_auto_chose_where_an_enricher_runs) {
  const std::string path = config(
      "source: {type: demo, count: 3000}\nenrichers:\n"
      "  - {name: cheap, type: static, fields: {x: 1}, placement: auto}\n"
      "  - {name: dear, type: delay, duration: 1ms, blocking: true, placement: auto,\n"
      "     when: {field: rare, exists: true}}\n");
  const std::string errors = run_agent({"run", path}).err;
  EXPECT_THAT(errors, ContainsRegex("cheap +auto: (inline|pool) +3,000 "));
  // How fast this machine is just now decides which.
  EXPECT_THAT(errors,
              ContainsRegex("cheap: (moved inline|stays in the pool)[^\n]* [0-9.]+ [num]s"));
  EXPECT_THAT(errors, HasSubstr("dear: stays in the pool: no call was measured"));
}

TEST_F(AgentRun, says_that_a_breaker_opened_and_how_it_stands) {
  const std::string path = config(
      "source: {type: demo, count: 50}\nenrichers:\n"
      "  - {name: broken, type: delay, duration: 0s, fail_share: 1}\n"
      "execution: {in_flight: 1, shards: 1}\n");
  const std::string errors = run_agent({"run", path}).err;
  EXPECT_THAT(errors,
              HasSubstr("broken: its circuit breaker opened 1 time; at the end it is open\n"));
  // Already when it happens.
  EXPECT_THAT(errors, ContainsRegex("enricher broken is left alone: its circuit breaker has opened "
                                    "\\(consecutive_failures\\), the first probe is in "));
}

TEST_F(AgentRun, without_a_file_it_runs_the_example) {
  const ProcessResult result = run_agent({"run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("examples/access_log/pipeline.yaml"), HasSubstr("overlap")));
  EXPECT_GT(std::count(result.out.begin(), result.out.end(), '\n'), 4000);
}

TEST_F(AgentRun, without_a_file_it_looks_for_the_example_where_the_launcher_says) {
  directory_.file("examples/access_log/pipeline.yaml", "source: {type: demo, count: 3}\n");
  const ProcessResult result =
      run_agent({"run"}, {.environment = {"LOGBRAID_HOME=" + directory_.path().string()}});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 3);
}

TEST_F(AgentRun, without_a_file_and_without_the_example_it_asks_for_one) {
  const ProcessResult result =
      run_agent({"run"}, {.environment = {"LOGBRAID_HOME=" + directory_.path().string()}});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("logbraid run FILE"));
}

TEST_F(AgentRun, variables_come_from_the_environment) {
  const std::string path =
      config("enrichers: [{type: static, fields: {zone: \"${ZONE_FOR_TEST:-none}\"}}]\n");
  EXPECT_EQ(run_agent({"run", path}, {.input = "{}\n"}).out, "{\"zone\":\"none\"}\n");
  EXPECT_EQ(run_agent({"run", path}, {.input = "{}\n", .environment = {"ZONE_FOR_TEST=eu"}}).out,
            "{\"zone\":\"eu\"}\n");
}

}  // namespace
}  // namespace logbraid::test
