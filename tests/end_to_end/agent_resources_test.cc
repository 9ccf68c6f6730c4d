// `logbraid run` when the system refuses something: each ends with what was written whole, and says
// why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr const char* kMixed =
    "source: {type: demo, count: 3000}\n"
    "enrichers:\n"
    "  - {name: zone, type: static, fields: {zone: eu}}\n"
    "  - {name: soon, type: delay, duration: 1ms, fields: {x: 1}}\n"
    "  - {name: blocks, type: delay, duration: 10us, blocking: true, fields: {y: 1}}\n"
    "execution: {shards: 2}\n";

// Waits until the file at a path, which need not be there yet, has so many bytes.
class GrownFile {
 public:
  explicit GrownFile(std::filesystem::path path) : path_(std::move(path)) {
    watch_ = ::inotify_init1(IN_CLOEXEC);
    ::inotify_add_watch(watch_, path_.parent_path().c_str(), IN_CREATE | IN_MODIFY);
  }
  GrownFile(const GrownFile&) = delete;
  GrownFile& operator=(const GrownFile&) = delete;
  ~GrownFile() { ::close(watch_); }

  void await(std::size_t bytes) {
    std::array<char, 4096> news;
    struct stat status {};
    while (::stat(path_.c_str(), &status) != 0 || static_cast<std::size_t>(status.st_size) < bytes)
      ASSERT_GT(::read(watch_, news.data(), news.size()), 0) << "no news of " << path_;
  }

 private:
  std::filesystem::path path_;
  int watch_ = -1;
};

class AgentResources : public ::testing::Test {
 protected:
  std::string config(const std::string& text) { return directory_.file("pipeline.yaml", text); }

  // The agent under limits that util-linux's prlimit sets.
  ProcessResult run_limited(std::vector<std::string> limits, const std::string& text) {
    std::vector<std::string> command = {"/usr/bin/prlimit"};
    command.insert(command.end(), limits.begin(), limits.end());
    for (std::string& each : agent_command({"run", config(text)})) command.push_back(each);
    ProcessResult result = run_process(command);
    expect_balanced(result.err);
    return result;
  }

  const TemporaryDirectory directory_;
};

// Every line is a whole one, but for the last where the process was killed.
void expect_whole_lines(const std::string& output, bool killed = false) {
  std::istringstream lines(output);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line); ++number) {
    const bool cut = lines.eof();  // no line end behind it
    if (cut && killed) return;
    ASSERT_FALSE(cut) << line;
    ASSERT_TRUE(line.starts_with("{\"timestamp\":\"") && line.ends_with("}")) << number << line;
    ASSERT_EQ(line.find("{\"timestamp\"", 1), std::string::npos) << line;
  }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr const char* kWhySkipped = "sanitizers need descriptors, threads and memory of their own";

TEST_F(AgentResources, too_few_descriptors_are_an_error_that_says_so) {
  if (kSanitized) GTEST_SKIP() << kWhySkipped;
  bool failed = false;
  bool done = false;
  for (int most = 4; most < 24; ++most) {
    const std::string limit = "--nofile=" + std::to_string(most) + ":" + std::to_string(most);
    const ProcessResult result = run_limited({limit}, kMixed);
    expect_whole_lines(result.out);
    if (result.code == 0) {
      done = true;
      EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 3000);
      continue;
    }
    // The dynamic loader needs descriptors too, and ends with 127.
    ASSERT_THAT(result.code, AnyOf(1, 2, 127)) << most << ": " << result.err;
    EXPECT_THAT(result.err, AnyOf(HasSubstr("Too many open files"), HasSubstr("error")));
    failed |= result.code != 127;
  }
  EXPECT_TRUE(failed && done);
}

TEST_F(AgentResources, threads_that_cannot_be_made_are_an_error_that_says_so) {
  if (kSanitized) GTEST_SKIP() << kWhySkipped;
  // Stacks that are larger than all the memory that may be had.
  const ProcessResult result =
      run_limited({"--stack=4294967296:4294967296", "--as=3221225472:3221225472"}, kMixed);
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("thread"));
  EXPECT_EQ(result.out, "");
}

TEST_F(AgentResources, with_too_few_threads_it_ends_with_an_error_or_does_with_those_it_has) {
  if (kSanitized) GTEST_SKIP() << kWhySkipped;
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody whom the limit counts";
  const std::string path = config(kMixed);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  bool refused = false;
  bool done = false;
  for (int most = 1; most < 12; ++most) {
    std::vector<std::string> command = {
        "/usr/bin/setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "/usr/bin/prlimit",
        "--nproc=" + std::to_string(most) + ":" + std::to_string(most)};
    for (std::string& each : agent_command({"run", path})) command.push_back(each);
    const ProcessResult result = run_process(command);
    if (result.code == 126 || result.err.find("failed to execute") != std::string::npos) {
      GTEST_SKIP() << "others may not run the agent here: " << result.err;
    }
    expect_whole_lines(result.out);
    expect_balanced(result.err);
    if (result.code == 0) {
      done = true;
      EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 3000);
    } else {
      refused = true;
      EXPECT_LE(result.code, 2) << result.err;
      EXPECT_THAT(result.err, HasSubstr("thread"));
    }
  }
  EXPECT_TRUE(refused && done);
}

TEST_F(AgentResources, a_full_disk_ends_the_run_and_what_was_not_written_is_counted) {
  const ProcessResult result =
      run_agent({"run", config(kMixed), "--set", "sink.type=file", "--set", "sink.path=/dev/full"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write to /dev/full: No space left on device"));
  EXPECT_GT(figure_before(result.err, " not written"), 0u);
}

TEST_F(AgentResources, a_write_that_fails_below_ends_the_run_and_is_counted) {
  // Address 0 of a process is not there: reading and writing it is EIO.
  const ProcessResult result = run_agent(
      {"run", config(kMixed), "--set", "sink.type=file", "--set", "sink.path=/proc/self/mem"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write to /proc/self/mem: Input/output error"));
  EXPECT_GT(figure_before(result.err, " not written"), 0u);
}

TEST_F(AgentResources, a_read_that_fails_below_ends_the_run) {
  const ProcessResult result =
      run_agent({"run", config("source: {type: file, paths: [/proc/self/mem]}\n")});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot read /proc/self/mem: Input/output error"));
}

TEST_F(AgentResources, a_memory_budget_of_one_byte_gives_the_same_output) {
  const std::string path = config(kMixed);
  const ProcessResult free = run_agent({"run", path});
  const ProcessResult tight = run_agent({"run", path, "--set", "execution.memory_limit=1"});
  EXPECT_EQ(tight.code, 0) << tight.err;
  EXPECT_EQ(tight.out, free.out);
}

TEST_F(AgentResources, an_output_pipe_that_closes_at_any_time_ends_quietly) {
  for (const int lines : {0, 1, 10, 300}) {
    ChildProcess agent(agent_command({"run", config(kMixed), "--set", "source.count=0"}));
    for (int i = 0; i < lines; ++i) agent.read_line();
    agent.close_output();
    EXPECT_EQ(agent.wait(), 0);
    expect_balanced(agent.read_errors());
  }
}

class AgentEndings : public AgentResources, public ::testing::WithParamInterface<int> {};

TEST_P(AgentEndings, leave_whole_lines_at_any_time) {
  for (const int lines : {0, 1, 2, 30, 400}) {
    ChildProcess agent(agent_command({"run", config(kMixed), "--set", "source.count=0"}));
    std::string output;
    for (int i = 0; i < lines; ++i) output += agent.read_line();
    agent.signal(GetParam());
    output += agent.read_rest();
    const std::string errors = agent.read_errors();
    const int code = agent.wait();
    if (GetParam() == SIGKILL || (lines == 0 && code != 0)) {
      EXPECT_EQ(code, 128 + GetParam());  // or it came before anybody listened
      expect_whole_lines(output, true);
      continue;
    }
    EXPECT_EQ(code, 0) << errors;
    expect_whole_lines(output);
    expect_balanced(errors);
    EXPECT_EQ(figure_before(errors, " written in "),
              static_cast<std::uint64_t>(std::count(output.begin(), output.end(), '\n')));
  }
}

INSTANTIATE_TEST_SUITE_P(Signals, AgentEndings, ::testing::Values(SIGINT, SIGTERM, SIGKILL),
                         [](const auto& row) {
                           return row.param == SIGINT    ? "SIGINT"
                                  : row.param == SIGTERM ? "SIGTERM"
                                                         : "SIGKILL";
                         });

TEST_F(AgentResources, kill_9_at_any_time_leaves_whole_lines_in_a_file_but_for_the_last) {
  for (const std::size_t bytes : {1u, 20'000u, 300'000u}) {
    const std::string name = "out" + std::to_string(bytes);
    GrownFile grown(directory_ / name);
    ChildProcess agent(agent_command({"run", config(kMixed), "-q", "--set", "source.count=0",
                                      "--set", "sink.type=file", "--set", "sink.path=" + name}));
    grown.await(bytes);
    agent.signal(SIGKILL);
    EXPECT_EQ(agent.wait(), 128 + SIGKILL);
    expect_whole_lines(directory_.read(name), true);
  }
}

TEST_F(AgentResources, what_overflows_is_dropped_counted_and_shown) {
  const ProcessResult result =
      run_agent({"run", config("source: {type: demo, count: 5000, overflow: drop_oldest,\n"
                               "         queue: {events: 100}}\n"
                               "enrichers: [{name: slow, type: delay, duration: 2ms}]\n"
                               "execution: {in_flight: 10, shards: 1}\n")});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(figure_before(result.err, " events read, "), 5000u);
  EXPECT_GT(figure_before(result.err, " dropped (overflow_oldest)"), 1000u);
  expect_whole_lines(result.out);
}

}  // namespace
}  // namespace logbraid::test
