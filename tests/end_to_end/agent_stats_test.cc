// `logbraid run --stats FILE`: what a run did, as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tests/end_to_end/agent.h"
#include "tests/support/json_document.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AgentStats : public ::testing::Test {
 protected:
  std::vector<std::string> run(const std::string& text, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run", directory_.file("pipeline.yaml", text), "--stats",
                                          stats_path()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string stats_path() const { return directory_ / "run.json"; }
  // What was written, with what holds for every run checked.
  JsonDocument stats() const {
    JsonDocument document(directory_.read("run.json"));
    EXPECT_EQ(document.count("events.read"),
              document.count("events.written") + document.count("events.dead_lettered") +
                  document.sum("events.dropped") + document.count("events.held"));
    return document;
  }
  // Files in the folder beside the configuration.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(each.path().filename());
    }
    return names;
  }

  const TemporaryDirectory directory_;
};

constexpr const char* kMixed = R"(
source: {type: stdin, format: json, on_malformed: drop}
enrichers:
  - {name: zone, type: static, fields: {zone: eu}}
  - {name: flaky, type: delay, duration: 1ms, fail_share: 1, when: {field: bad, exists: true}}
  - {name: after, type: static, fields: {x: 1}, requires: flaky}
  - {name: blocking, type: delay, duration: 1ms, blocking: true}
sink: {type: stdout}
)";

TEST_F(AgentStats, every_event_and_every_outcome_is_in_it) {
  const ProcessResult result = run_agent(run(kMixed), {.input = "{\"bad\":1}\n{}\n{}\nno json\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  const JsonDocument document = stats();
  EXPECT_EQ(document.count("events.read"), 4u);
  EXPECT_EQ(document.count("events.written"), 3u);
  EXPECT_EQ(document.count("events.malformed"), 1u);
  EXPECT_EQ(document.count("events.dropped.malformed"), 1u);
  EXPECT_EQ(document.count("bytes.written"), result.out.size());
  ASSERT_EQ(document.at("enrichers").Size(), 4u);
  for (const char* row : {"enrichers.0.", "enrichers.1.", "enrichers.2.", "enrichers.3."}) {
    EXPECT_EQ(document.sum(std::string(row) + "outcomes"), 3u)
        << document.text(row + std::string("name"));
  }
  EXPECT_EQ(document.text("enrichers.0.name"), "zone");
  EXPECT_EQ(document.count("enrichers.0.outcomes.ok"), 3u);
  EXPECT_EQ(document.count("enrichers.1.outcomes.error"), 1u);
  EXPECT_EQ(document.count("enrichers.1.outcomes.condition_false"), 2u);
  EXPECT_EQ(document.text("enrichers.1.first_error"), "delay: made to fail");
  EXPECT_EQ(document.text("enrichers.1.breaker"), "closed");
  EXPECT_TRUE(document.at("run.error").IsNull());
}

TEST_F(AgentStats, times_and_use_are_in_it) {
  const ProcessResult result =
      run_agent(run("source: {type: demo, count: 50}\nenrichers:\n"
                    "  - {name: a, type: delay, duration: 2ms}\n"
                    "  - {name: b, type: delay, duration: 2ms}\n"
                    "  - {name: c, type: delay, duration: 1ms, blocking: true, dependencies: a}\n"
                    "execution: {shards: 1, in_flight: 10, sequential_share: 0.2}\n"));
  EXPECT_EQ(result.code, 0) << result.err;
  const JsonDocument document = stats();
  EXPECT_GT(document.number("run.elapsed_seconds"), 0.003);
  EXPECT_EQ(document.count("run.shards"), 1u);
  EXPECT_EQ(document.count("in_flight.peak"), 10u);
  EXPECT_GT(document.count("in_flight.bytes_peak"), 0u);
  EXPECT_EQ(document.count("plan.cache_misses"), 1u);
  EXPECT_GT(document.count("plan.cache_hits"), 0u);
  EXPECT_EQ(document.count("pool.calls"), 50u);
  EXPECT_GT(document.count("pool.busy_peak"), 0u);
  EXPECT_GE(document.count("pool.threads"), document.count("pool.busy_peak"));
  EXPECT_EQ(document.count("pool.threads_limit"), 10u);
  EXPECT_EQ(document.count("sampled.events") + document.count("sequential.events"), 50u);
  EXPECT_EQ(document.count("sequential.events"), 10u);
  // How large they are is for a machine that does nothing else; what they are made of holds
  // anywhere.
  const double wall = document.number("sampled.wall_seconds");
  EXPECT_NEAR(document.number("sampled.overlap"), document.number("sampled.calls_seconds") / wall,
              0.01);
  EXPECT_NEAR(document.number("speed_up.mean"),
              document.number("sequential.wall_seconds") / 10 / (wall / 40), 0.01);
  EXPECT_GE(document.number("sequential.wall_seconds"), 10 * 0.005);
  EXPECT_GT(document.number("speed_up.median"), 0);
  EXPECT_GE(document.number("sampled.critical_path_seconds"), 40 * 0.003);
  EXPECT_GE(document.number("sampled.latency_seconds.p50"), 0.003 * 0.96);
  EXPECT_EQ(document.count("enrichers.0.timed_calls"), 50u);
  EXPECT_GE(document.number("enrichers.0.busy_seconds"), 50 * 0.002);
  EXPECT_EQ(document.text("enrichers.2.runs"), "pool");
  EXPECT_EQ(document.count("enrichers.2.group"), 2u);
  ASSERT_EQ(document.at("groups").Size(), 2u);
  EXPECT_NEAR(document.number("groups.0.overlap"),
              document.number("groups.0.calls_seconds") / document.number("groups.0.wall_seconds"),
              0.01);
  EXPECT_GT(
      document.number("process.cpu_user_seconds") + document.number("process.cpu_system_seconds"),
      0);
  EXPECT_GE(document.count("process.resident_peak_bytes"),
            document.count("process.resident_bytes"));
  EXPECT_GT(document.count("process.threads"), 1u);
  EXPECT_GT(document.count("process.descriptors"), 2u);
}

TEST_F(AgentStats, a_run_that_ends_by_a_signal_leaves_it_too) {
  ChildProcess agent(
      agent_command(run("source: {type: demo, count: 0}\n"
                        "enrichers: [{name: slow, type: delay, duration: 1ms}]\n")));
  std::uint64_t lines = 0;
  for (; lines < 10; ++lines) EXPECT_FALSE(agent.read_line().empty());
  agent.signal(SIGTERM);
  while (!agent.read_line().empty()) ++lines;
  (void)agent.read_errors();
  EXPECT_EQ(agent.wait(), 0);
  const JsonDocument document = stats();
  EXPECT_EQ(document.count("events.written"), lines);
  EXPECT_EQ(document.sum("enrichers.0.outcomes"), lines);
}

TEST_F(AgentStats, a_run_that_ends_by_an_error_says_why) {
  const ProcessResult result =
      run_agent(run(kOneField), {.input = "{}\n", .output_path = "/dev/full"});
  EXPECT_EQ(result.code, 1);
  const JsonDocument document = stats();
  EXPECT_THAT(document.text("run.error"), HasSubstr("No space left on device"));
  EXPECT_EQ(document.count("events.held"), 1u);
}

TEST_F(AgentStats, it_takes_the_place_of_the_last_one_whole_and_leaves_nothing_beside) {
  directory_.file("run.json", std::string(100'000, 'x'));
  EXPECT_EQ(run_agent(run(kOneField, {"-q"}), {.input = "{}\n"}).code, 0);
  EXPECT_EQ(stats().count("events.read"), 1u);
  EXPECT_THAT(files(), testing::UnorderedElementsAre("pipeline.yaml", "run.json"));
}

TEST_F(AgentStats, a_link_stays_a_link) {
  directory_.file("folder/real.json", "");
  std::filesystem::create_symlink("folder/real.json", stats_path());
  EXPECT_EQ(run_agent(run(kOneField), {.input = "{}\n"}).code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(stats_path()));
  EXPECT_EQ(stats().count("events.read"), 1u);
}

TEST_F(AgentStats, standard_output_belongs_to_the_events) {
  const ProcessResult result =
      run_agent({"run", directory_.file("pipeline.yaml", kOneField), "--stats", "-"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("error: --stats: - is standard output"));
}

// Nothing is read when it could not be written afterwards.
TEST_F(AgentStats, a_file_that_cannot_be_written_is_said_before_the_run) {
  const std::string config = directory_.file("pipeline.yaml", kOneField);
  const std::string output = directory_ / "events.json";
  for (const auto& [path, why] :
       {std::pair<std::string, std::string>{directory_ / "none/run.json", "No such file"},
        {directory_.path().string(), "Is a directory"},
        {"/dev/null", "/dev/null is not a file"},
        {"/dev/full", "/dev/full is not a file"},
        {output, "is a file that events come from or go to"},
        {"/proc/run.json", "cannot write to /proc/run.json"}}) {
    directory_.file("events.json", "");
    const ProcessResult result =
        run_agent({"run", config, "--stats", path}, {.input = "{}\n", .output_path = output});
    EXPECT_EQ(result.code, 1) << path;
    EXPECT_THAT(result.err, AllOf(HasSubstr("error: --stats: "), HasSubstr(why)));
    EXPECT_EQ(directory_.read("events.json"), "") << path;
  }
  EXPECT_EQ(std::filesystem::status("/dev/null").type(), std::filesystem::file_type::character);
}

// The sink opens it with the first event: said at the end, and the events stay.
TEST_F(AgentStats, a_file_of_the_run_itself_is_not_replaced) {
  const std::string input = directory_.file("in.json", "{}\n");
  const std::string config = "source: {type: file, paths: [" + input + "], format: json}\n" +
                             "enrichers:\n  - {name: zone, type: static, fields: {zone: eu}}\n" +
                             "sink: {type: file, path: " + stats_path() + "}\n";
  const ProcessResult result = run_agent(run(config));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("run.json is a file that events come from or go to"));
  EXPECT_EQ(directory_.read("run.json"), "{\"zone\":\"eu\"}\n");
}

TEST_F(AgentStats, a_folder_that_goes_away_meanwhile_fails_the_run_at_its_end) {
  std::filesystem::create_directory(directory_ / "folder");
  ChildProcess agent(agent_command({"run", directory_.file("pipeline.yaml", kOneField), "--stats",
                                    directory_ / "folder/run.json"}));
  agent.write("{}\n");
  EXPECT_EQ(agent.read_line(), "{\"zone\":\"eu\"}\n");
  std::filesystem::remove(directory_ / "folder");
  agent.close_input();
  EXPECT_THAT(agent.read_errors(), AllOf(HasSubstr("1 events read, 1 written"),
                                         HasSubstr("error: --stats: cannot write to ")));
  EXPECT_EQ(agent.wait(), 1);
}

}  // namespace
}  // namespace logbraid::test
