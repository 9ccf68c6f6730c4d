// The exec client against children that do right and children that do not: small scripts in Python.
#include "clients/exec_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/client_driver.h"
#include "tests/support/process_state.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// What every script begins with.
constexpr std::string_view kPrelude = R"(
import json, os, signal, sys, time
def read():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
def say(**answer):
    print(json.dumps(answer), flush=True)
def hang():
    while True: signal.pause()
def first_time():  # in this folder
    try:
        os.close(os.open("been_here", os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False
)";
constexpr const char* kEcho = R"(
while True:
    asked = read()
    say(id=asked["id"], set={"got": asked["event"], "pid": os.getpid()})
)";

class ExecClientTest : public ::testing::Test {
 protected:
  ExecClientTest() {
    options_->answer = JsonFields(FieldPath("out"));
    options_->log = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.emplace_back(line);
    };
  }

  // Children that run a script.
  void use(std::string_view script) {
    run({"env", "python3", "-S",
         directory_.file("child.py", std::string(kPrelude).append(script))});
  }
  void run(std::vector<std::string> arguments) {
    options_->name = "child";
    options_->program.path = "/usr/bin/env";
    options_->program.arguments = std::move(arguments);
    options_->program.environment = {std::string("PATH=") + std::getenv("PATH")};
    options_->program.directory = directory_.path().string();
  }
  ClientDriver::MakeClient make() const {
    return [options = options_](const LookupSurroundings& surroundings) {
      return std::make_unique<ExecClient>(surroundings, options);
    };
  }
  std::vector<std::string> log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  const TemporaryDirectory directory_;
  std::shared_ptr<ExecOptions> options_ = std::make_shared<ExecOptions>();

 private:
  std::mutex mutex_;
  std::vector<std::string> log_;
};

// Of an answer of kEcho.
pid_t pid_in(const std::string& answer) {
  const std::size_t at = answer.find("\"pid\":");
  return at == std::string::npos ? 0 : std::atoi(answer.c_str() + at + 6);
}

// Nobody tells a process that does not have it as a child: ask.
testing::AssertionResult is_gone(pid_t pid) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (::kill(pid, 0) == 0 || errno != ESRCH) {
    if (std::chrono::steady_clock::now() > end) {
      return testing::AssertionFailure() << "process " << pid << " is still there";
    }
    std::this_thread::yield();
  }
  return testing::AssertionSuccess();
}

// The same of one whose parent has ended: who takes away its remains is not our business.
testing::AssertionResult is_dead(pid_t pid) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < end) {
    if (!test::process_runs(pid)) return testing::AssertionSuccess();
    std::this_thread::yield();
  }
  return testing::AssertionFailure() << "process " << pid << " still runs";
}

TEST_F(ExecClientTest, sends_keys_as_events_and_gets_answers) {
  use(kEcho);
  ClientDriver driver(make());
  const auto ended = driver.ask({R"({"ip":"10.0.0.1"})"});
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  ASSERT_THAT(ended.rows, SizeIs(1));
  EXPECT_EQ(ended.rows[0].what, Request::Row::found);
  EXPECT_THAT(ended.rows[0].answer, StartsWith(R"({"0":{"got": {"ip": "10.0.0.1"}, "pid": )"));
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

TEST_F(ExecClientTest, each_answer_says_what_became_of_its_line) {
  options_->answer = JsonFields::parse(Setting::map({{"a", "/x"}, {"b", "/y/0"}})).value();
  use(R"(
for answer in ({"set": {"x": 1.50, "y": ["z"]}}, {"set": {}}, {"no_match": True}, {"error": "why"},
               {"error": {"code": 7}}, {}, {"no_match": False}, {"set": [1]}):
    say(id=read()["id"], **answer)
read()
)");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1", "2", "3", "4", "5", "6", "7", "8"});
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  ASSERT_THAT(ended.rows, SizeIs(8));
  EXPECT_EQ(ended.rows[0].answer, R"({"0":1.5,"1":"z"})");
  EXPECT_EQ(ended.rows[1].what, Request::Row::not_found) << "nothing was set";
  EXPECT_EQ(ended.rows[2].what, Request::Row::not_found);
  EXPECT_EQ(ended.rows[3].what, Request::Row::error);
  EXPECT_EQ(ended.rows[3].answer, "why");
  EXPECT_EQ(ended.rows[4].answer, R"({"code": 7})");
  for (const std::size_t row : {5, 6, 7}) {
    EXPECT_EQ(ended.rows[row].what, Request::Row::error) << row;
    EXPECT_THAT(ended.rows[row].answer, HasSubstr("has no object \"set\"")) << row;
  }
}

TEST_F(ExecClientTest, an_error_of_the_event_does_not_speak_against_the_child) {
  use(R"(
say(id=read()["id"], error="odd", bad_event=True)
say(id=read()["id"], error="broken", bad_event=False)
read()
)");
  ClientDriver driver(make());
  const auto odd = driver.ask({"1"});
  EXPECT_EQ(odd.error, RequestError::bad_request);
  EXPECT_EQ(odd.rows[0].what, Request::Row::error);
  EXPECT_EQ(odd.rows[0].answer, "odd");
  EXPECT_EQ(driver.ask({"2"}).error, RequestError::none);
}

TEST_F(ExecClientTest, fields_of_the_event_can_be_removed) {
  constexpr const char* kScript = R"(
for answer in ({"remove": ["user.password"], "set": {"user": {"id": 1}}}, {"remove": ["a"]},
               {"remove": "a"}, {"remove": [1]}, {"remove": ["a..b"], "set": {}}):
    say(id=read()["id"], **answer)
read()
)";
  options_->answer = JsonFields(FieldPath());
  use(kScript);
  ClientDriver driver(make());
  const auto ended = driver.ask({"1", "2", "3", "4", "5"});
  ASSERT_THAT(ended.rows, SizeIs(5));
  EXPECT_EQ(ended.rows[0].answer, R"({"0":{"user": {"id": 1}}})") << "in place of what goes before";
  EXPECT_EQ(ended.rows[1].answer, R"({"0":["a"]})");
  for (const std::size_t row : {2, 3, 4}) {
    EXPECT_EQ(ended.rows[row].what, Request::Row::error) << row;
    EXPECT_THAT(ended.rows[row].answer, HasSubstr("\"remove\" is no array of fields")) << row;
  }

  options_->answer = JsonFields(FieldPath("out"));
  ClientDriver other(make());
  EXPECT_THAT(other.ask({"1"}).rows[0].answer, HasSubstr("needs `top_level: true`"));
}

TEST_F(ExecClientTest, answers_may_come_in_any_order) {
  use(R"(
asked = [read() for _ in range(3)]
for each in reversed(asked):
    say(id=each["id"], set={"got": each["event"]})
read()
)");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1", "2", "3"});
  ASSERT_THAT(ended.rows, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(ended.rows[i].answer, R"({"0":{"got": )" + std::to_string(i + 1) + "}}");
  }
}

TEST_F(ExecClientTest, lines_of_one_turn_leave_in_one_write) {
  use(R"(
lines = os.read(0, 65536).splitlines()
for line in lines:
    say(id=json.loads(line)["id"], set={"lines": len(lines)})
read()
)");
  ClientDriver driver(make());
  EXPECT_EQ(driver.ask({"1", "2", "3"}).rows[2].answer, R"({"0":{"lines": 3}})");
}

TEST_F(ExecClientTest, children_share_the_lines) {
  options_->processes = 2;
  options_->lines = 1;
  // Each waits until the other has its line, too: they meet at a pipe.
  ASSERT_EQ(::mkfifo((directory_ / "meet").c_str(), 0600), 0);
  use(R"(
asked = read()
os.close(os.open("meet", os.O_RDONLY if asked["event"] == 1 else os.O_WRONLY))
say(id=asked["id"], set={"pid": os.getpid()})
read()
)");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1", "2"});
  ASSERT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_NE(ended.rows[0].answer, ended.rows[1].answer);
}

TEST_F(ExecClientTest, a_child_has_no_more_lines_than_it_may) {
  options_->lines = 2;
  use(R"(
while True:
    asked = [read() for _ in range(2)]
    os.set_blocking(0, False)
    third = sys.stdin.buffer.raw.read(1)
    os.set_blocking(0, True)
    for each in asked: say(id=each["id"], set={"third": third is not None})
)");
  ClientDriver driver(make());
  for (const auto& row : driver.ask({"1", "2", "3", "4", "5", "6"}).rows) {
    EXPECT_EQ(row.answer, R"({"0":{"third": false}})");
  }
}

TEST_F(ExecClientTest, is_started_before_there_is_anything_to_ask) {
  use("open('started', 'w').close()\n" + std::string(kEcho));
  ClientDriver driver(make());
  driver.warm_up();
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
  driver.ask({"1"});
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

// --- what children do wrong

TEST_F(ExecClientTest, exits_at_once) {
  use("sys.exit('no licence')\n");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_EQ(ended.why, "child exited with 1: no licence");
}

TEST_F(ExecClientTest, exits_in_the_middle_of_a_batch) {
  use(R"(
say(id=read()["id"], set={"got": 1})
if first_time(): os.kill(os.getpid(), signal.SIGKILL)
)" + std::string(kEcho));
  ClientDriver driver(make());
  const auto ended = driver.ask({"1", "2"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_EQ(ended.why, "child was killed by signal 9");
  EXPECT_EQ(ended.rows[0].what, Request::Row::found) << "what was answered counts";
  EXPECT_EQ(ended.rows[1].what, Request::Row::unset);
  EXPECT_EQ(driver.ask({"3"}).error, RequestError::none) << "it had done well: started at once";
}

TEST_F(ExecClientTest, gives_a_line_that_is_no_json) {
  use("read()\nif first_time():\n  print('debug: here', flush=True)\n  hang()\n"
      "say(id=2, set={'ok': 1})\n" +
      std::string(kEcho));
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::malformed);
  EXPECT_THAT(ended.why, AllOf(StartsWith("child gave a line that is no JSON object"),
                               HasSubstr("debug: here")));
  EXPECT_EQ(driver.ask({"2"}).rows[0].answer, R"({"0":{"ok": 1}})");
}

TEST_F(ExecClientTest, answers_to_an_id_that_it_was_not_asked) {
  use("say(id=read()['id'] + 1, no_match=True)\nhang()\n");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::malformed);
  EXPECT_THAT(ended.why, HasSubstr("gave an answer to id 2, which it was not asked"));
}

TEST_F(ExecClientTest, answers_without_an_id) {
  use("read()\nsay(set={})\nhang()\n");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::malformed);
  EXPECT_THAT(ended.why, HasSubstr("without a number as id"));
}

TEST_F(ExecClientTest, answers_twice) {
  use("id = read()['id']\nsay(id=id, set={'n': 1})\nsay(id=id, set={'n': 2})\n" +
      std::string(kEcho));
  ClientDriver driver(make());
  EXPECT_EQ(driver.ask({"1"}).rows[0].answer, R"({"0":{"n": 1}})");
  EXPECT_EQ(driver.ask({"2"}).error, RequestError::none);
}

TEST_F(ExecClientTest, ends_in_the_middle_of_a_line) {
  use("print('{\"id\":1,\"set\":{}}', end='', flush=True)\nread()\n");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_EQ(ended.why, "child exited with 0");
}

TEST_F(ExecClientTest, never_ends_its_line) {
  options_->max_reply = 100'000;
  use("read()\nwhile True: os.write(1, b'x' * 65536)\n");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::oversize);
  EXPECT_EQ(ended.why, "child gave an answer of over 100000 bytes");
}

TEST_F(ExecClientTest, one_that_hangs_is_ended_and_started_anew) {
  use("asked = read()\nif first_time(): hang()\nsay(id=asked['id'], set={})\n" +
      std::string(kEcho));
  ClientDriver driver(make(), 20ms);
  auto sent = driver.send({"1"});
  while (!std::filesystem::exists(directory_ / "been_here")) std::this_thread::yield();
  driver.cancel(*sent.request);
  const auto ended = sent.ended.get();
  EXPECT_EQ(ended.error, RequestError::timeout);
  EXPECT_EQ(ended.why, "child has answered nothing for 0.02s and is started anew");
  EXPECT_EQ(driver.ask({"2"}).error, RequestError::none);
}

TEST_F(ExecClientTest, one_that_forgets_a_line_goes_on_with_the_others) {
  use(R"(
read()
while True:
    asked = read()
    say(id=asked["id"], set={"pid": os.getpid()})
)");
  ClientDriver driver(make(), 200ms);
  auto forgotten = driver.send({"1"});
  const std::string first = driver.ask({"2"}).rows[0].answer;
  driver.cancel(*forgotten.request);
  while (forgotten.ended.wait_for(0s) != std::future_status::ready) driver.ask({"3"});
  const auto ended = forgotten.ended.get();
  EXPECT_EQ(ended.error, RequestError::timeout);
  EXPECT_EQ(ended.why, "child gave no answer within 0.4s");
  EXPECT_EQ(driver.ask({"4"}).rows[0].answer, first) << "another child";
}

TEST_F(ExecClientTest, one_that_has_forgotten_all_its_lines_is_started_anew) {
  options_->lines = 2;
  use(R"(
lost = [read()]
say(id=read()["id"], set={"pid": os.getpid()})
lost.append(read())
hang()
)");
  ClientDriver driver(make(), 20ms);
  auto one = driver.send({"1"});
  const std::string first = driver.ask({"2"}).rows[0].answer;
  driver.cancel(*one.request);
  auto two = driver.send({"3"});
  driver.cancel(*two.request);
  EXPECT_EQ(one.ended.get().error, RequestError::timeout);
  EXPECT_EQ(two.ended.get().error, RequestError::timeout);
  auto three = driver.send({"4"});
  const auto four = driver.ask({"5"});
  EXPECT_EQ(four.error, RequestError::none) << four.why;
  EXPECT_NE(four.rows[0].answer, first);
}

TEST_F(ExecClientTest, an_answer_that_is_late_is_welcome) {
  ASSERT_EQ(::mkfifo((directory_ / "go").c_str(), 0600), 0);
  use("id = read()['id']\nopen('go').read()\nsay(id=id, set={'late': True})\nread()\n");
  ClientDriver driver(make());
  auto sent = driver.send({"1"});
  driver.cancel(*sent.request);
  directory_.file("go", "on");
  EXPECT_EQ(sent.ended.get().rows[0].answer, R"({"0":{"late": true}})");
}

TEST_F(ExecClientTest, closes_its_output_but_lives) {
  use("read()\nos.close(1)\nsys.stdin.read()\n");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_EQ(ended.why, "child closed its output, but runs on");
}

TEST_F(ExecClientTest, closes_its_input_but_lives) {
  use("os.close(0)\nprint('closed', file=sys.stderr, flush=True)\nhang()\n");
  ClientDriver driver(make());
  driver.warm_up();
  while (log().empty()) std::this_thread::yield();
  const auto ended = driver.ask({"1"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_THAT(ended.why, StartsWith("child closed its input, but runs on"));
}

TEST_F(ExecClientTest, floods_its_stderr) {
  use(R"(
asked = read()
for i in range(20000): print("noise", i, file=sys.stderr)
say(id=asked["id"], set={"done": True})
read()
)");
  const auto began = std::chrono::steady_clock::now();
  ClientDriver driver(make());
  EXPECT_EQ(driver.ask({"1"}).rows[0].answer, R"({"0":{"done": true}})");
  const auto seconds = (std::chrono::steady_clock::now() - began) / 1s + 1;
  EXPECT_THAT(log().size(), Le((ExecErrorLog::kLinesASecond + 1u) * (seconds + 1)));
  EXPECT_EQ(log().front(), "test: noise 0\n");
}

TEST_F(ExecClientTest, a_child_that_says_much_before_it_reads_stops_nobody) {
  // Both pipes are full at once: what it says must be taken before it takes more.
  options_->lines = 100;
  use(R"(
while True:
    asked = read()
    say(id=asked["id"], set={"size": len(asked["event"]), "padding": "x" * 100000})
)");
  ClientDriver driver(make());
  const std::string large = '"' + std::string(100'000, 'k') + '"';
  const auto ended = driver.ask(std::vector<std::string>(100, large));
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  for (const auto& row : ended.rows) EXPECT_THAT(row.answer, HasSubstr(R"("size": 100000)"));
}

TEST_F(ExecClientTest, one_that_always_exits_is_not_started_over_and_over) {
  use("sys.exit(3)\n");
  ClientDriver driver(make());
  const auto began = std::chrono::steady_clock::now();
  while (driver.recorder().connections_opened.get() < 4) {
    EXPECT_EQ(driver.ask({"1"}).error, RequestError::transport);
  }
  // At once, after 50 to 100 ms, after 100 to 200 ms.
  EXPECT_GE(std::chrono::steady_clock::now() - began, 150ms);
  EXPECT_EQ(driver.ask({"1"}).why.substr(0, 19), "child exited with 3");
  EXPECT_GE(driver.recorder().connections_failed.get(), 3u);
}

TEST_F(ExecClientTest, where_none_lives_a_request_fails_at_once) {
  use("sys.exit(3)\n");
  ClientDriver driver(make());
  std::string why;
  while (why.find("it is started again in") == std::string::npos) why = driver.ask({"1"}).why;
  EXPECT_THAT(why, StartsWith("child exited with 3; it is started again in "));
}

TEST_F(ExecClientTest, a_program_that_is_not_there_is_said_to_be) {
  use(kEcho);
  options_->program.path = directory_ / "none";
  ClientDriver driver(make());
  EXPECT_EQ(driver.ask({"1"}).why, "child exited with 127, as where the program cannot be run");
}

// --- what a child is given, and what is left of it

TEST_F(ExecClientTest, a_child_has_three_descriptors_and_its_own_environment) {
  use(R"(
asked = read()
say(id=asked["id"], set={"open": sorted(int(n) for n in os.listdir("/proc/self/fd"))[:-1],
                         "names": sorted(os.environ), "here": os.getcwd() == os.path.dirname(__file__)})
read()
)");
  options_->program.environment.push_back("TOKEN=x");
  const int open_in_parent = ::dup(1);  // not closed on exec
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  ::close(open_in_parent);
  EXPECT_THAT(ended.rows[0].answer, AllOf(HasSubstr(R"("open": [0, 1, 2])"), HasSubstr("TOKEN"),
                                          Not(HasSubstr("HOME")), HasSubstr(R"("here": true)")));
}

TEST_F(ExecClientTest, a_child_has_no_signal_blocked_or_ignored) {
  run({"env", "sh", "-c",
       "read line; printf '{\"id\":1,\"set\":{\"s\":\"%s\"}}\\n' \"$(grep -E 'Sig(Blk|Ign)' "
       "/proc/self/status | tr -d '\\n\\t')\"; read line"});
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  ::sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(ended.rows[0].answer,
            R"({"0":{"s":"SigBlk:0000000000000000SigIgn:0000000000000000"}})");
}

TEST_F(ExecClientTest, a_child_ends_with_its_client) {
  use(kEcho);
  ClientDriver driver(make());
  const pid_t pid = pid_in(driver.ask({"1"}).rows[0].answer);
  ASSERT_GT(pid, 0);
  driver.destroy_client();
  EXPECT_TRUE(is_gone(pid)) << "and is no zombie";
}

TEST_F(ExecClientTest, a_child_that_does_not_want_to_end_is_killed) {
  use("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nid = read()['id']\n"
      "say(id=id, set={'pid': os.getpid()})\nhang()\n");
  ClientDriver driver(make());
  const pid_t pid = pid_in(driver.ask({"1"}).rows[0].answer);
  ASSERT_GT(pid, 0);
  driver.destroy_client();
  EXPECT_TRUE(is_gone(pid));
}

TEST_F(ExecClientTest, a_child_of_a_loop_that_ends_is_killed) {
  use("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nid = read()['id']\n"
      "say(id=id, set={'pid': os.getpid()})\nhang()\n");
  pid_t pid = 0;
  {
    ClientDriver driver(make());
    pid = pid_in(driver.ask({"1"}).rows[0].answer);
  }
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(is_gone(pid));
}

TEST_F(ExecClientTest, what_a_child_has_started_ends_with_it) {
  use(R"(
import subprocess
id = read()["id"]
other = subprocess.Popen(["sleep", "1000"])
say(id=id, set={"pid": other.pid})
os._exit(0)
)");
  ClientDriver driver(make());
  const auto ended = driver.ask({"1"});
  const pid_t pid = pid_in(ended.rows[0].answer);
  ASSERT_GT(pid, 0) << ended.why;
  EXPECT_TRUE(is_dead(pid));
}

TEST_F(ExecClientTest, requests_under_way_are_forgotten_with_the_client) {
  use("read()\nhang()\n");
  ClientDriver driver(make());
  auto sent = driver.send({"1"});
  driver.destroy_client();
  EXPECT_EQ(sent.ended.wait_for(0s), std::future_status::timeout);
}

TEST_F(ExecClientTest, stderr_can_be_dropped) {
  options_->program.errors = ExecErrors::drop;
  use("print('noise', file=sys.stderr)\nsys.exit(4)\n");
  ClientDriver driver(make());
  EXPECT_EQ(driver.ask({"1"}).why, "child exited with 4");
  EXPECT_THAT(log(), IsEmpty());
}

}  // namespace
}  // namespace logbraid::test
