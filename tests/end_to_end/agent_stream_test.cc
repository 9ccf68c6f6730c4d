// `logbraid run` while it runs: lines as they come, signals, readers that go away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AgentStream : public ::testing::Test {
 protected:
  std::vector<std::string> run(const std::string& text) {
    return agent_command({"run", directory_.file("pipeline.yaml", text)});
  }

  const TemporaryDirectory directory_;
};

TEST_F(AgentStream, each_line_comes_out_while_the_writer_keeps_the_pipe_open) {
  ChildProcess agent(run(kOneField));
  for (const char* name : {"a", "b", "c"}) {
    agent.write(std::string("{\"") + name + "\":1}\n");
    EXPECT_EQ(agent.read_line(), std::string("{\"") + name + "\":1,\"zone\":\"eu\"}\n");
  }
  agent.write("{\"half\":");  // waits for its other half
  agent.write("1}\n");
  EXPECT_EQ(agent.read_line(), "{\"half\":1,\"zone\":\"eu\"}\n");
  agent.write("{\"last\":1}");
  agent.close_input();
  EXPECT_EQ(agent.read_line(), "{\"last\":1,\"zone\":\"eu\"}\n");
  EXPECT_EQ(agent.read_rest(), "");
  const std::string errors = agent.read_errors();
  EXPECT_EQ(agent.wait(), 0);
  EXPECT_EQ(figure_before(errors, " events read, "), 5u);
  expect_balanced(errors);
}

TEST_F(AgentStream, a_line_comes_out_while_an_earlier_pipe_is_still_open_with_slow_enrichers) {
  ChildProcess agent(
      run("enrichers: [{name: slow, type: delay, duration: 2ms, fields: {x: 1}}]\n"));
  agent.write("{}\n");
  EXPECT_EQ(agent.read_line(), "{\"x\":1}\n");
  agent.close_input();
  const std::string errors = agent.read_errors();
  EXPECT_EQ(agent.wait(), 0);
  EXPECT_EQ(figure_before(errors, " events read, "), 1u);
  expect_balanced(errors);
}

class AgentSignals : public AgentStream, public ::testing::WithParamInterface<int> {};

TEST_P(AgentSignals, finish_what_was_read_and_account_for_every_event) {
  ChildProcess agent(
      run("source: {type: demo, count: 0}\n"
          "enrichers:\n"
          "  - {name: slow, type: delay, duration: 1ms, fields: {x: 1}}\n"
          "execution: {in_flight: 100}\n"));
  std::uint64_t lines = 0;
  for (; lines < 50; ++lines) EXPECT_THAT(agent.read_line(), HasSubstr("\"x\":1}"));
  agent.signal(GetParam());
  for (std::string line; !(line = agent.read_line()).empty(); ++lines) {
    EXPECT_EQ(line.back(), '\n');
  }
  const std::string errors = agent.read_errors();
  EXPECT_EQ(agent.wait(), 0);
  EXPECT_THAT(errors, HasSubstr("finishing what was read"));
  EXPECT_THAT(errors, Not(HasSubstr("malformed")));
  EXPECT_EQ(figure_before(errors, " events read"), lines);
  EXPECT_EQ(figure_before(errors, " written in "), lines);
  expect_balanced(errors);
}

TEST_P(AgentSignals, a_second_one_ends_at_once) {
  // It takes an hour to finish what was read.
  ChildProcess agent(
      run("source: {type: stdin}\n"
          "enrichers:\n"
          "  - name: slow\n"
          "    type: delay\n"
          "    duration: 1h\n"
          "    timeout: 2h\n"
          "    when: {field: slow, exists: true}\n"));
  agent.write("{}\n");
  EXPECT_EQ(agent.read_line(), "{}\n");
  agent.write("{\"slow\":1}\n");
  agent.wait_until_input_is_read();
  agent.signal(GetParam());
  agent.wait_for_error("finishing what was read");
  agent.signal(GetParam());
  EXPECT_EQ(agent.wait(), 128 + GetParam());
}

INSTANTIATE_TEST_SUITE_P(Signals, AgentSignals, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& row) {
                           return row.param == SIGINT ? "SIGINT" : "SIGTERM";
                         });

TEST_F(AgentStream, ends_quietly_when_its_reader_goes_away) {
  ChildProcess agent(run("source: {type: demo, count: 0}\nenrichers: []\n"));
  EXPECT_THAT(agent.read_line(), HasSubstr("timestamp"));
  agent.close_output();
  EXPECT_EQ(agent.wait(), 0);
  const std::string errors = agent.read_errors();
  EXPECT_THAT(errors, Not(HasSubstr("error")));
  expect_balanced(errors);
}

}  // namespace
}  // namespace logbraid::test
