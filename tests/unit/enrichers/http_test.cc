#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "enrichers/builtin.h"
#include "enrichers/http_settings.h"
#include "tests/support/enrich_one.h"
#include "tests/support/event_of.h"
#include "tests/support/json_setting.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using test::make_enricher;
using test::make_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The settings that a test is not about.
std::string with(const std::string& more) {
  return R"({"url":"https://users.example/users/{{id}}","fields":{"plan":"/plan"})" +
         (more.empty() ? "" : "," + more) + "}";
}

Result<HttpParts> parse(const std::string& json) {
  auto settings = Settings::check(test::json_setting(json), http_enricher().settings);
  if (!settings) return settings.error();
  return parse_http_settings(*settings, {});
}

TEST(HttpEnricherTest, reads_what_stands_in_its_templates_and_writes_its_fields) {
  const auto made = make_enricher(
      http_enricher(),
      R"({"url":"https://users.example/users/{{url.query.uid}}?t={{tenant}}","method":"post",)"
      R"("body":"{\"a\":\"{{agent}}\"}","headers":{"X-Trace":"{{trace}}","X-Fixed":"1"},)"
      R"("fields":{"user.plan":"/plan","user.org":"/org/name"},"output":"user.all"})");
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_EQ(made->placement, Placement::async);
  const auto names = [](const std::vector<FieldPath>& paths) {
    std::vector<std::string> all;
    for (const FieldPath& path : paths) all.push_back(path.to_string());
    return all;
  };
  EXPECT_THAT(names(made->reads), ElementsAre("url.query.uid", "tenant", "agent", "trace"));
  EXPECT_THAT(names(made->writes), ElementsAre("user.plan", "user.org", "user.all"));
}

TEST(HttpEnricherTest, takes_its_settings) {
  const auto made = parse(with(
      R"("auth":{"user":"me","password":"p:w"},"connections":8,"redirects":2,"max_reply":"64KiB",)"
      R"("connect_timeout":"20ms","http2":false,"forbid_private":true,"warm_up":"/health?q",)"
      R"("tls":{"verify":false,"server_name":"Internal.Example"},"content_type":"text/json")"));
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  const HttpOptions& options = made->options;
  EXPECT_EQ(options.origin.url(), "https://users.example:443");
  EXPECT_EQ(made->authorization, "Basic bWU6cDp3");
  EXPECT_EQ(options.connections, 8u);
  EXPECT_EQ(options.redirects, 2u);
  EXPECT_EQ(options.max_reply, 64u * 1024);
  EXPECT_EQ(options.connect_timeout, std::chrono::milliseconds(20));
  EXPECT_FALSE(options.http2);
  EXPECT_EQ(options.warm_up, "/health?q");
  EXPECT_FALSE(options.verify);
  EXPECT_EQ(options.server_name, "internal.example");
  EXPECT_NE(options.refuses, nullptr);
  EXPECT_EQ(parse(with(R"("auth":{"token":"t0ken"})"))->authorization, "Bearer t0ken");
}

TEST(HttpEnricherTest, takes_a_bulk_request) {
  const auto made =
      parse(R"({"url":"http://users.example/_find?v=1","fields":{"plan":"/plan"},"bulk":{)"
            R"("key":"{{id}}","body":"{\"ids\":[{{keys}}]}","items":"/users","item_key":"/id"}})");
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_TRUE(made->options.post);
  EXPECT_EQ(made->options.target, "/_find?v=1");
  EXPECT_EQ(made->options.reply.bulk->body_start, R"({"ids":[)");
  EXPECT_EQ(made->options.reply.bulk->body_end, "]}");
  EXPECT_TRUE(made->options.reply.bulk->item_key.has_value());
}

TEST(HttpEnricherTest, no_event_chooses_scheme_host_or_port) {
  const char* const urls[] = {"{{scheme}}://users.example/",   "https://{{host}}/",
                              "https://{{tenant}}.example/x",  "https://users.example:{{port}}/",
                              "https://users.example{{x}}/",   "https://users.example{{x}}",
                              "https://a@{{host}}/",           "{{url}}",
                              "https://users.{{a/b}}.example/"};
  for (const char* const url : urls) {
    const std::string settings =
        R"({"url":")" + std::string(url) + R"(","fields":{"plan":"/plan"}})";
    EXPECT_THAT(make_error(http_enricher(), settings), HasSubstr("must not depend on an event"))
        << url;
  }
}

TEST(HttpEnricherTest, values_of_events_stay_values) {
  const auto made =
      parse(R"({"url":"http://h.example/users/{{id}}/plan?q={{q}}","fields":{"plan":"/plan"}})");
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  const struct {
    const char* event;
    const char* key;  // null: refused
  } rows[] = {
      {R"({"id":"7","q":"x"})", "/users/7/plan?q=x"},
      {R"({"id":"a/../b","q":"&admin=1#"})", "/users/a%2F..%2Fb/plan?q=%26admin%3D1%23"},
      {R"({"id":"..","q":"x"})", nullptr},
      {R"({"id":".","q":"x"})", nullptr},
      {R"({"id":"a b\r\nHost: evil","q":"\u2028"})",
       "/users/a%20b%0D%0AHost%3A%20evil/plan?q=%E2%80%A8"},
      {R"({"id":"@evil.example","q":"http://evil.example/"})",
       "/users/%40evil.example/plan?q=http%3A%2F%2Fevil.example%2F"},
      {R"({"id":"${jndi:ldap://x}","q":"{{id}}"})",
       "/users/%24%7Bjndi%3Aldap%3A%2F%2Fx%7D/plan?q=%7B%7Bid%7D%7D"},
  };
  for (const auto& [event, expected] : rows) {
    test::EventOf read(event);
    std::string key;
    std::string_view why;
    const KeyResult result =
        made->options.key.render(EventView(read.event(), read.arena()), key, why);
    EXPECT_EQ(result == KeyResult::made, expected != nullptr) << event;
    if (expected != nullptr) {
      EXPECT_EQ(key, expected);
    }
  }
}

TEST(HttpEnricherTest, says_what_would_be_right) {
  const struct {
    std::string settings;
    const char* error;
  } rows[] = {
      {R"({"fields":{"a":"/a"}})", "url"},
      {R"({"url":"users.example","fields":{"a":"/a"}})", "http:// or https://"},
      {R"({"url":"http://me:pw@h.example/","fields":{"a":"/a"}})", "auth: {user"},
      {R"({"url":"http://h.example/a b","fields":{"a":"/a"}})", "%20"},
      {R"({"url":"http://h.example/a#b","fields":{"a":"/a"}})", "%23"},
      {R"({"url":"http://h.example/{{a","fields":{"a":"/a"}})", "{{"},
      {R"({"url":"http://h.example/"})", "write fields: {user.plan: /plan}, or output"},
      {with(R"("output":"")"), "output"},
      {R"({"url":"http://h.example/","fields":{"a":"plan"}})", "begins with a slash"},
      {with(R"("method":"put")"), "get"},
      {with(R"("method":"post")"), "a post has one"},
      {with(R"("body":"{}")"), "needs method: post"},
      {with(R"("method":"post","body":"{\"a\":{{id}}}")"), "put quotes around {{id}}"},
      {with(R"("headers":{"X {{id}}":"1"})"), "no name of a header"},
      {with(R"("headers":{"A\r\nB":"1"})"), "no name of a header"},
      {with(R"("headers":{"X":"a\nb"})"), "control character"},
      {with(R"("headers":{"Content-Length":"1"})"), "set by the client itself"},
      {with(R"("headers":{"authorization":"x"},"auth":{"token":"y"})"), "leave out one"},
      {with(R"("auth":{"user":"me"})"), "either {user"},
      {with(R"("auth":{"user":"me","token":"t"})"), "either {user"},
      {with(R"("auth":{"user":"a:b","password":"c"})"), "colon"},
      {with(R"("auth":{"token":"a\nb"})"), "control character"},
      {with(R"("tls":{"ca_file":"/nowhere/ca.pem"})"), "/nowhere/ca.pem cannot be read"},
      {with(R"("tls":{"certificate":"/etc/hosts"})"), "come together"},
      {with(R"("tls":{"server_name":"a b"})"), "no DNS name"},
      {with(R"("tls":{"verfy":true})"), "verify"},
      {R"({"url":"http://h.example/","fields":{"a":"/a"},"tls":{"verify":true}})", "https://"},
      {with(R"("proxy":"socks5://p.example")"), "http:// or https://"},
      {with(R"("proxy":"http://p.example/x")"), "has no path"},
      {with(R"("proxy":"http://p.example","forbid_private":true)"), "leave out one"},
      {with(R"("proxy":"http://p.example","tls":{"server_name":"x.example"})"), "server_name"},
      {with(R"("connections":0)"), "connections"},
      {with(R"("warm_up":"http://h.example/")"), "a path of the same host"},
      {with(R"("warm_up":"/{{id}}")"), "without fields"},
      {with(R"("warm_up":"/a b")"), "like /health"},
      {with(R"("redirects":11)"), "redirects"},
      {with(R"("bulk":{"key":"{{id}}","body":"[{{keys}}]"})"), "no field in url"},
      {R"({"url":"http://h.example/","fields":{"a":"/a"},"bulk":{"key":"{{id}}","body":"[]"}})",
       "{{keys}} once"},
      {R"({"url":"http://h.example/","fields":{"a":"/a"},"bulk":{"key":"{{id}}",)"
       R"("body":"[{{keys}},{{keys}}]"}})",
       "{{keys}} once"},
      {R"({"url":"http://h.example/","fields":{"a":"/a"},"headers":{"X":"{{t}}"},)"
       R"("bulk":{"key":"{{id}}","body":"[{{keys}}]"}})",
       "no fields here"},
  };
  for (const auto& [settings, error] : rows) {
    EXPECT_THAT(make_error(http_enricher(), settings), HasSubstr(error)) << settings;
  }
}

TEST(HttpEnricherTest, shows_no_secret_in_its_errors) {
  const std::string error =
      make_error(http_enricher(), with(R"("auth":{"user":"me","pasword":"hunter2"})"));
  EXPECT_THAT(error, HasSubstr("password"));
  EXPECT_THAT(error, ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace logbraid
