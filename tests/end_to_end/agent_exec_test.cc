// `exec` in the agent: a program of the user's beside a run, from its start to the agent's end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/end_to_end/agent.h"
#include "tests/support/process_state.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kConfig = R"(
source: {type: stdin, format: json}
execution: {shards: 2}
enrichers:
  - {name: zone, type: static, fields: {zone: eu}}
  - name: owner
    type: exec
    command: [python3, owner.py]
    input: [ip, zone]
    fields: {net.owner: /owner}
    timeout: 30s
sink: {type: stdout}
)";

class AgentExec : public ::testing::Test {
 protected:
  std::string config(const std::string& program) const {
    directory_.file("owner.py", "import json, os, sys, time\n" + program);
    return directory_.file("pipeline.yaml", kConfig);
  }

  const TemporaryDirectory directory_;
};

TEST_F(AgentExec, answers_come_into_the_events_and_each_key_is_asked_once_a_shard) {
  const std::string file = config(R"(
for line in sys.stdin:
    asked = json.loads(line)
    with open("asked", "a") as log: log.write("x\n")
    event = asked["event"]
    print(json.dumps({"id": asked["id"], "set": {"owner": event["ip"] + event["zone"]}}), flush=True)
)");
  std::string input;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string ip = "10.0.0." + std::to_string(i % 7);
    const std::string start = "{\"n\":" + std::to_string(i) + ",\"ip\":\"" + ip + "\"";
    input += start + "}\n";
    expected += start + R"(,"zone":"eu","net":{"owner":")" + ip + "eu\"}}\n";
  }
  const ProcessResult result = run_agent({"run", file}, {.input = input});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, expected);
  EXPECT_LE(directory_.read("asked").size(), 2u * 7 * 2);
}

TEST_F(AgentExec, a_whole_event_has_what_its_dependencies_added_and_nothing_of_others) {
  directory_.file("echo.py", R"(
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "set": {"seen": asked["event"]}}), flush=True)
)");
  const std::string file = directory_.file("pipeline.yaml", R"(
source: {type: stdin, format: json}
execution: {shards: 1}
enrichers:
  - {name: zone, type: static, fields: {net.zone: eu}}
  - {name: other, type: static, fields: {net.other: 1}}
  - {name: seen, type: exec, command: [python3, echo.py], whole_event: true, output: told,
     dependencies: [zone], timeout: 30s}
sink: {type: stdout}
)");
  const ProcessResult result =
      run_agent({"run", "-q", file}, {.input = "{\"n\":1,\"net\":{\"ip\":\"10.0.0.1\"}}\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, R"({"n":1,"net":{"ip":"10.0.0.1","zone":"eu","other":1},)"
                        R"("told":{"seen": {"n": 1, "net": {"ip": "10.0.0.1", "zone": "eu"}}}})"
                        "\n");
}

TEST_F(AgentExec, a_value_of_an_event_stays_a_value) {
  const std::string file = config(R"(
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "set": {"owner": [len(sys.argv), asked["event"]["ip"]]}}),
          flush=True)
)");
  const std::string hostile =
      R"("$(touch pwned) `id` ; \n{\"id\":1,\"no_match\":true}\n ../ ${HOME} {{zone}} \u0000")";
  const ProcessResult result =
      run_agent({"run", "-q", file}, {.input = "{\"ip\":" + hostile + "}\n"});
  EXPECT_EQ(result.out,
            "{\"ip\":" + hostile + R"(,"zone":"eu","net":{"owner":[1, )" + hostile + "]}}\n");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "pwned"));
}

TEST_F(AgentExec, one_that_dies_again_and_again_loses_its_fields_and_no_event) {
  const std::string file = config("sys.exit('no licence for this machine')\n");
  std::string input;
  for (int i = 0; i < 200; ++i) input += "{\"ip\":\"" + std::to_string(i) + "\"}\n";
  const ProcessResult result = run_agent({"run", file}, {.input = input});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 200);
  EXPECT_THAT(result.err, AllOf(HasSubstr("owner: no licence for this machine\n"),
                                HasSubstr("first error: python3 exited with 1")));
}

TEST_F(AgentExec, a_program_that_is_missing_is_found_before_the_run) {
  const std::string file = config("");
  const ProcessResult result =
      run_agent({"check", file, "--set", "enrichers.owner.command=[ownr, x]"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("enrichers.owner.command"),
                                HasSubstr("there is no program \"ownr\" in PATH")));
}

TEST_F(AgentExec, a_child_does_not_outlive_an_agent_that_is_killed) {
  const std::string file = config(R"(
print(os.getpid(), file=sys.stderr, flush=True)
while True: time.sleep(1000)
)");
  ChildProcess agent(agent_command(
      {"run", file, "--set", "execution.shards=1", "--set", "enrichers.owner.stderr=pass"}));
  agent.write("{\"ip\":\"a\"}\n");
  const std::string errors = agent.wait_for_error("\n");
  const int pid = std::stoi(errors);
  ASSERT_EQ(::kill(pid, 0), 0);
  agent.signal(SIGKILL);
  agent.wait();
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (process_runs(pid) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_FALSE(process_runs(pid));
}

}  // namespace
}  // namespace logbraid::test
