#include "clients/exec_error_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace logbraid {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

struct Log {
  std::vector<std::string> said;
  ExecErrorLog log{"geo", [this](std::string_view line) { said.emplace_back(line); }};
  TimePoint now{1h};
};

TEST(ExecErrorLogTest, marks_each_line_and_puts_pieces_together) {
  Log log;
  log.log.read("first\nsec", log.now);
  log.log.read("ond\n\nthi", log.now);
  EXPECT_THAT(log.said, ElementsAre("geo: first\n", "geo: second\n", "geo: \n"));
  EXPECT_EQ(log.log.last_line(), "second");
  log.log.read("rd", log.now);
  log.log.end(log.now);
  EXPECT_EQ(log.said.back(), "geo: third\n");
  EXPECT_EQ(log.log.last_line(), "third");
}

TEST(ExecErrorLogTest, sends_no_control_characters_to_a_terminal) {
  Log log;
  log.log.read("\x1b[31mred\r\xff\n", log.now);
  EXPECT_THAT(log.said, ElementsAre("geo: \\x1b[31mred\\x0d\\xff\n"));
}

TEST(ExecErrorLogTest, shortens_a_line_without_end) {
  Log log;
  for (int i = 0; i < 1000; ++i) log.log.read(std::string(1000, 'x'), log.now);
  log.log.read("\n", log.now);
  ASSERT_THAT(log.said, SizeIs(1));
  EXPECT_EQ(log.said[0], "geo: " + std::string(ExecErrorLog::kLongestLine, 'x') + "\n");
}

TEST(ExecErrorLogTest, counts_what_it_leaves_out) {
  Log log;
  for (int i = 0; i < 100; ++i) log.log.read("again\n", log.now);
  EXPECT_THAT(log.said, SizeIs(ExecErrorLog::kLinesASecond));
  log.log.read("last\n", log.now + 999ms);
  EXPECT_EQ(log.log.last_line(), "last") << "it is known all the same";
  log.said.clear();
  log.log.read("later\n", log.now + 1s);
  EXPECT_THAT(log.said, ElementsAre("geo: (81 more lines)\n", "geo: later\n"));
}

TEST(ExecErrorLogTest, says_at_the_end_what_it_left_out) {
  Log log;
  for (int i = 0; i < 21; ++i) log.log.read("again\n", log.now);
  log.said.clear();
  log.log.end(log.now);
  EXPECT_THAT(log.said, ElementsAre("geo: (1 more lines)\n"));
}

}  // namespace
}  // namespace logbraid
