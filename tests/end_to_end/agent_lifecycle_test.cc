// Enrichers that are started: what the agent makes of starts that take their time or do not end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AgentLifecycle : public ::testing::TestWithParam<const char*> {
 protected:
  ProcessResult run(const std::string& settings) {
    const std::string config = directory_.file(
        "pipeline.yaml",
        "enrichers:\n"
        "  - {name: slow, type: delay, duration: 0, fields: {slow: 1}, fallback: {slow: 0}, "
        "blocking: " +
            std::string(GetParam()) + ", " + settings +
            "}\n"
            "  - {name: zone, type: static, fields: {zone: eu}}\n");
    return run_agent({"run", config}, {.input = "{\"a\":1}\n{\"a\":2}\n"});
  }

 private:
  const TemporaryDirectory directory_;
};

TEST_P(AgentLifecycle, the_first_event_waits_for_the_start) {
  const ProcessResult result = run("start: 20ms");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out,
            "{\"a\":1,\"slow\":1,\"zone\":\"eu\"}\n{\"a\":2,\"slow\":1,\"zone\":\"eu\"}\n");
  EXPECT_THAT(result.err, Not(HasSubstr("healthy")));
}

TEST_P(AgentLifecycle, a_start_that_takes_too_long_costs_its_enricher_only) {
  const ProcessResult result = run("start: 1h, lifecycle: {start_timeout: 10ms}");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out,
            "{\"a\":1,\"slow\":0,\"zone\":\"eu\"}\n{\"a\":2,\"slow\":0,\"zone\":\"eu\"}\n");
  EXPECT_THAT(result.err, AllOf(HasSubstr("slow: skipped: 2 unhealthy"),
                                HasSubstr("slow: is unhealthy: its start has not ended within "
                                          "0.01s")));
}

TEST_P(AgentLifecycle, times_for_what_is_not_there_are_an_error) {
  const ProcessResult result = run("lifecycle: {start_timeout: 10ms}");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("pipeline.yaml:2: enrichers.slow: "),
                                HasSubstr("leave lifecycle out")));
}

INSTANTIATE_TEST_SUITE_P(blocking, AgentLifecycle, ::testing::Values("true", "false"),
                         [](const auto& instance) {
                           return std::string(
                               instance.param == std::string("true") ? "blocking" : "on_the_loop");
                         });

}  // namespace
}  // namespace logbraid::test
