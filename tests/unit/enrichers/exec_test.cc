#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using test::make_enricher;
using test::make_error;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ExecTest : public ::testing::Test {
 protected:
  MakeContext context() const {
    return {.environment = [](std::string_view name) -> std::optional<std::string> {
              return name == "PATH" ? std::optional("/usr/bin:/bin") : std::nullopt;
            },
            .base_directory = directory_.path().string()};
  }
  // `settings` without the braces, behind what has to be there.
  std::string error(const std::string& settings) const {
    return make_error(exec_enricher(), "{" + settings + "}", context());
  }
  EnricherInstance make(const std::string& settings) const {
    auto made = make_enricher(exec_enricher(), "{" + settings + "}", context());
    EXPECT_TRUE(made) << made.error().to_string();
    return made.value();
  }
  std::string program(const std::string& name, mode_t mode) const {
    const std::string path = directory_.file(name, "#!/bin/sh\n");
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  const test::TemporaryDirectory directory_;
};

TEST_F(ExecTest, reads_what_it_sends_and_writes_what_it_is_told) {
  const EnricherInstance made = make(
      R"("command": ["sh", "x"], "input": ["ip", "user.id"], "fields": {"a.b": "/b", "c": ""})");
  EXPECT_EQ(made.placement, Placement::async);
  ASSERT_EQ(made.reads.size(), 2u);
  EXPECT_EQ(made.reads[1].to_string(), "user.id");
  ASSERT_EQ(made.writes.size(), 2u);
  EXPECT_EQ(made.writes[0].to_string(), "a.b");
  EXPECT_EQ(made.max_in_flight, 64u);
}

TEST_F(ExecTest, of_whole_events_and_the_top_level_nothing_is_known) {
  const EnricherInstance made = make(
      R"("command": "sh", "whole_event": true, "top_level": true, "processes": 3, "batch": 5)");
  EXPECT_TRUE(made.reads.empty());
  EXPECT_TRUE(made.writes.empty());
  EXPECT_EQ(made.max_in_flight, 15u);
}

TEST_F(ExecTest, finds_programs_in_path_and_in_the_configurations_folder) {
  program("mine", 0755);
  make(R"("command": "sh", "input": "a", "output": "b")");
  make(R"("command": "./mine", "input": "a", "output": "b")");
  make(R"("command": ")" + (directory_ / "mine") + R"(", "input": "a", "output": "b")");
  EXPECT_THAT(error(R"("command": "mine", "input": "a", "output": "b")"),
              AllOf(HasSubstr("there is no program \"mine\" in PATH (/usr/bin:/bin)"),
                    HasSubstr("./mine is the one in the configuration's folder")));
}

TEST_F(ExecTest, says_what_is_wrong_with_a_program) {
  program("plain", 0644);
  EXPECT_THAT(error(R"("command": "./none", "input": "a", "output": "b")"),
              AllOf(HasSubstr("command"), HasSubstr("/none is not there")));
  EXPECT_THAT(error(R"("command": "./plain", "input": "a", "output": "b")"),
              HasSubstr("/plain cannot be executed; chmod +x lets it"));
  EXPECT_THAT(error(R"("command": "./", "input": "a", "output": "b")"),
              HasSubstr("cannot be executed"));
  EXPECT_THAT(error(R"("command": "python3 x.py", "input": "a", "output": "b")"),
              HasSubstr("a command is a list of words"));
  EXPECT_THAT(error(R"("command": [], "input": "a", "output": "b")"),
              HasSubstr("names no program"));
  EXPECT_THAT(error(R"("command": ["sh", "a\u0000b"], "input": "a", "output": "b")"),
              HasSubstr("has no NUL"));
}

TEST_F(ExecTest, what_is_sent_and_where_it_goes_is_said_once) {
  EXPECT_THAT(error(R"("command": "sh", "output": "b")"), HasSubstr("what is sent is not said"));
  EXPECT_THAT(error(R"("command": "sh", "output": "b", "input": "a", "whole_event": true)"),
              HasSubstr("write one of the two"));
  EXPECT_THAT(error(R"("command": "sh", "input": ["a", "a.b"], "output": "b")"),
              HasSubstr("lie in each other"));
  EXPECT_THAT(error(R"("command": "sh", "input": "a")"), HasSubstr("where answers go is not said"));
  EXPECT_THAT(error(R"("command": "sh", "input": "a", "output": "b", "top_level": true)"),
              HasSubstr("each say where answers go"));
  EXPECT_THAT(error(R"("command": "sh", "input": "a", "fields": {"b": "x"})"),
              HasSubstr("begins with a slash"));
}

TEST_F(ExecTest, numbers_have_limits) {
  const std::string rest = R"(, "command": "sh", "input": "a", "output": "b")";
  for (const char* wrong : {R"("processes": 0)", R"("processes": 1025)", R"("batch": 0)",
                            R"("batch": 4097)", R"("max_reply": 63)", R"("max_reply": "2MiB")"}) {
    EXPECT_THAT(error(wrong + rest), HasSubstr("must be")) << wrong;
  }
}

TEST_F(ExecTest, environment_and_folder_are_checked) {
  const std::string rest = R"(, "command": "sh", "input": "a", "output": "b")";
  EXPECT_THAT(error(R"("environment": {"A=B": "x"})" + rest), HasSubstr("name without ="));
  EXPECT_THAT(error(R"("environment": {"A": "x\u0000"})" + rest), HasSubstr("no NUL"));
  EXPECT_THAT(error(R"("environment": {"A": []})" + rest), HasSubstr("environment.A"));
  EXPECT_THAT(error(R"("working_directory": "none")" + rest), HasSubstr("/none is no folder"));
}

}  // namespace
}  // namespace logbraid
