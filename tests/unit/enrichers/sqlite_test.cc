#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() {
    sqlite3* database = nullptr;
    sqlite3_open((directory_ / "users.db").c_str(), &database);
    sqlite3_exec(database, "create table users(id integer, plan text)", nullptr, nullptr, nullptr);
    sqlite3_close(database);
    context_.base_directory = directory_.path().string();
  }

  const test::TemporaryDirectory directory_;
  MakeContext context_;
};

TEST_F(SqliteTest, reads_its_parameters_and_writes_its_fields) {
  const auto made =
      make_enricher(sqlite_enricher(),
                    R"({"database":"users.db","query":"select plan from users where id = ?1",)"
                    R"("parameters":["{{user.id}}"],"fields":{"user.plan":"plan"}})",
                    context_);
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_THAT(made->reads, testing::ElementsAre(FieldPath::parse("user.id").value()));
  EXPECT_THAT(made->writes, testing::ElementsAre(FieldPath::parse("user.plan").value()));
}

TEST_F(SqliteTest, says_what_would_be_right) {
  const std::string no_database = directory_.file("text.db", std::string(5000, 'x'));
  const struct {
    const char* file;
    const char* query;
    const char* more;
    const char* says;
  } rows[] = {
      {"none.db", "select ?1", R"("output":"o")", "database: there is no file"},
      {"text.db", "select id from users where id = ?1", R"("output":"o")",
       "file is not a database"},
      {"users.db", "select ?1, ?2", R"("output":"o")", "has 2 parameters, `parameters` has 1"},
      {"users.db", "delete from users where id = ?1", R"("output":"o")", "not authorized"},
      {"users.db", "select id from users where id = ?1", R"("fields":{"p":"plan"})",
       "no column \"plan\"; it has id"},
      {"users.db", "select id, id from users where id = ?1", R"("output":"o")", "two columns"},
      {"users.db", "select id from users where id = ?1", R"("cache":{"size":"1MiB"})",
       "either `fields`"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(make_error(sqlite_enricher(),
                           std::string(R"({"database":")") + row.file + R"(","query":")" +
                               row.query + R"(","parameters":["{{id}}"],)" + row.more + "}",
                           context_),
                HasSubstr(row.says))
        << row.query;
  }
}

}  // namespace
}  // namespace logbraid
