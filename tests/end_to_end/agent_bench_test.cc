// `logbraid bench`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AgentBench : public ::testing::Test {
 protected:
  ProcessResult bench(const std::string& config, const std::string& sample) {
    return run_agent({"bench", directory_.file("pipeline.yaml", config), "--input",
                      directory_.file("sample", sample), "--rounds", "3"});
  }

  const TemporaryDirectory directory_;
};

TEST_F(AgentBench, measures_both_modes_and_compares_their_outputs) {
  const ProcessResult result = bench(
      "enrichers:\n"
      "  - {name: a, type: delay, duration: 4ms, fields: {a: 1}}\n"
      "  - {name: b, type: delay, duration: 4ms, fields: {b: 1}}\n"
      "execution: {in_flight: 1, shards: 1}\n",
      "{}\n{}\n{}\n{}\n");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("4 events"), HasSubstr("3 rounds"),
                                HasSubstr("Outputs are equal, byte for byte"),
                                ContainsRegex("sequential +[0-9.]+ ms"),
                                // How many times is for a machine that does nothing else.
                                ContainsRegex("Sequential takes [0-9]+\\.[0-9]+ times as long")));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(AgentBench, shows_the_first_line_that_differs) {
  // One after the other they take 75 ms and the event has 50.
  const ProcessResult result = bench(
      "enrichers:\n"
      "  - {name: a, type: delay, duration: 25ms, fields: {a: 1}}\n"
      "  - {name: b, type: delay, duration: 25ms, fields: {b: 1}}\n"
      "  - {name: c, type: delay, duration: 25ms, fields: {c: 1}}\n"
      "execution: {event_timeout: 60ms, enricher_timeout: 60ms, group_timeout: 60ms}\n",
      "{}\n");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("the outputs differ, first in line 1:"),
                                HasSubstr("parallel:   {\"a\":1,\"b\":1,\"c\":1}"),
                                HasSubstr("c: timeout 1 times in sequence, 0 times in parallel")));
}

TEST_F(AgentBench, says_what_is_wrong_with_a_sample) {
  EXPECT_EQ(bench("enrichers: []\n", "").code, 2);
  const ProcessResult result =
      run_agent({"bench", directory_.file("pipeline.yaml", "enrichers: []\n"), "--input",
                 directory_ / "gone"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("cannot read " + (directory_ / "gone")));
}

}  // namespace
}  // namespace logbraid::test
