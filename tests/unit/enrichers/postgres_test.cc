#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::make_enricher;
using test::make_error;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string settings_with(const std::string& query, const std::string& more) {
  return R"({"url":"postgresql://u:geheim@127.0.0.1/shop","query":")" + query + "\"" + more + "}";
}
constexpr const char* kUsual = R"(,"parameters":["{{user.id}}"],"output":"user")";

TEST(PostgresTest, reads_its_parameters_and_writes_its_fields) {
  const auto made = make_enricher(
      postgres_enricher(),
      settings_with(
          "select a, b from t where a = $1 and b = $2",
          R"(,"parameters":["{{user.id}}","x-{{tenant}}"],"fields":{"u.a":"a","u.b":"b"})"));
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_THAT(made->reads, testing::ElementsAre(FieldPath::parse("user.id").value(),
                                                FieldPath::parse("tenant").value()));
  EXPECT_THAT(made->writes, testing::ElementsAre(FieldPath::parse("u.a").value(),
                                                 FieldPath::parse("u.b").value()));
}

TEST(PostgresTest, opens_no_connection_to_be_made) {
  EXPECT_TRUE(make_enricher(postgres_enricher(),
                            settings_with("select * from t where id = any($1)", kUsual))
                  .has_value());  // and nobody listens there
}

TEST(PostgresTest, asks_no_name_server_to_be_made) {
  EXPECT_TRUE(
      make_enricher(postgres_enricher(),
                    R"({"url":"postgresql://u@no-such-host.invalid/shop","query":"select $1")" +
                        std::string(kUsual) + "}")
          .has_value());
}

TEST(PostgresTest, says_what_would_be_right) {
  const struct {
    std::string settings;
    const char* says;
  } rows[] = {
      {settings_with("select 1", kUsual), "parameters: names 1, the query has none"},
      {settings_with("select $1, $3", kUsual), "parameters: names 1, the query has $1 to $3"},
      {settings_with("select '$1'", kUsual), "the query has none"},
      {settings_with("select $1", R"(,"parameters":["x"],"output":"user")"),
       "no field of the event"},
      {settings_with("select $1", R"(,"parameters":["{{x"],"output":"user")"), "{{ without its }}"},
      {settings_with("select $1", R"(,"parameters":[],"output":"user")"), "parameters: names none"},
      {settings_with("select $1", R"(,"parameters":["{{x}}"])"), "either `fields`"},
      {settings_with("select $1", R"(,"parameters":["{{x}}"],"output":"o","fields":{"a":"b"})"),
       "either `fields`"},
      {settings_with("select $1", R"(,"parameters":["{{x}}"],"fields":{})"), "names no field"},
      {settings_with("select $1", std::string(kUsual) + R"(,"key_column":"id")"), "= any($1)"},
      {settings_with("select $1", std::string(kUsual) + R"(,"batch":{"max":5})"), "= any($1)"},
      {settings_with("select $1", std::string(kUsual) + R"(,"connections":0)"), "connections"},
      {settings_with("select $1", std::string(kUsual) + R"(,"idle_timeout":"999ms")"),
       "idle_timeout: must be 1s or more"},
      {settings_with("select $1", std::string(kUsual) + R"(,"multiple":"all")"), "multiple"},
      {settings_with("select $1", std::string(kUsual) + R"(,"max_rows":5)"),
       "max_rows: is for `multiple: array`"},
      {settings_with("select $1", std::string(kUsual) + R"(,"multiple":"array","max_rows":0)"),
       "max_rows"},
      {R"({"url":"postgresql://u:geheim@/shop","query":"select $1","parameters":["{{x}}"],"output":"o"})",
       "url: names no host"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(make_error(postgres_enricher(), row.settings),
                AllOf(HasSubstr(row.says), Not(HasSubstr("geheim"))))
        << row.settings;
  }
}

}  // namespace
}  // namespace logbraid
