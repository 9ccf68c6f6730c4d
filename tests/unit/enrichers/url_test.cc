#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enrichers/builtin.h"
#include "enrichers/url_parts.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::enrich_one;
using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

std::string parts_of(const std::string& json_text, const char* settings = "{}") {
  const auto enriched = enrich_one(url_enricher(), settings, R"({"path":")" + json_text + "\"}");
  EXPECT_EQ(enriched.result, CallResult::ok) << json_text << enriched.reason;
  return enriched.fields;
}

TEST(UrlTest, splits_targets_and_urls) {
  const struct {
    const char* text;
    const char* parts;
  } rows[] = {
      {"/", R"({"path":"/"})"},
      {"/a/b.html", R"({"path":"/a/b.html","extension":"html"})"},
      {"/a?b=1&c=2", R"({"path":"/a","query":{"b":"1","c":"2"}})"},
      {"/a?", R"({"path":"/a","query":{}})"},
      {"/a#top", R"({"path":"/a","fragment":"top"})"},
      {"/a#x?b=1", R"({"path":"/a","fragment":"x?b=1"})"},
      {"HTTPS://User:pw@Example.COM:8443/a?b#c",
       R"({"scheme":"https","host":"example.com","port":8443,"path":"/a","query":{"b":""},"fragment":"c"})"},
      {"http://[2001:db8::1]:80/",
       R"({"scheme":"http","host":"2001:db8::1","port":80,"path":"/"})"},
      {"http://h", R"({"scheme":"http","host":"h"})"},
      {"http://h?x=1", R"({"scheme":"http","host":"h","query":{"x":"1"}})"},
      {"http://h:99999/", R"({"scheme":"http","host":"h","path":"/"})"},
      {"http://h:/", R"({"scheme":"http","host":"h","path":"/"})"},
      {"file:///etc/hosts", R"({"scheme":"file","path":"/etc/hosts"})"},
      {"//admin/x.php", R"({"path":"//admin/x.php","extension":"php"})"},
      {"*", R"({"path":"*"})"},
      {"example.com:443", R"({"path":"example.com:443"})"},
      {"1http://x/", R"({"path":"1http://x/"})"},
      {"/redirect?to=http://x.y/z?a=1",
       R"({"path":"/redirect","query":{"to":"http://x.y/z?a=1"}})"},
      {"/.htaccess", R"({"path":"/.htaccess"})"},
      {"/a.tar.gz", R"({"path":"/a.tar.gz","extension":"gz"})"},
      {"/a.", R"({"path":"/a."})"},
      {"/v1.2/x", R"({"path":"/v1.2/x"})"},
      {"/a.abcdefghijklmnopq", R"({"path":"/a.abcdefghijklmnopq"})"},
      {"/a.abcdefghijklmnop", R"({"path":"/a.abcdefghijklmnop","extension":"abcdefghijklmnop"})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parts_of(row.text), R"({"url":)" + std::string(row.parts) + "}") << row.text;
  }
}

TEST(UrlTest, a_query_that_is_odd_in_any_way_has_the_parameters_it_always_had) {
  const struct {
    const char* query;
    const char* parameters;
  } rows[] = {
      {"a=b=c", R"({"a":"b=c"})"},
      {"a==", R"({"a":"="})"},
      {"&&a=1&&b", R"({"a":"1","b":""})"},
      {"=x&a=1&=y", R"({"a":"1"})"},
      {"a=1&b=2&a=3", R"({"a":"3","b":"2"})"},
      {"a=1&ab=2&b=3&ba=4", R"({"a":"1","ab":"2","b":"3","ba":"4"})"},
      {"a&", R"({"a":""})"},
      {"a=1&%61=2", R"({"a":"2"})"},
      {"a=1&b=x+y&c=%22", R"({"a":"1","b":"x y","c":"\""})"},
      {"a&b&c&d&e&f&g&h", R"({"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":""})"},
      {"a&b&c&d&e&f&g&h&i&a=1",
       R"({"a":"1","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":""})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parts_of("/?" + std::string(row.query)),
              R"({"url":{"path":"/","query":)" + std::string(row.parameters) + "}}")
        << row.query;
  }
}

TEST(UrlTest, an_ipv6_host_without_its_closing_bracket_is_split_all_the_same) {
  EXPECT_EQ(parts_of("http://[::1"), R"({"url":{"scheme":"http","host":"[:","port":1}})");
}

TEST(UrlTest, decodes_names_and_values_of_parameters) {
  const std::pair<const char*, const char*> rows[] = {
      {"a=1+2", R"({"a":"1 2"})"},
      {"a%20b=%C3%A4", "{\"a b\":\"\xC3\xA4\"}"},
      {"a=%22%5C%0A", R"({"a":"\"\\\n"})"},
      {"a=%00%1f", R"({"a":"\u0000\u001f"})"},
      {"a=%", R"({"a":"%"})"},
      {"a=%4", R"({"a":"%4"})"},
      {"a=%zz%41", R"({"a":"%zzA"})"},
      {"a=%ff", "{\"a\":\"\xEF\xBF\xBD\"}"},
      {"a=%c3", "{\"a\":\"\xEF\xBF\xBD\"}"},
      {"a=%ed%a0%80", "{\"a\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}"},
      {"a=%f4%90%80%80x", "{\"a\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx\"}"},
      {"%ff=1", "{\"\xEF\xBF\xBD\":\"1\"}"},
      {"a=1&a=2&b=3&%61=4", R"({"a":"4","b":"3"})"},
      {"a", R"({"a":""})"},
      {"a=", R"({"a":""})"},
      {"=x&&&a=b==c&", R"({"a":"b==c"})"},
      {"a=${jndi:ldap://x}&b={{c}}", R"({"a":"${jndi:ldap://x}","b":"{{c}}"})"},
      {"a==1+1", R"({"a":"=1 1"})"},
      {"x=a;y=b", R"({"x":"a;y=b"})"},
  };
  for (const auto& [query, object] : rows) {
    EXPECT_EQ(parts_of("/?" + std::string(query)),
              R"({"url":{"path":"/","query":)" + std::string(object) + "}}")
        << query;
  }
}

TEST(UrlTest, gives_the_parameters_that_were_named) {
  const char* const settings = R"({"query": ["uid", "a.b", "none"]})";
  EXPECT_EQ(parts_of("/?x=1&%75id=4%32&a.b=c+d&uid=43", settings),
            R"({"url":{"path":"/","query":{"uid":"43","a.b":"c d"}}})");
  EXPECT_EQ(parts_of("/?x=1", settings), R"({"url":{"path":"/"}})");
  EXPECT_EQ(parts_of("/?uid", settings), R"({"url":{"path":"/","query":{"uid":""}}})");
  EXPECT_EQ(parts_of("/?uid=1", R"({"query": false})"), R"({"url":{"path":"/"}})");
  EXPECT_EQ(parts_of("/?uid=1", R"({"query": "uid"})"),
            R"({"url":{"path":"/","query":{"uid":"1"}}})");
}

TEST(UrlTest, parameters_behind_the_64th_are_left_out) {
  std::string query;
  for (int i = 0; i < 100000; ++i) query += "k" + std::to_string(i) + "=v&";
  const std::string whole = parts_of("/?" + query);
  EXPECT_THAT(whole, HasSubstr("\"k63\":\"v\"}"));
  EXPECT_EQ(parts_of("/?" + query, R"({"query": ["k63", "k64"]})"),
            R"({"url":{"path":"/","query":{"k63":"v"}}})");
}

TEST(UrlTest, a_long_target_is_split_too_and_a_patch_over_1_mib_is_refused) {
  const std::string long_value(1 << 19, 'v');
  EXPECT_EQ(parts_of("/x?a=" + long_value),
            R"({"url":{"path":"/x","query":{"a":")" + long_value + "\"}}}");
  std::string controls;  // each becomes the six bytes of \\u0001
  while (controls.size() < 600'000) controls += "%01";
  EXPECT_TRUE(enrich_one(url_enricher(), "{}", R"({"path":"/x?a=)" + controls + "\"}").overflowed);
}

TEST(UrlTest, what_has_no_text_is_no_match) {
  for (const char* event : {"{}", R"({"path":null})", R"({"path":7})", R"({"path":""})",
                            R"({"path":{"a":"/"}})", R"({"path":["/"]})"}) {
    const auto enriched = enrich_one(url_enricher(), "{}", event);
    EXPECT_EQ(enriched.result, CallResult::no_match) << event;
    EXPECT_EQ(enriched.fields, "{}") << event;
  }
}

TEST(UrlTest, reads_and_writes_where_it_is_told) {
  const auto enriched =
      enrich_one(url_enricher(), R"({"input": "http.target", "output": "http.url"})",
                 R"({"http":{"target":"\/a\u002f?b=c"}})");
  EXPECT_EQ(enriched.fields, R"({"http":{"url":{"path":"/a/","query":{"b":"c"}}}})");
  const auto instance = make_enricher(url_enricher(), R"({"query": ["uid"]})");
  ASSERT_TRUE(instance.has_value());
  ASSERT_EQ(instance->reads.size(), 1u);
  EXPECT_EQ(instance->reads[0].to_string(), "path");
  std::vector<std::string> writes;
  for (const FieldPath& path : instance->writes) writes.push_back(path.to_string());
  EXPECT_THAT(writes,
              ::testing::UnorderedElementsAre("url.scheme", "url.host", "url.port", "url.path",
                                              "url.extension", "url.fragment", "url.query.uid"));
}

TEST(UrlTest, refuses_settings_that_do_not_fit) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"input": "url"})", "would replace the input url"},
      {R"({"input": "url", "output": "url.parts"})", "would replace the input url"},
      {R"({"query": {}})", "query"},
      {R"({"query": [[]]})", "query"},
      {R"({"query": [""]})", "a name is empty"},
      {R"({"input": "a..b"})", "a..b"},
  };
  for (const auto& [settings, message] : rows) {
    EXPECT_THAT(make_error(url_enricher(), settings), HasSubstr(message)) << settings;
  }
  EXPECT_EQ(make_error(url_enricher(), R"({"input": "url.original", "output": "url"})"), "");
}

TEST(UrlTest, every_cut_of_a_url_has_parts) {
  const std::string_view url = "https://u:p@h.example:443/a/b.c?d=%C3%A4&e=+f#g";
  for (std::size_t size = 0; size <= url.size(); ++size) {
    const UrlParts parts = split_url(url.substr(0, size));
    EXPECT_LE(parts.path.size() + parts.query.size() + parts.host.size(), size);
    EXPECT_EQ(parts.host.find("u:p"), std::string_view::npos) << size;
  }
}

}  // namespace
}  // namespace logbraid
