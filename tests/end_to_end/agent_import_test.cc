// `logbraid import fapilog`: from a module of Python to a configuration that does what it did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/agent.h"
#include "tests/support/shared_data.h"

namespace logbraid::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What stands in the page's sample of that number in a language.
std::string fenced(const std::string& page, const std::string& language, int number) {
  const std::string opening = "\n```" + language + "\n";
  std::size_t at = page.find(opening);
  while (number-- > 0 && at != std::string::npos) at = page.find(opening, at + 1);
  if (at == std::string::npos) return {};
  at += opening.size();
  return page.substr(at, page.find("```", at) - at);
}

class AgentImport : public ::testing::Test {
 protected:
  static std::vector<std::string> environment() {
    return {"PYTHONPATH=" + repository_file("contrib/fapilog/standin").string() + ":" +
                repository_file("tests/support/fapilog").string(),
            "LOGBRAID_HOME=" + repository_file("").string()};
  }
  ProcessResult import(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"import", "fapilog"});
    return run_agent(std::move(arguments), {.environment = environment()});
  }

  // However long its Pythons take to start on a machine that does much else.
  static ProcessResult run_patiently(const std::string& file, const std::vector<std::string>& names,
                                     const std::string& input) {
    std::vector<std::string> arguments = {"run", file, "--set", "execution.shards=1"};
    for (const std::string& name : names) {
      arguments.insert(arguments.end(), {"--set", "enrichers." + name + ".timeout=60s"});
    }
    return run_agent(std::move(arguments), {.input = input});
  }

  const TemporaryDirectory directory_;
};

TEST_F(AgentImport, what_comes_out_is_what_the_functions_give_one_after_the_other) {
  const std::string file = directory_ / "pipeline.yaml";
  const ProcessResult imported = import({"shop", "--output", file});
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.out, IsEmpty());
  EXPECT_THAT(imported.err,
              AllOf(HasSubstr("shop registers order_total, discount, customer, audit"),
                    HasSubstr("see it with: logbraid plan " + file)));
  EXPECT_THAT(directory_.read("pipeline.yaml"),
              HasSubstr("# audit: its condition_func is asked by serve.py"));

  const ProcessResult checked = run_agent({"check", file});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("7 enrichers"));

  std::string input;
  for (int i = 0; i < 300; ++i) {
    input += "{\"id\":" + std::to_string(i);
    input += i % 4 == 0 ? ",\"level\":\"ERROR\"" : ",\"level\":\"INFO\"";
    if (i % 3 != 0) input += ",\"price\":" + std::to_string(i) + ".5,\"count\":2";
    if (i % 5 == 0) input += R"(,"customer":{"card":"4111","name":"Zoë"})";
    if (i % 150 == 0) input += ",\"total\":1000";  // none has a price
    input += "}\n";
  }
  const ProcessResult by_hand = run_process(
      {"/usr/bin/env", "python3", repository_file("tests/support/fapilog/by_hand.py").string()},
      {.input = input, .environment = environment()});
  ASSERT_EQ(by_hand.code, 0) << by_hand.err;
  const ProcessResult run = run_patiently(
      file, {"order_total", "discount", "customer", "audit", "last", "hide", "broken"}, input);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, by_hand.out) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\"discount\":"));
  EXPECT_THAT(run.out, HasSubstr("\"audited\":"));
  EXPECT_THAT(run.out, Not(HasSubstr("4111")));
}

TEST_F(AgentImport, the_example_of_the_documentation_is_right) {
  const std::string page = bytes_of(repository_file("docs/fapilog.md"));
  directory_.file("visits.py", fenced(page, "python", 0));
  const std::string file = directory_ / "visits.yaml";
  const ProcessResult imported = import({directory_ / "visits.py", "--output", file});
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(run_agent({"plan", file}).code, 0);
  const ProcessResult run =
      run_patiently(file, {"section", "owner", "alarm"}, fenced(page, "json", 0));
  EXPECT_EQ(run.out, fenced(page, "json", 1)) << run.err;
}

TEST_F(AgentImport, writes_to_stdout_where_no_file_is_named) {
  const ProcessResult imported = import({"shop"});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.out, AllOf(HasSubstr("- name: \"order_total\""),
                                  HasSubstr("in $${CURRENCY}"), HasSubstr("priority: 200"),
                                  HasSubstr(R"(dependencies: ["order_total", "customer"])"),
                                  HasSubstr(R"("min_level": "WARNING")")));
}

TEST_F(AgentImport, says_what_is_wrong) {
  const struct {
    std::vector<std::string> arguments;
    const char* expected;
  } rows[] = {
      {{"none_of_ours"}, "there is no module none_of_ours"},
      {{"json"}, "json registers no enricher with fapilog"},
      {{"shop", "--python", "/none/python3"}, "cannot run /none/python3: "},
      {{}, "MODULE is required"},
  };
  for (const auto& row : rows) {
    const ProcessResult imported = import(row.arguments);
    EXPECT_EQ(imported.code, 2) << row.expected;
    EXPECT_THAT(imported.err, HasSubstr(row.expected));
    EXPECT_THAT(imported.out, IsEmpty());
  }
  const ProcessResult other = run_agent({"import"});
  EXPECT_EQ(other.code, 2);
  const ProcessResult help = run_agent({"import", "fapilog", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("logbraid import fapilog shop.enrichers"),
                              HasSubstr("--python"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace logbraid::test
