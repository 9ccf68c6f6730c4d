#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/masking.h"
#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;
using ::testing::Not;

// With the settings that must be there.
std::string with(const std::string& settings) {
  return R"({"url": "redis://127.0.0.1", "key": "user:{{user_id}}", )" + settings + "}";
}
std::string error(const std::string& settings) {
  return make_error(redis_enricher(), with(settings));
}

TEST(RedisTest, reads_what_its_key_is_made_of_and_writes_its_fields) {
  const auto paths = [](const std::vector<FieldPath>& fields) {
    std::string text;
    for (const FieldPath& field : fields) text += field.to_string() + " ";
    return text;
  };
  struct Row {
    const char* settings;
    const char* writes;
  };
  const Row rows[] = {
      {R"("output": "user")", "user "},
      {R"("fields": {"user.plan": "/plan", "org": "/org/name"})", "user.plan org "},
      {R"("fields": {"plan": "/plan"}, "output": "user")", "user.plan "},
      {R"("command": "hmget", "fields": {"user.plan": "plan"})", "user.plan "},
      {R"("command": "hgetall", "output": "user")", "user "},
      {R"("command": "hgetall", "fields": {"a": "b"})", "a "},
  };
  for (const Row& row : rows) {
    const auto made = make_enricher(redis_enricher(), with(row.settings));
    ASSERT_TRUE(made) << row.settings << made.error().message;
    EXPECT_EQ(made->placement, Placement::async);
    EXPECT_EQ(paths(made->reads), "user_id ") << row.settings;
    EXPECT_EQ(paths(made->writes), row.writes) << row.settings;
  }
}

TEST(RedisTest, errors_say_what_would_be_right) {
  const std::pair<std::string, const char*> rows[] = {
      {error(R"("command": "get")"), "output: says where the value goes; write `output: user`"},
      {error(R"("command": "hgetall")"), "output: says where the value goes"},
      {error(R"("command": "hmget", "output": "user")"), "fields: hmget asks for fields of a hash"},
      {error(R"("fields": {})"), "fields: names no field; write {user.plan: /plan}"},
      {error(R"("fields": {"a": "plan"})"), "fields.a: "},
      {error(R"("fields": {"a..b": "/plan"})"), "fields.a..b: "},
      {error(R"("command": "keys", "output": "a")"), "command: "},
      {error(R"("output": "a", "connections": 0)"), "connections: "},
      {error(R"("output": "a", "pipeline": 2000)"), "pipeline: "},
      {error(R"("output": "a", "max_reply": "1GiB")"), "max_reply: must be 1 byte to 64 MiB"},
      {error(R"("output": "a", "client_name": "a b")"), "client_name: must have no blanks"},
      {error(R"("output": "a", "ca_file": "ca.pem")"), "ca_file: is for TLS; write the URL as"},
      {make_error(redis_enricher(), R"({"url": "rediss://h", "key": "{{a}}", "output": "b",
                                        "certificate": "c.pem"})"),
       "certificate: certificate and certificate_key go together"},
      {make_error(redis_enricher(), R"({"url": "rediss://h", "key": "{{a}}", "output": "b",
                                        "ca_file": "/no/such/file"})"),
       "ca_file: ca_file /no/such/file: No such file"},
      {make_error(redis_enricher(), R"({"url": "http://h", "key": "{{a}}", "output": "b"})"),
       "url: \"http\" is no scheme of Redis"},
      {make_error(redis_enricher(), R"({"url": "redis://h", "key": "{{a", "output": "b"})"),
       "key: "},
  };
  for (const auto& [said, expected] : rows) EXPECT_THAT(said, HasSubstr(expected));
}

// A setting is shown with the passwords of URLs masked.
TEST(RedisTest, its_password_is_shown_nowhere) {
  for (const char* url : {"redis://:secret@h:x", "redis://ann:secret@h?no", "unix://:secret@x/y"}) {
    EXPECT_THAT(mask_passwords(url), Not(HasSubstr("secret")));
    const std::string error = make_error(
        redis_enricher(), R"({"key": "{{a}}", "output": "b", "url": ")" + std::string(url) + "\"}");
    EXPECT_THAT(error, HasSubstr("url: "));
    EXPECT_THAT(error, Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace logbraid
