#include "config/yaml_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "config/yaml_reader.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Setting secret(const char* text) {
  Setting setting(text);
  setting.secret = true;
  return setting;
}

TEST(YamlWriterTest, writes_blocks_that_people_would_write) {
  const Setting root = Setting::map({
      {"source", Setting::map({{"type", "stdin"}, {"paths", Setting::list({"a", "b c"})}})},
      {"enrichers",
       Setting::list({Setting::map({{"name", "geo"}, {"deep", Setting::list({1})}}), "static",
                      Setting::list({Setting::list({1}), Setting::map({})})})},
      {"empty", Setting::list({})},
      {"null", Setting()},
  });
  EXPECT_EQ(to_yaml(root),
            "source:\n"
            "  type: stdin\n"
            "  paths:\n"
            "    - a\n"
            "    - \"b c\"\n"
            "enrichers:\n"
            "  - name: geo\n"
            "    deep:\n"
            "      - 1\n"
            "  - static\n"
            "  -\n"
            "    -\n"
            "      - 1\n"
            "    - {}\n"
            "empty: []\n"
            "\"null\": null\n");
}

TEST(YamlWriterTest, what_is_written_reads_back_with_the_same_types) {
  const std::vector<Setting> values = {true,
                                       5,
                                       -7,
                                       2.5,
                                       1000.0,
                                       1e300,
                                       Setting::spelled(1.1, "1.10"),
                                       Setting(),
                                       "text",
                                       "5",
                                       "true",
                                       "null",
                                       "",
                                       "~",
                                       "-",
                                       "- a",
                                       "a: b",
                                       "a #b",
                                       "#",
                                       "&a",
                                       "*a",
                                       "!a",
                                       "%",
                                       "@",
                                       "`",
                                       "---",
                                       "...",
                                       "0x1F",
                                       "1e3",
                                       ".inf",
                                       "line\nbreak",
                                       "tab\t",
                                       "\x1b[0m",
                                       "quote\"back\\slash",
                                       "${HOME}",
                                       "$${X}",
                                       "\xE2\x80\xA8",
                                       "{}",
                                       "[a]",
                                       "a,b",
                                       " lead",
                                       "trail ",
                                       "http://h/p?q=1",
                                       "10.0.0.0/8",
                                       HUGE_VAL,
                                       -HUGE_VAL,
                                       "yes",
                                       "12:30"};
  for (const Setting& value : values) {
    const std::string text = to_yaml(Setting::map({{"k", value}}));
    ErrorList errors;
    const auto back = read_yaml(text, "x.yaml", {}, errors);
    ASSERT_TRUE(back) << text << (errors.empty() ? "" : errors.errors()[0].to_string());
    const Setting& read = *back->find("k");
    ASSERT_EQ(read.kind(), value.kind()) << text;
    if (value.kind() == Setting::Kind::real) {
      EXPECT_EQ(read.real(), value.real()) << text;
    } else {
      EXPECT_EQ(read.describe(), value.describe()) << text;
    }
  }
}

TEST(YamlWriterTest, keys_read_back_as_they_are) {
  for (const char* key : {"a b", "${HOME}", "1.5", "~", "a: b", "", "- x"}) {
    ErrorList errors;
    const auto back = read_yaml(to_yaml(Setting::map({{key, 1}})), "x.yaml", {}, errors);
    ASSERT_TRUE(back) << key;
    EXPECT_EQ(back->members()[0].first, key);
  }
}

TEST(YamlWriterTest, secrets_are_masked) {
  Setting list = Setting::list({"hunter2"});
  list.secret = true;
  const std::string text = to_yaml(Setting::map({
      {"token", secret("hunter2")},
      {"keys", list},
      {"items", Setting::list({secret("hunter2")})},
      {"url", "redis://u:hunter2@h:1/0?password=hunter2"},
  }));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_EQ(text,
            "token: \"***\"\n"
            "keys: \"***\"\n"
            "items:\n"
            "  - \"***\"\n"
            "url: \"redis://u:***@h:1/0?password=***\"\n");
}

}  // namespace
}  // namespace logbraid
