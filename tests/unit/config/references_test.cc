#include "config/references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/yaml_reader.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;

References references() {
  References all;
  all.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "PORT") return "8080";
    if (name == "HOST") return "db-1";
    if (name == "EMPTY") return "";
    if (name == "TWISTED") return "${HOST}";
    if (name == "BROKEN") return "\xff";
    return std::nullopt;
  };
  all.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "/run/secrets/pin") return std::string("hunter2");
    return Error("secret file " + path + ": no such file");
  };
  return all;
}

TEST(ReferencesTest, are_replaced_by_what_they_name) {
  const struct {
    const char* input;
    const char* expected;
  } rows[] = {
      {"plain", "plain"},
      {"${HOST}", "db-1"},
      {"http://${HOST}:${PORT}/x", "http://db-1:8080/x"},
      {"${NOWHERE:-fallback}", "fallback"},
      {"${NOWHERE:-}", ""},
      {"${EMPTY:-fallback}", "fallback"},
      {"${EMPTY}", ""},
      {"${HOST:-fallback}", "db-1"},
      {"${NOWHERE:-a:-b c}", "a:-b c"},
      {"$${HOST}", "${HOST}"},
      {"a$${b}${HOST}", "a${b}db-1"},
      {"$$${HOST}", "$${HOST}"},
      {"cost: 5$", "cost: 5$"},
      {"$HOST", "$HOST"},
      {"${TWISTED}", "${HOST}"},  // once, not again in what was put in
      {"${file:/run/secrets/pin}", "hunter2"},
  };
  for (const auto& row : rows) {
    const auto expanded = expand_references(row.input, references());
    ASSERT_TRUE(expanded) << row.input << ": " << expanded.error().message;
    EXPECT_EQ(expanded->text, row.expected) << row.input;
  }
}

TEST(ReferencesTest, what_cannot_be_replaced_is_an_error_that_names_it) {
  const struct {
    const char* input;
    const char* message;
  } rows[] = {
      {"${NOWHERE}", "the variable NOWHERE is not set; set it, or give a default"},
      {"${HOST", "without a closing brace"},
      {"${}", "cannot be read; write ${NAME}"},
      {"${1A}", "cannot be read"},
      {"${jndi:ldap://x}", "cannot be read"},
      {"${A B}", "cannot be read"},
      {"${BROKEN}", "BROKEN is not UTF-8"},
      {"${file:/nowhere}", "secret file /nowhere: no such file"},
  };
  for (const auto& row : rows) {
    const auto expanded = expand_references(row.input, references());
    ASSERT_FALSE(expanded) << row.input;
    EXPECT_THAT(expanded.error().message, HasSubstr(row.message)) << row.input;
  }
  EXPECT_THAT(expand_references("${HOST}", {}).error().message, HasSubstr("not set"));
  EXPECT_THAT(expand_references("${file:/x}", {}).error().message,
              HasSubstr("cannot be read here"));
}

TEST(ReferencesTest, plain_values_are_typed_after_replacement_and_quoted_ones_stay_text) {
  ErrorList errors;
  const auto root = read_yaml(
      "a: ${PORT}\nb: \"${PORT}\"\nc: ${NOWHERE:-true}\nd: ${EMPTY}\ne: [\"${HOST}\"]\n"
      "f: ${file:/run/secrets/pin}\ng: $${PORT}\n",
      "pipeline.yaml", references(), errors);
  ASSERT_TRUE(root) << errors.errors().front().to_string();
  EXPECT_EQ(root->find("a")->integer(), 8080);
  EXPECT_EQ(root->find("b")->string(), "8080");
  EXPECT_TRUE(root->find("c")->boolean());
  EXPECT_TRUE(root->find("d")->is_null());
  EXPECT_EQ(root->find("e")->items()[0].string(), "db-1");
  EXPECT_TRUE(root->find("f")->secret);
  EXPECT_FALSE(root->find("a")->secret);
  EXPECT_EQ(root->find("g")->string(), "${PORT}");
}

TEST(ReferencesTest, an_unset_variable_is_reported_with_its_place) {
  ErrorList errors;
  EXPECT_FALSE(read_yaml("a:\n  b: ${NOWHERE}\n", "pipeline.yaml", references(), errors));
  EXPECT_THAT(errors.errors()[0].to_string(),
              HasSubstr("pipeline.yaml:2: a.b: the variable NOWHERE is not set"));
}

TEST(ReferencesTest, secret_files_are_read_without_their_last_newline) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "logbraid_secrets";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "pin") << "hunter2\n\n";
  std::ofstream(folder / "big") << std::string(65 * 1024, 'x');
  std::ofstream(folder / "binary") << "\xff";
  EXPECT_EQ(*read_secret_file((folder / "pin").string()), "hunter2\n");
  EXPECT_THAT(read_secret_file((folder / "big").string()).error().message,
              HasSubstr("larger than"));
  EXPECT_THAT(read_secret_file((folder / "binary").string()).error().message, HasSubstr("UTF-8"));
  EXPECT_THAT(read_secret_file((folder / "none").string()).error().message,
              HasSubstr("no such file"));
  EXPECT_THAT(read_secret_file("").error().message, HasSubstr("names no file"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace logbraid
