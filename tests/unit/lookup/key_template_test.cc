#include "lookup/key_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/json_text.h"
#include "logbraid/patch.h"
#include "tests/support/event_of.h"

namespace logbraid {
namespace {

using test::EventOf;
using testing::HasSubstr;

KeyTemplate parsed(std::string_view text, KeyEscape escape = KeyEscape::none) {
  Result<KeyTemplate> made = KeyTemplate::parse(text, escape);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return *std::move(made);
}

std::string refusal(std::string_view text, KeyEscape escape = KeyEscape::none) {
  const Result<KeyTemplate> made = KeyTemplate::parse(text, escape);
  return made ? "" : made.error().message;
}

// The key in quotes, "missing", or "refused: why"; what stood in the buffer must still be there.
std::string key_of(const KeyTemplate& made, std::string_view json) {
  EventOf event(json);
  const EventView view(event.event(), event.arena());
  std::string out = "before|";
  std::string_view why;
  const KeyResult result = made.render(view, out, why);
  EXPECT_TRUE(out.starts_with("before|"));
  out.erase(0, 7);
  if (result == KeyResult::made) return "\"" + out + "\"";
  EXPECT_EQ(out, "") << "nothing is left of what was begun";
  return result == KeyResult::missing ? "missing" : "refused: " + std::string(why);
}

std::string key_of(std::string_view text, KeyEscape escape, std::string_view value) {
  std::string json = R"({"v":)";
  append_json_string(json, value);
  return key_of(parsed(text, escape), json + "}");
}

TEST(KeyTemplateTest, puts_fields_into_its_text) {
  constexpr std::string_view kEvent =
      R"({"id":"u7","user":{"id":12},"a.b":"dot","yes":true,"no":false,"n":-1.50,"e":1e400,)"
      R"("big":18446744073709551616,"empty":"","utf8":"caf\u00e9"})";
  const struct {
    std::string_view text;
    std::string_view expected;
  } rows[] = {
      {"{{id}}", "u7"},
      {"user:{{id}}", "user:u7"},
      {"{{id}}:x", "u7:x"},
      {"{{ id }}", "u7"},
      {"{{id}}{{id}}", "u7u7"},
      {"{{id}}/{{user.id}}", "u7/12"},
      {"{{a\\.b}}", "dot"},
      {"{{yes}},{{no}}", "true,false"},
      {"{{n}}", "-1.50"},
      {"{{e}}", "1e400"},
      {"{{big}}", "18446744073709551616"},
      {"<{{empty}}>", "<>"},
      {"{{utf8}}", "caf\u00e9"},
      {"no field", "no field"},
      {"{{{{id}}", "{{id}}"},
      {"{{{{{{id}}}}", "{{u7}}"},
      {"{\"q\":{\"id\":\"{{id}}\"}}", "{\"q\":{\"id\":\"u7\"}}"},
      {"}}{{id}}", "}}u7"},
      {"{{id}}}", "u7}"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(key_of(parsed(row.text), kEvent), "\"" + std::string(row.expected) + "\"")
        << row.text;
  }
}

TEST(KeyTemplateTest, says_what_is_wrong_with_a_template) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } rows[] = {
      {"", "user:{{user_id}}"},
      {"a{{", "{{ without its }}"},
      {"a{{id", "(character 2)"},
      {"{{id}", "write {{{{ for two braces"},
      {"{{a {{b}}", "{{ without its }}"},
      {"{{}}", "no field between {{ and }}"},
      {"{{  }}", "no field between {{ and }}"},
      {"{{a..b}}", "\"a..b\" is no field path"},
      {"{{.}}", "no field path"},
      {"{{a\\b}}", "no field path"},
      {"\xff{{a}}", "not UTF-8"},
  };
  for (const auto& row : rows) EXPECT_THAT(refusal(row.text), HasSubstr(row.expected)) << row.text;
  EXPECT_THAT(refusal(std::string(KeyTemplate::kMaxBytes + 1, 'a')), HasSubstr("over 4096 bytes"));
}

TEST(KeyTemplateTest, a_field_that_is_absent_or_null_is_missing) {
  const KeyTemplate made = parsed("{{a}}:{{b.c}}");
  EXPECT_EQ(key_of(made, R"({"a":1,"b":{"c":2}})"), "\"1:2\"");
  EXPECT_EQ(key_of(made, R"({})"), "missing");
  EXPECT_EQ(key_of(made, R"({"a":1})"), "missing");
  EXPECT_EQ(key_of(made, R"({"a":null,"b":{"c":2}})"), "missing");
  EXPECT_EQ(key_of(made, R"({"a":1,"b":{"c":null}})"), "missing");
  EXPECT_EQ(key_of(made, R"({"a":1,"b":"c"})"), "missing");
}

TEST(KeyTemplateTest, a_number_that_json_cannot_spell_is_missing) {
  const KeyTemplate made = parsed("{{v}}");
  const FieldPath path("v");
  EventOf event("{}");
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Patch patch(&event.arena());
    patch.set(path, value);
    const std::uint64_t ancestors[] = {1};
    const EventView view(event.event(), &patch, {ancestors, 1}, event.arena());
    ASSERT_TRUE(view.exists(path));
    std::string out;
    std::string_view why;
    EXPECT_EQ(made.render(view, out, why), KeyResult::missing);
  }
}

TEST(KeyTemplateTest, objects_and_arrays_are_refused) {
  for (const std::string_view value : {"{}", "[]", R"({"a":1})", "[1]"}) {
    const std::string json = R"({"v":)" + std::string(value) + "}";
    EXPECT_EQ(key_of(parsed("{{v}}"), json),
              "refused: a field of the key is an object or an array");
  }
}

TEST(KeyTemplateTest, a_key_of_4096_bytes_is_made_and_a_longer_one_refused) {
  const std::string most(KeyTemplate::kMaxBytes, 'a');
  EXPECT_EQ(key_of("{{v}}", KeyEscape::none, most), "\"" + most + "\"");
  const std::string why = "refused: the key is over 4096 bytes";
  EXPECT_EQ(key_of("{{v}}", KeyEscape::none, most + "a"), why);
  EXPECT_EQ(key_of("x{{v}}", KeyEscape::none, most), why);
  EXPECT_EQ(key_of("{{v}}{{v}}", KeyEscape::none, most), why);
  EXPECT_EQ(key_of("/{{v}}", KeyEscape::url_path, std::string(1500, ' ')), why) << "encoded";
}

TEST(KeyTemplateTest, a_value_cannot_leave_its_segment_of_a_path) {
  const struct {
    std::string_view value;
    std::string_view expected;
  } rows[] = {
      {"alice", R"("/users/alice/profile")"},
      {"-._~", R"("/users/-._~/profile")"},
      {"a/b", R"("/users/a%2Fb/profile")"},
      {"../admin", R"("/users/..%2Fadmin/profile")"},
      {"..\\admin", R"("/users/..%5Cadmin/profile")"},
      {"x?admin=1", R"("/users/x%3Fadmin%3D1/profile")"},
      {"x#", R"("/users/x%23/profile")"},
      {"x;y", R"("/users/x%3By/profile")"},
      {"%2e%2e", R"("/users/%252e%252e/profile")"},
      {"%2f", R"("/users/%252f/profile")"},
      {"a b+c", R"("/users/a%20b%2Bc/profile")"},
      {"a\r\nHost: evil", R"("/users/a%0D%0AHost%3A%20evil/profile")"},
      {std::string_view("a\0b", 3), R"("/users/a%00b/profile")"},
      {"\"'`", R"("/users/%22%27%60/profile")"},
      {"${jndi:ldap://x}", R"("/users/%24%7Bjndi%3Aldap%3A%2F%2Fx%7D/profile")"},
      {"{{v}}", R"("/users/%7B%7Bv%7D%7D/profile")"},
      {"caf\u00e9", R"("/users/caf%C3%A9/profile")"},
      {"...", R"("/users/.../profile")"},
      {".", "refused: a field of the key would make a path segment of dots"},
      {"..", "refused: a field of the key would make a path segment of dots"},
      {"", "missing"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(key_of("/users/{{v}}/profile", KeyEscape::url_path, row.value), row.expected);
  }
}

TEST(KeyTemplateTest, no_segment_of_dots_comes_together) {
  const std::string refused = "refused: a field of the key would make a path segment of dots";
  for (const std::string_view text : {"/.{{v}}", "/{{v}}.", "/{{v}}{{v}}", "/%2e{{v}}/x",
                                      "/%2E{{v}}?q={{v}}", "{{v}}", "/{{v}};s=1", "/{{v}}#x"}) {
    EXPECT_EQ(key_of(text, KeyEscape::url_path, "."), refused) << text;
  }
  EXPECT_EQ(key_of("/a{{v}}{{v}}", KeyEscape::url_path, "."), R"("/a..")");
  EXPECT_EQ(key_of("/a?d=/{{v}}", KeyEscape::url_path, ".."), R"("/a?d=/..")");
}

TEST(KeyTemplateTest, behind_its_own_question_mark_a_path_is_a_query) {
  EXPECT_EQ(key_of("/a/{{v}}?q={{v}}&r=1", KeyEscape::url_path, "x&r=2"),
            R"("/a/x%26r%3D2?q=x%26r%3D2&r=1")");
  EXPECT_EQ(key_of("/a?q={{v}}", KeyEscape::url_path, ""), R"("/a?q=")");
  EXPECT_EQ(key_of("q={{v}}", KeyEscape::url_query, ".."), R"("q=..")");
}

TEST(KeyTemplateTest, the_host_cannot_come_from_an_event) {
  for (const std::string_view text :
       {"http://{{v}}/x", "https://api-{{v}}.example/x", "//{{v}}", "http://u:{{v}}@host/"}) {
    EXPECT_THAT(refusal(text, KeyEscape::url_path), HasSubstr("the host must not depend on"))
        << text;
  }
  EXPECT_EQ(key_of("http://host/{{v}}", KeyEscape::url_path, "a"), R"("http://host/a")");
  EXPECT_EQ(key_of("/a//{{v}}", KeyEscape::url_path, "a"), R"("/a//a")");
}

TEST(KeyTemplateTest, an_event_cannot_complete_a_percent_code) {
  for (const std::string_view text : {"/%{{v}}", "/a%2{{v}}", "/{{v}}%{{v}}"}) {
    EXPECT_THAT(refusal(text, KeyEscape::url_path), HasSubstr("% must not stand right before"));
  }
  EXPECT_EQ(key_of("/%25{{v}}", KeyEscape::url_path, "2f"), R"("/%252f")");
}

TEST(KeyTemplateTest, a_value_cannot_leave_its_json_string) {
  constexpr std::string_view kText = R"({"user":"{{v}}","admin":false})";
  const struct {
    std::string_view value;
    std::string_view expected;
  } rows[] = {
      {"x", "x"},
      {R"(x","admin":true,"y":")", R"(x\",\"admin\":true,\"y\":\")"},
      {"\\", R"(\\)"},
      {"\\\"", R"(\\\")"},
      {"\r\n\t", R"(\r\n\t)"},
      {std::string_view("\0\x1f", 2), R"(\u0000\u001f)"},
      {"${jndi:x}", "${jndi:x}"},
  };
  for (const auto& row : rows) {
    const std::string expected =
        R"("{"user":")" + std::string(row.expected) + R"(","admin":false}")";
    EXPECT_EQ(key_of(kText, KeyEscape::json_string, row.value), expected);
  }
  EXPECT_EQ(key_of("{{v}}", KeyEscape::json_string, "a\"b"), R"("a\"b")");
}

TEST(KeyTemplateTest, a_field_of_a_json_text_stands_in_quotes) {
  for (const std::string_view text : {R"({"a":{{v}}})", R"({"a":"x",{{v}}})", R"("\"",{{v}})"}) {
    EXPECT_THAT(refusal(text, KeyEscape::json_string), HasSubstr("put quotes around {{v}}"))
        << text;
  }
  for (const std::string_view text : {R"({"a":"\{{v}}"})", R"(\{{v}})", R"(\\\{{v}})"}) {
    EXPECT_THAT(refusal(text, KeyEscape::json_string), HasSubstr("no backslash may stand before"))
        << text;
  }
  EXPECT_EQ(refusal(R"(\\{{v}})", KeyEscape::json_string), "");
  EXPECT_EQ(refusal(R"({"\"":"{{v}}"})", KeyEscape::json_string), "");
}

TEST(KeyTemplateTest, a_part_of_a_dns_name_is_one_label) {
  const std::string refused = "refused: a field of the key is no part of a DNS name";
  const std::string label(63, 'a');
  const struct {
    std::string_view value;
    std::string expected;
  } rows[] = {
      {"mail", R"("mail.example.org")"},
      {"_dmarc-1", R"("_dmarc-1.example.org")"},
      {label, "\"" + label + ".example.org\""},
      {"evil.com", refused},
      {"a b", refused},
      {"a\n", refused},
      {std::string_view("a\0", 2), refused},
      {"a\\.b", refused},
      {"*", refused},
      {"b\u00fccher", refused},
      {"", "missing"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(key_of("{{v}}.example.org", KeyEscape::dns_label, row.value), row.expected);
  }
  EXPECT_EQ(key_of("{{v}}.example.org", KeyEscape::dns_label, label + "a"),
            "refused: the key is no DNS name");
  EXPECT_EQ(key_of("x{{v}}.example.org", KeyEscape::dns_label, label),
            "refused: the key is no DNS name");
  EXPECT_THAT(refusal("{{v}}.exam ple", KeyEscape::dns_label), HasSubstr("no \" \""));
  for (const std::string& never :
       {std::string("{{v}}..example"), std::string(".{{v}}.example"), "{{v}}." + label + "a",
        "{{v}}" + label + ".example", label + "." + label + "." + label + "." + label + ".{{v}}"}) {
    EXPECT_THAT(refusal(never, KeyEscape::dns_label), HasSubstr("labels have 1 to 63 bytes"))
        << never;
  }
}

TEST(KeyTemplateTest, a_field_alone_is_a_whole_dns_name) {
  const std::string refused = "refused: the key is no DNS name";
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(longest.size(), 253u);
  const struct {
    std::string value;
    std::string expected;
  } rows[] = {
      {"www.example.org", R"("www.example.org")"},
      {"www.example.org.", R"("www.example.org.")"},
      {longest, "\"" + longest + "\""},
      {longest + ".", "\"" + longest + ".\""},
      {longest + "b", refused},
      {label + "a.org", refused},
      {"a..b", refused},
      {".a", refused},
      {".", refused},
      {"a..", refused},
      {"a.b\r\n", refused},
      {"a/b", refused},
      {"", "missing"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(key_of("{{v}}", KeyEscape::dns_label, row.value), row.expected) << row.value;
  }
}

TEST(KeyTemplateTest, without_escape_any_bytes_pass) {
  constexpr std::string_view kBytes("../\r\n?#%2e%2e\0\"'${jndi:x}{{v}}", 30);
  EXPECT_EQ(key_of("k:{{v}}", KeyEscape::none, kBytes), "\"k:" + std::string(kBytes) + "\"");
}

TEST(KeyTemplateTest, names_the_fields_it_reads) {
  const KeyTemplate made = parsed("{{a.b}}-{{c}}{{a.b}}");
  std::vector<std::string> names;
  for (const FieldPath& field : made.fields()) names.push_back(field.to_string());
  EXPECT_THAT(names, testing::ElementsAre("a.b", "c", "a.b"));
}

TEST(KeyTemplateTest, knows_when_it_is_one_field_and_nothing_else) {
  ASSERT_NE(parsed("{{a.b}}").whole_field(), nullptr);
  const KeyTemplate alone = parsed("{{ a.b }}");
  EXPECT_EQ(alone.whole_field()->to_string(), "a.b");
  for (const std::string_view text : {"x{{a}}", "{{a}}x", "{{a}}{{b}}", "a", " {{a}}", "{{{{a}}"}) {
    EXPECT_EQ(parsed(text).whole_field(), nullptr) << text;
  }
}

}  // namespace
}  // namespace logbraid
