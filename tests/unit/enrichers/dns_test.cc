#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

TEST(DnsTest, reads_its_input_or_what_stands_in_its_name) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"input": "client_ip", "output": "host"})", "client_ip"},
      {R"({"input": "a.b\\.c", "output": "host"})", "a.b\\.c"},
      {R"({"record": "txt", "query": "{{user}}.people.example", "output": "host"})", "user"},
      {R"({"record": "aaaa", "input": "name", "output": "host", "all": true})", "name"},
  };
  for (const auto& [settings, reads] : rows) {
    const auto made = make_enricher(dns_enricher(), settings);
    ASSERT_TRUE(made) << settings << made.error().message;
    EXPECT_EQ(made->placement, Placement::async);
    ASSERT_EQ(made->reads.size(), 1u);
    EXPECT_EQ(made->reads[0].to_string(), reads);
    ASSERT_EQ(made->writes.size(), 1u);
    EXPECT_EQ(made->writes[0].to_string(), "host");
  }
}

TEST(DnsTest, errors_say_what_would_be_right) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"output": "host"})", "write `input`, a field, or `query`, a template"},
      {R"({"input": "a", "query": "b", "output": "host"})", "one of them"},
      {R"({"input": "a"})", "output"},
      {R"({"input": "a", "output": "h", "record": "mx"})", "record: "},
      {R"({"input": "a", "output": "h", "servers": ["ns.example"]})", "servers: "},
      {R"({"input": "a", "output": "h", "servers": ["192.0.2.1:x"]})", "servers: "},
      {R"({"input": "a", "output": "h", "port": 0})", "port: "},
      {R"({"input": "a", "output": "h", "tries": 0})", "tries: "},
      {R"({"input": "a", "output": "h", "try_timeout": "2m"})", "try_timeout: must be 1ms to 1m"},
      {R"({"record": "a", "query": "{{a", "output": "h"})", "query: "},
  };
  for (const auto& [settings, expected] : rows) {
    EXPECT_THAT(make_error(dns_enricher(), settings), HasSubstr(expected)) << settings;
  }
}

}  // namespace
}  // namespace logbraid
