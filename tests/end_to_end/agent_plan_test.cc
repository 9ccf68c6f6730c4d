// `logbraid plan` and `logbraid check`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kPipeline = R"(
source: {type: demo, count: 5}
enrichers:
  - {name: target, type: url, input: path, output: url}
  - {name: release, type: static, fields: {version: 1.0.0}, when: {field: level, equals: ERROR}}
  - {name: user, type: delay, duration: 1ms, reads: url.query.uid, fields: {user.plan: free}}
  - {name: only_prod, type: static, fields: {x: 1}, conditions: {environment: production}}
sink: {type: file, path: out.json, append: false}
)";

class AgentPlan : public ::testing::Test {
 protected:
  ProcessResult agent(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, config_);
    return run_agent(std::move(arguments), {.environment = {"ENVIRONMENT=testing"}});
  }

  const TemporaryDirectory directory_;
  const std::string config_ = directory_.file("pipeline.yaml", kPipeline);
};

TEST_F(AgentPlan, shows_groups_and_reasons) {
  const ProcessResult result = agent({"plan"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("group 1"), HasSubstr("group 2"),
                                HasSubstr("reads url.query.uid"), HasSubstr("only_prod")));
}

TEST_F(AgentPlan, as_json_names_order_groups_edges_and_what_is_disabled) {
  const ProcessResult result = agent({"plan", "--format", "json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(
      result.out,
      R"({"order": ["target", "release", "user"], "groups": [["target", "release"], ["user"]], )"
      R"("edges": [{"from": "target", "to": "user", "because": "reads url.query.uid"}], )"
      R"("disabled": [{"name": "only_prod", "because": "environment is testing, not production"}]})"
      "\n");
}

TEST_F(AgentPlan, draws_pictures) {
  EXPECT_THAT(agent({"plan", "--format", "dot"}).out, StartsWith("digraph"));
  const std::string picture = directory_ / "plan.svg";
  const ProcessResult result = agent({"plan", "--format", "svg", "-o", picture});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(directory_.read("plan.svg"), AllOf(HasSubstr("<svg"), HasSubstr("release")));
}

TEST_F(AgentPlan, says_where_a_picture_cannot_be_written) {
  const ProcessResult result = agent({"plan", "--format", "svg", "-o", "/nowhere/plan.svg"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write /nowhere/plan.svg: No such file or directory"));
}

TEST_F(AgentPlan, shows_what_would_run_for_an_event_and_why_the_rest_would_not) {
  const ProcessResult result = agent({"plan", "--event", R"({"level":"INFO","path":"/?uid=1"})"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("target"), HasSubstr("release    when is false"),
                                HasSubstr("environment is testing, not production")));
  EXPECT_NE(result.out, agent({"plan", "--event", R"({"level":"ERROR"})"}).out);
}

TEST_F(AgentPlan, refuses_an_event_that_is_none) {
  for (const char* event : {"", "{", "[1]", "{}\n{}"}) {
    const ProcessResult result = agent({"plan", "--event", event});
    EXPECT_EQ(result.code, 2) << event;
    EXPECT_THAT(result.err, HasSubstr("--event")) << event;
  }
}

TEST_F(AgentPlan, prints_the_ring_of_a_cycle) {
  const std::string path =
      directory_.file("ring.yaml",
                      "enrichers:\n"
                      "  - {name: a, type: static, dependencies: b, fields: {x: 1}}\n"
                      "  - {name: b, type: static, dependencies: a, fields: {y: 1}}\n");
  const ProcessResult result = run_agent({"plan", path});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("a -> b -> a"));
}

TEST_F(AgentPlan, a_check_is_fine_and_touches_nothing) {
  directory_.file("out.json", "precious\n");
  const ProcessResult result = agent({"check"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("fine: demo (json) -> 3 enrichers in 2 groups -> "));
  EXPECT_EQ(directory_.read("out.json"), "precious\n");
}

TEST_F(AgentPlan, a_check_prints_the_configuration_without_its_secrets) {
  const std::string path = directory_.file(
      "secret.yaml",
      "enrichers:\n"
      "  - {name: who, type: hash, input: ip, algorithm: hmac_sha256, key: 0123456789abcdef}\n");
  const ProcessResult result = run_agent({"check", path, "--print"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("hmac_sha256"), HasSubstr("in_flight: 4096"),
                                Not(HasSubstr("0123456789abcdef"))));
}

TEST_F(AgentPlan, a_check_finds_a_source_that_is_not_there) {
  const ProcessResult result = agent({"check", "--set", "source={type: file, paths: gone.log}"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("gone.log"));
}

}  // namespace
}  // namespace logbraid::test
