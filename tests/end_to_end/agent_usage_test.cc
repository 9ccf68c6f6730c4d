// The command line: help, versions, lists, and what is wrong with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/end_to_end/agent.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(AgentUsage, says_its_version) {
  const ProcessResult result = run_agent({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, testing::MatchesRegex("logbraid [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(AgentUsage, help_shows_the_commands_and_examples) {
  const ProcessResult result = run_agent({"--help"});
  EXPECT_EQ(result.code, 0);
  for (const char* part : {"run", "check", "plan", "list", "bench", "Examples:", "source:"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
  EXPECT_THAT(result.err, IsEmpty());
}

TEST(AgentUsage, each_command_has_help_with_examples_that_fits_the_screen) {
  for (const std::string command : {"run", "check", "plan", "list", "bench"}) {
    const ProcessResult result = run_agent({command, "--help"});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, AllOf(HasSubstr("Examples:"), HasSubstr("logbraid " + command)));
    std::size_t begin = 0;
    for (std::size_t end; (end = result.out.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      EXPECT_LE(end - begin, 102u) << result.out.substr(begin, end - begin);
    }
  }
}

TEST(AgentUsage, without_a_command_it_says_what_there_is) {
  const ProcessResult result = run_agent({});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("logbraid list enrichers"));
}

struct WrongRow {
  const char* name;
  std::vector<std::string> arguments;
  const char* says;
};

// For messages.
void PrintTo(const WrongRow& row, std::ostream* out) { *out << row.name; }

class AgentWrongUsage : public ::testing::TestWithParam<WrongRow> {};

TEST_P(AgentWrongUsage, ends_with_2_and_says_what_would_be_right) {
  const ProcessResult result = run_agent(GetParam().arguments);
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, AllOf(StartsWith("error: "), HasSubstr(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AgentWrongUsage,
    ::testing::ValuesIn(std::vector<WrongRow>{
        {"unknown_command", {"rnu"}, "there is no command \"rnu\"; did you mean \"run\"?"},
        {"unknown_option", {"run", "--fast"}, "--fast"},
        {"unknown_option_names_the_help", {"bench", "--fast"}, "try: logbraid bench --help"},
        {"check_without_a_file", {"check"}, "FILE"},
        {"two_files_to_check", {"check", "a.yaml", "b.yaml"}, "FILE"},
        {"no_such_file", {"run", "/nowhere.yaml"}, "/nowhere.yaml"},
        {"bench_without_input", {"bench", "x.yaml"}, "--input"},
        {"no_rounds", {"bench", "x.yaml", "--input", "x", "--rounds", "0"}, "rounds"},
        {"unknown_plan_format", {"plan", "x.yaml", "--format", "png"}, "png"},
        {"unknown_list", {"list", "enricher"}, "did you mean \"enrichers\"?"},
        {"unknown_enricher", {"list", "enrichers", "geopi"}, "did you mean \"geoip\"?"},
        {"override_without_value", {"run", "--quiet", "--set", "execution.mode"}, "execution.mode"},
    }),
    [](const auto& row) { return row.param.name; });

TEST(AgentList, shows_everything_a_line_each) {
  const ProcessResult result = run_agent({"list"});
  EXPECT_EQ(result.code, 0);
  for (const char* name :
       {"enrichers", "  geoip", "sources", "  demo", "sinks", "  null", "formats", "  combined"}) {
    EXPECT_THAT(result.out, HasSubstr(std::string(name)));
  }
}

TEST(AgentList, shows_one_kind_alone) {
  const ProcessResult result = run_agent({"list", "sinks"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("stdout"), Not(HasSubstr("geoip"))));
}

TEST(AgentList, explains_one_with_its_settings) {
  const ProcessResult result = run_agent({"list", "sources", "demo"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("type: demo"),
                                HasSubstr("count (whole number, events, default 1000)"),
                                HasSubstr("Format where none is given: json")));
}

TEST(AgentList, explains_the_keys_that_belong_to_no_kind) {
  const ProcessResult execution = run_agent({"list", "settings", "execution"});
  EXPECT_EQ(execution.code, 0);
  EXPECT_THAT(execution.out, AllOf(HasSubstr("in_flight (whole number, events, default 4096)"),
                                   HasSubstr("sequential_share (number, default 0)")));
  EXPECT_THAT(run_agent({"list", "settings", "status"}).out,
              AllOf(HasSubstr("default _enrichment"), HasSubstr("One of: failed, always")));
  EXPECT_THAT(run_agent({"list", "settings", "when"}).out, HasSubstr("{field: status, range:"));
  EXPECT_THAT(run_agent({"list", "settings", "time_range"}).out, HasSubstr("start_hour"));
  EXPECT_THAT(run_agent({"list", "settings", "request"}).out, HasSubstr("path_patterns"));
  EXPECT_THAT(run_agent({"list", "settings", "enricher"}).out,
              HasSubstr("One of: inline, pool, async, auto"));
  EXPECT_THAT(run_agent({"list", "settings", "statsu"}).err, HasSubstr("did you mean \"status\"?"));
}

}  // namespace
}  // namespace logbraid::test
