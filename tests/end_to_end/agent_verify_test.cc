// `logbraid verify`. Built-in enrichers declare what they read, so that here nothing is hidden;
// tests/unit/engine/verify_test.cc has those that hide something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kTwoEnrichers =
    "source: {type: stdin, format: json}\n"
    "enrichers:\n"
    "  - {name: login, type: url, input: path, output: url}\n"
    "  - {name: who, type: hash, input: url.path, output: who}\n";

class AgentVerify : public ::testing::Test {
 protected:
  ProcessResult verify(const std::string& config, const std::string& sample,
                       std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"verify", directory_.file("pipeline.yaml", config),
                                          "--input", directory_.file("sample", sample)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_agent(arguments);
  }

  const TemporaryDirectory directory_;
};

TEST_F(AgentVerify, shows_what_was_read_and_written_beside_what_is_declared) {
  const ProcessResult result = verify(kTwoEnrichers, "{\"path\":\"/a?b=c\"}\n{\"path\":\"/d\"}\n");
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_THAT(
      result.out,
      AllOf(HasSubstr("2 events, 2 enrichers: 2 runs in sequence, 6 in parallel"),
            ContainsRegex("login\n  reads +path +2 events\n"),
            ContainsRegex("who\n  reads +url.path +2 events\n"),
            HasSubstr("The output of all runs is the same."), Not(HasSubstr("not declared"))));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(AgentVerify, prints_json_for_other_programs) {
  const ProcessResult result = verify(kTwoEnrichers, "{\"path\":\"/a\"}\n", {"--format", "json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("{\"passed\": true, \"events\": 1"),
                    HasSubstr("{\"field\": \"path\", \"events\": 1, \"declared\": true}"),
                    HasSubstr("\"hidden\": []"), HasSubstr("\"differences\": []")));
}

TEST_F(AgentVerify, ends_with_1_where_sequence_and_parallel_differ) {
  // One after the other they take 600 ms and the event has 500; together they have 300 to spare.
  const ProcessResult result = verify(
      "source: {type: stdin, format: json}\n"
      "enrichers:\n"
      "  - {name: a, type: delay, duration: 200ms, fields: {a: 1}}\n"
      "  - {name: b, type: delay, duration: 200ms, fields: {b: 1}}\n"
      "  - {name: c, type: delay, duration: 200ms, fields: {c: 1}}\n"
      "execution: {event_timeout: 500ms, enricher_timeout: 500ms, group_timeout: 500ms}\n",
      "{}\n", {"--rounds", "2"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("line 1, c (in parallel, schedule ready, 1 shard)"),
                                HasSubstr("first run: (not there)"), HasSubstr("this run:  1"),
                                HasSubstr("c: timeout 1 times in the first run, 0 in this one")));
}

TEST_F(AgentVerify, times_in_the_status_are_no_difference) {
  const ProcessResult result =
      verify(std::string(kTwoEnrichers) + "status: {when: always, times: true}\n",
             "{\"path\":\"/a\"}\n", {"--rounds", "2"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
}

TEST_F(AgentVerify, says_what_is_wrong_with_its_arguments) {
  EXPECT_EQ(verify("enrichers: []\n", "").code, 2);
  EXPECT_EQ(verify("enrichers: [{type: gone}]\n", "{}\n").code, 2);
  EXPECT_EQ(verify("enrichers: []\n", "{}\n", {"--format", "svg"}).code, 2);
  EXPECT_EQ(run_agent({"verify", directory_.file("p.yaml", "enrichers: []\n")}).code, 2);
  const ProcessResult help = run_agent({"verify", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out + help.err, HasSubstr("Examples:"));
}

TEST_F(AgentVerify, compatible_with_fapilog_an_enricher_sees_all_that_ran_before) {
  const std::string path = directory_.file("pipeline.yaml",
                                           "source: {type: stdin, format: json}\n"
                                           "enrichers:\n"
                                           "  - {name: first, type: static, fields: {x: 1}}\n"
                                           "  - {name: second, type: hash, input: x, output: y}\n"
                                           "sink: {type: stdout}\n"
                                           "execution: {compat: fapilog}\n");
  const ProcessResult result = run_agent({"plan", path});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("compat"));
}

}  // namespace
}  // namespace logbraid::test
