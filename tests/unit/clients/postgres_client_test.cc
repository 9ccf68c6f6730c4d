// Against a real PostgreSQL.
#include "clients/postgres_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/client_driver.h"
#include "tests/support/postgres_server.h"

namespace logbraid {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ClientDriver;
using test::PostgresServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Row = Request::Row;

// One for the program: making a cluster takes a second.
PostgresServer& server() {
  static PostgresServer all;
  return all;
}

struct Asking {
  std::string query;
  std::vector<std::string> parameters = {"{{key}}"};
  std::vector<std::string> columns = {};
  std::string key_column = {};
  std::string url = server().socket_url();
  std::uint32_t connections = 1;
  std::size_t max_reply = 1024 * 1024;
  SqlRowsRule rows = {};
};

std::shared_ptr<const PostgresOptions> options_for(const Asking& asking, bool takes_array) {
  std::vector<KeyTemplate> parts;
  for (const std::string& text : asking.parameters) {
    parts.push_back(KeyTemplate::parse(text, KeyEscape::none).value());
  }
  PostgresStatement statement;
  statement.text = asking.query;
  statement.parameters = parts.size();
  statement.takes_array = takes_array;
  statement.columns = asking.columns;
  statement.key_column = asking.key_column;
  auto options = std::make_shared<PostgresOptions>(PostgresTarget::parse(asking.url, "").value(),
                                                   std::move(statement), KeySpec(std::move(parts)));
  options->connections = asking.connections;
  options->max_reply = asking.max_reply;
  options->rows = asking.rows;
  return options;
}

ClientDriver::MakeClient client_of(const Asking& asking) {
  const bool takes_array = asking.query.find("any($1)") != std::string::npos;
  return [options = options_for(asking, takes_array)](const LookupSurroundings& around) {
    return std::make_unique<PostgresClient>(options, around);
  };
}

// A key of several parts, as KeySpec makes them.
std::string key_of(const std::vector<std::string>& parts) {
  std::string key;
  for (const std::string& part : parts) {
    const auto size = static_cast<unsigned>(part.size());
    for (int i = 0; i < 4; ++i) key += static_cast<char>(size >> (8 * i));
    key += part;
  }
  return key;
}

class PostgresClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!PostgresServer::is_installed()) GTEST_SKIP() << "no PostgreSQL (Debian: postgresql)";
    server().execute(
        "create table users(id int primary key, name text, plan text, score numeric, active bool,"
        " tags jsonb, born date, ratio float8);"
        "insert into users values (1,'Ann','pro',1.50,true,'{\"a\": [1,2]}','1990-05-01',0.25),"
        "(2,'Bob','free',null,false,null,null,null),(7,'Eve','pro',3,true,'\"x\"',null,1e300);"
        "create table names(name text, said text);"
        "create table parts(a text, b text, found int);"
        "insert into parts values ('x','y',12),('xy','',3);"
        "create table secrets(id int);"
        "grant select, insert on users, names, parts to reader;");
  }
  void SetUp() override {
    if (!PostgresServer::is_installed()) GTEST_SKIP() << "no PostgreSQL (Debian: postgresql)";
  }
};

constexpr const char* kOne = "select name, plan from users where id = $1";
constexpr const char* kMany = "select id, name from users where id = any($1)";

TEST_F(PostgresClientTest, finds_a_row_and_sets_its_fields) {
  ClientDriver driver(client_of({.query = kOne, .columns = {"plan", "name"}}));
  const auto found = driver.ask({"1"});
  EXPECT_EQ(found.error, RequestError::none) << found.why;
  EXPECT_EQ(found.rows[0].answer, R"({"0":"pro","1":"Ann"})");
  EXPECT_EQ(driver.ask({"3"}).rows[0].what, Row::not_found);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

TEST_F(PostgresClientTest, gives_the_whole_row_with_its_types) {
  ClientDriver driver(client_of({.query = "select * from users where id = $1"}));
  EXPECT_EQ(driver.ask({"1"}).rows[0].answer,
            R"({"0":{"id":1,"name":"Ann","plan":"pro","score":1.50,"active":true,)"
            R"("tags":{"a": [1, 2]},"born":"1990-05-01","ratio":0.25}})");
  EXPECT_EQ(driver.ask({"2"}).rows[0].answer,
            R"({"0":{"id":2,"name":"Bob","plan":"free","score":null,"active":false,)"
            R"("tags":null,"born":null,"ratio":null}})");
}

TEST_F(PostgresClientTest, asks_about_many_keys_in_one_query) {
  ClientDriver driver(client_of({.query = kMany, .columns = {"name"}}));
  const auto found = driver.ask({"7", "3", "1", "2"});
  EXPECT_EQ(found.error, RequestError::none) << found.why;
  EXPECT_EQ(found.rows[0].answer, R"({"0":"Eve"})");
  EXPECT_EQ(found.rows[1].what, Row::not_found);
  EXPECT_EQ(found.rows[2].answer, R"({"0":"Ann"})");
  EXPECT_EQ(found.rows[3].answer, R"({"0":"Bob"})");
}

TEST_F(PostgresClientTest, finds_rows_by_a_column_that_is_not_the_first) {
  ClientDriver driver(client_of({.query = "select name, id from users where id = any($1)",
                                 .columns = {"name"},
                                 .key_column = "id"}));
  const auto found = driver.ask({"2", "7"});
  EXPECT_EQ(found.rows[0].answer, R"({"0":"Bob"})");
  EXPECT_EQ(found.rows[1].answer, R"({"0":"Eve"})");
}

TEST_F(PostgresClientTest, finds_keys_that_the_server_spells_otherwise) {
  ClientDriver numbers(client_of({.query = kMany, .columns = {"name"}}));
  const auto padded = numbers.ask({"1", "007", " 2", "+3"});
  EXPECT_EQ(padded.rows[0].answer, R"({"0":"Ann"})");
  EXPECT_EQ(padded.rows[1].answer, R"({"0":"Eve"})");
  EXPECT_EQ(padded.rows[2].answer, R"({"0":"Bob"})");
  EXPECT_EQ(padded.rows[3].what, Row::not_found);

  ClientDriver texts(client_of(
      {.query = "select name, id from users where lower(name) = any($1)", .columns = {"id"}}));
  const auto folded = texts.ask({"ann", "nobody", "bob"});
  EXPECT_EQ(folded.rows[0].answer, R"({"0":1})");
  EXPECT_EQ(folded.rows[1].what, Row::not_found);
  EXPECT_EQ(folded.rows[2].answer, R"({"0":2})");
}

TEST_F(PostgresClientTest, keeps_parameters_apart) {
  ClientDriver driver(client_of({.query = "select found from parts where a = $1 and b = $2",
                                 .parameters = {"{{a}}", "{{b}}"},
                                 .columns = {"found"}}));
  EXPECT_EQ(driver.ask({key_of({"x", "y"})}).rows[0].answer, R"({"0":12})");
  EXPECT_EQ(driver.ask({key_of({"xy", ""})}).rows[0].answer, R"({"0":3})");
  EXPECT_EQ(driver.ask({key_of({"", "xy"})}).rows[0].what, Row::not_found);
}

TEST_F(PostgresClientTest, no_value_becomes_a_part_of_the_statement) {
  const std::vector<std::string> hostile = {"'; drop table users; --",
                                            "\"",
                                            "\\",
                                            "\\'",
                                            "$1",
                                            "${jndi:ldap://x}",
                                            "{a,b}",
                                            "NULL",
                                            "{}",
                                            "a\nb",
                                            "\u2028",
                                            "$$",
                                            "1) or (1=1",
                                            "/*",
                                            "",
                                            "}",
                                            "{\"",
                                            "\",\""};
  server().execute("truncate names");
  for (const std::string& name : hostile) {
    server().execute("insert into names values ($q$" + name + "$q$, 'found')");
  }
  ClientDriver one(
      client_of({.query = "select said from names where name = $1", .columns = {"said"}}));
  for (const std::string& name : hostile) {
    EXPECT_EQ(one.ask({name}).rows[0].answer, R"({"0":"found"})") << name;
    EXPECT_EQ(one.ask({name + "x"}).rows[0].what, Row::not_found) << name;
  }
  ClientDriver many(client_of(
      {.query = "select name, said from names where name = any($1)", .columns = {"name"}}));
  const auto found = many.ask(hostile);
  EXPECT_EQ(found.error, RequestError::none) << found.why;
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    EXPECT_EQ(found.rows[i].what, Row::found) << hostile[i];
  }
  EXPECT_EQ(many.ask({"a", "b"}).rows[0].what, Row::not_found);  // {a,b} is one name
  EXPECT_EQ(server().execute("select count(*) from users"), "3");
}

TEST_F(PostgresClientTest, refuses_a_nul_and_only_that_key) {
  ClientDriver many(client_of({.query = kMany, .columns = {"name"}}));
  const auto found = many.ask({"1", std::string("2\0003", 3), "7"});
  EXPECT_EQ(found.rows[0].answer, R"({"0":"Ann"})");
  EXPECT_EQ(found.rows[1].what, Row::error);
  EXPECT_THAT(found.rows[1].answer, HasSubstr("NUL"));
  EXPECT_EQ(found.rows[2].answer, R"({"0":"Eve"})");
  ClientDriver one(client_of({.query = kOne}));
  EXPECT_EQ(one.ask({std::string("1\0", 2)}).rows[0].what, Row::error);
}

TEST_F(PostgresClientTest, a_value_of_the_wrong_type_is_the_keys_fault) {
  ClientDriver one(client_of({.query = kOne, .columns = {"name"}}));
  const auto alone = one.ask({"x\x1b[31m"});
  EXPECT_EQ(alone.error, RequestError::bad_request);
  EXPECT_THAT(alone.why, HasSubstr("invalid input syntax for type integer"));
  EXPECT_THAT(alone.why, Not(HasSubstr("\x1b")));
  EXPECT_EQ(one.ask({"1"}).rows[0].what, Row::found);  // the session goes on

  const auto each = one.ask({"1", "x", "7"});  // without batches, some keys all the same
  EXPECT_EQ(each.error, RequestError::none);
  EXPECT_EQ(each.rows[0].what, Row::found);
  EXPECT_EQ(each.rows[1].what, Row::error);
  EXPECT_EQ(each.rows[2].what, Row::found);

  ClientDriver many(client_of({.query = kMany, .columns = {"name"}}));
  EXPECT_EQ(many.ask({"1", "x"}).error, RequestError::bad_request);
}

TEST_F(PostgresClientTest, can_only_read) {
  for (const char* const query :
       {"insert into names values ($1, 'x') returning said",
        "with gone as (delete from users where name = $1 returning name) select name from gone"}) {
    ClientDriver driver(client_of({.query = query}));
    const auto refused = driver.ask({"x"});
    EXPECT_EQ(refused.error, RequestError::refused) << query;
    EXPECT_THAT(refused.why, HasSubstr("read-only transaction")) << refused.why;
  }
  ClientDriver url(client_of(
      {.query = "insert into names values ($1, 'x') returning said",
       .url = server().socket_url() + "&options=-c%20default_transaction_read_only%3Doff"}));
  EXPECT_THAT(url.ask({"x"}).why, HasSubstr("read-only transaction"));
}

TEST_F(PostgresClientTest, a_statement_that_is_wrong_is_refused_with_the_servers_words) {
  const struct {
    Asking asking;
    const char* says;
  } rows[] = {
      {{.query = "select x from nowhere where id = $1"}, "relation \"nowhere\" does not exist"},
      {{.query = "selec $1"}, "syntax error"},
      {{.query = "select id from secrets where id = $1"}, "permission denied"},
      {{.query = "select 1 where $1 = $2"}, "bind message supplies 1 parameters"},
      {{.query = "select name from users where name = $1", .columns = {"nam"}},
       "no column \"nam\"; it has name"},
      {{.query = "select 1 as a, 2 as a where $1 = '1'"}, "two columns"},
      {{.query = "select 1 where $1 = '1'; select 2"}, "multiple commands"},
      {{.query = "select id from users where id = any($1)", .key_column = "key"}, "key_column"},
  };
  for (const auto& row : rows) {
    ClientDriver driver(client_of(row.asking));
    for (int i = 0; i < 2; ++i) {
      const auto refused = driver.ask({"1"});
      EXPECT_EQ(refused.error, RequestError::refused) << row.asking.query;
      EXPECT_THAT(refused.why, HasSubstr(row.says));
      EXPECT_THAT(refused.why, HasSubstr("/postgres: "));
    }
    EXPECT_EQ(driver.recorder().connections_opened.get(), 1u) << row.asking.query;
  }
}

TEST_F(PostgresClientTest, a_table_that_comes_later_is_found) {
  server().execute("drop table if exists later");
  ClientDriver driver(client_of({.query = "select a from later where a = $1", .columns = {"a"}}));
  EXPECT_EQ(driver.ask({"1"}).error, RequestError::refused);
  server().execute(
      "create table later(a int); insert into later values (1);"
      "grant select on later to reader");
  EXPECT_EQ(driver.ask({"1"}).rows[0].answer, R"({"0":1})");
}

TEST_F(PostgresClientTest, a_statement_of_the_wrong_columns_is_prepared_once) {
  server().execute(
      "drop view if exists growing; create view growing as select 1 as a;"
      "grant select on growing to reader");
  ClientDriver driver(
      client_of({.query = "select * from growing where a = $1", .columns = {"prepared"}}));
  for (int i = 0; i < 5; ++i) {
    const auto refused = driver.ask({"1"});
    EXPECT_EQ(refused.error, RequestError::refused);
    EXPECT_THAT(refused.why, HasSubstr("no column \"prepared\"; it has a"));
  }
  server().execute(
      "create or replace view growing as select 1 as a,"
      " (select count(*) from pg_prepared_statements) as prepared");
  // The one that was refused; then the one that is used from now on, too.
  for (const char* const prepared : {"1", "2", "2"}) {
    EXPECT_EQ(driver.ask({"1"}).rows[0].answer, R"({"0":)" + std::string(prepared) + "}");
  }
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

TEST_F(PostgresClientTest, a_table_that_changes_costs_one_request) {
  server().execute(
      "drop table if exists changing; create table changing(a int);"
      "insert into changing values (1); grant select on changing to reader");
  ClientDriver driver(client_of({.query = "select * from changing where a = $1"}));
  EXPECT_EQ(driver.ask({"1"}).rows[0].answer, R"({"0":{"a":1}})");
  server().execute("alter table changing add b int default 2");
  EXPECT_EQ(driver.ask({"1"}).error, RequestError::refused);
  EXPECT_EQ(driver.ask({"1"}).rows[0].answer, R"({"0":{"a":1,"b":2}})");
}

TEST_F(PostgresClientTest, of_several_rows_the_first_counts_or_none) {
  constexpr const char* kRows = "select n from generate_series(1, 3) n where $1 = '1' order by n";
  ClientDriver first(client_of({.query = kRows}));
  EXPECT_EQ(first.ask({"1"}).rows[0].answer, R"({"0":{"n":1}})");
  ClientDriver none(client_of({.query = kRows, .rows = {SqlRowsRule::Several::error}}));
  const auto failed = none.ask({"1"});
  EXPECT_EQ(failed.rows[0].what, Row::error);
  EXPECT_THAT(failed.rows[0].answer, HasSubstr("several rows"));
}

constexpr SqlRowsRule kArrays{SqlRowsRule::Several::array, 3};

TEST_F(PostgresClientTest, rows_become_arrays_in_their_order) {
  constexpr const char* kRows =
      "select n, nullif(n, 2) as m, '{\"a\": 1}'::jsonb as j from generate_series(1, $1::int) n"
      " order by n desc";
  ClientDriver fields(client_of({.query = kRows, .columns = {"m", "j", "n"}, .rows = kArrays}));
  EXPECT_EQ(fields.ask({"3"}).rows[0].answer,
            R"({"0":[3,null,1],"1":[{"a": 1},{"a": 1},{"a": 1}],"2":[3,2,1]})");
  EXPECT_EQ(fields.ask({"1"}).rows[0].answer, R"({"0":[1],"1":[{"a": 1}],"2":[1]})");
  EXPECT_EQ(fields.ask({"0"}).rows[0].what, Row::not_found);
  ClientDriver whole(client_of({.query = kRows, .rows = kArrays}));
  EXPECT_EQ(whole.ask({"2"}).rows[0].answer,
            R"({"0":[{"n":2,"m":null,"j":{"a": 1}},{"n":1,"m":1,"j":{"a": 1}}]})");
}

constexpr const char* kPairs =
    "select k, v from (values (1,'a'),(2,'b'),(1,'c'),(3,'d'),(3,'e'),(3,'f'),(3,'g'),(1,'h'))"
    " as pairs(k, v) where k = any($1)";

TEST_F(PostgresClientTest, rows_of_many_keys_become_an_array_of_each) {
  ClientDriver driver(client_of({.query = kPairs, .columns = {"v"}, .rows = kArrays}));
  const auto found = driver.ask({"2", "9", "1", "3"});
  EXPECT_EQ(found.error, RequestError::none) << found.why;
  EXPECT_EQ(found.rows[0].answer, R"({"0":["b"]})");
  EXPECT_EQ(found.rows[1].what, Row::not_found);
  EXPECT_EQ(found.rows[2].answer, R"({"0":["a","c","h"]})");
  // One more than max_rows costs its key, and no other.
  EXPECT_EQ(found.rows[3].what, Row::error);
  EXPECT_EQ(found.rows[3].answer, "more than 3 rows for one key (max_rows)");
  EXPECT_EQ(driver.ask({"3"}).rows[0].what, Row::error);
  EXPECT_EQ(driver.ask({"01"}).rows[0].answer, R"({"0":["a","c","h"]})");
  const auto twice = driver.ask({"01", "1"});
  EXPECT_EQ(twice.rows[0].answer, R"({"0":["a","c","h"]})");
  EXPECT_EQ(twice.rows[1].answer, R"({"0":["a","c","h"]})");
}

// 1.0 and 1.00 are one number in two spellings: an array has the rows of both.
TEST_F(PostgresClientTest, an_array_has_the_rows_that_spell_its_key_otherwise) {
  ClientDriver driver(
      client_of({.query = "select k, v from (values (1.0,'a'),(1.00,'b'),(2,'c')) as pairs(k, v)"
                          " where k = any($1)",
                 .columns = {"v"},
                 .rows = kArrays}));
  const auto found = driver.ask({"1.0", "2"});
  EXPECT_EQ(found.error, RequestError::none) << found.why;
  EXPECT_EQ(found.rows[0].answer, R"({"0":["a","b"]})");
  EXPECT_EQ(found.rows[1].answer, R"({"0":["c"]})");
}

TEST_F(PostgresClientTest, an_array_that_is_cut_off_is_none) {
  ClientDriver driver(client_of(
      {.query = "select k, repeat('x', 1000) as v from unnest($1::int[]) k, generate_series(1, 2)"
                " where k = any($1)",
       .columns = {"v"},
       .max_reply = 3000,
       .rows = kArrays}));
  const auto ended = driver.ask({"1", "2", "3"});
  EXPECT_EQ(ended.error, RequestError::oversize);
  for (const auto& row : ended.rows) EXPECT_EQ(row.what, Row::unset);
}

// Each row is sent before the next is made: the first key's is there when that of 0 divides by it.
TEST_F(PostgresClientTest, a_query_for_many_keys_that_fails_half_way_has_no_answer) {
  constexpr const char* kQuery =
      "select k, 100000 / k as v, repeat('x', 20000) from unnest($1::int[]) k where k = any($1)";
  for (const auto several :
       {SqlRowsRule::Several::first, SqlRowsRule::Several::error, SqlRowsRule::Several::array}) {
    ClientDriver driver(client_of({.query = kQuery, .columns = {"v"}, .rows = {several, 3}}));
    const auto failed = driver.ask({"1", "2", "0", "4"});
    EXPECT_EQ(failed.error, RequestError::bad_request) << failed.why;
    EXPECT_THAT(failed.why, HasSubstr("division by zero"));
    for (const auto& row : failed.rows) EXPECT_NE(row.what, Row::found);
    const auto well = driver.ask({"1", "2", "4"});
    EXPECT_EQ(well.error, RequestError::none) << well.why;
    for (const auto& row : well.rows) EXPECT_EQ(row.what, Row::found);
  }
}

TEST_F(PostgresClientTest, a_reply_that_is_too_large_is_not_gathered) {
  ClientDriver driver(client_of(
      {.query = "select repeat('x', 1000) from generate_series(1, $1)", .max_reply = 100'000}));
  const auto huge = driver.ask({"100000"});
  EXPECT_EQ(huge.error, RequestError::oversize);
  EXPECT_THAT(huge.why, HasSubstr("100000 bytes (max_reply)"));
  EXPECT_EQ(driver.ask({"1"}).rows[0].what, Row::found);
}

TEST_F(PostgresClientTest, many_requests_are_under_way_on_one_connection) {
  ClientDriver driver(client_of({.query = kOne, .columns = {"name"}}));
  std::vector<ClientDriver::Sent> sent;
  for (int i = 0; i < 300; ++i) sent.push_back(driver.send({std::to_string(i % 8)}));
  for (int i = 0; i < 300; ++i) {
    const auto ended = sent[static_cast<std::size_t>(i)].ended.get();
    ASSERT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows[0].what,
              i % 8 == 1 || i % 8 == 2 || i % 8 == 7 ? Row::found : Row::not_found);
  }
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

TEST_F(PostgresClientTest, opens_more_connections_while_queries_wait) {
  ClientDriver driver(client_of({.query = "select pg_sleep(0.05), $1::int", .connections = 3}));
  std::vector<ClientDriver::Sent> sent;
  for (int i = 0; i < 12; ++i) sent.push_back(driver.send({"1"}));
  for (auto& one : sent) EXPECT_EQ(one.ended.get().error, RequestError::none);
  EXPECT_LE(driver.recorder().connections_opened.get(), 3u);
}

TEST_F(PostgresClientTest, shards_divide_the_connections_of_the_process) {
  const struct {
    unsigned shard;
    std::uint64_t most;
  } rows[] = {{0, 2}, {1, 1}};
  for (const auto& [shard, most] : rows) {
    ClientDriver driver(test::on_shard(
        shard, 2, client_of({.query = "select pg_sleep(0.05), $1::int", .connections = 3})));
    const auto ask_all = [&driver] {
      std::vector<ClientDriver::Sent> sent;
      for (int i = 0; i < 12; ++i) sent.push_back(driver.send({"1"}));
      for (auto& one : sent) EXPECT_EQ(one.ended.get().error, RequestError::none);
    };
    // One connection is opened after the other; the first queries may be over before.
    const auto patience = std::chrono::steady_clock::now() + seconds(30);
    while (driver.recorder().connections_opened.get() < most &&
           std::chrono::steady_clock::now() < patience) {
      ask_all();
    }
    ask_all();
    EXPECT_EQ(driver.recorder().connections_opened.get(), most);
  }
}

TEST_F(PostgresClientTest, the_server_itself_ends_a_query_in_time) {
  ClientDriver driver(client_of({.query = "select pg_sleep($1)"}), milliseconds(50));
  const auto ended = driver.ask({"600"});
  EXPECT_EQ(ended.error, RequestError::timeout);
  EXPECT_THAT(ended.why, HasSubstr("statement timeout"));
  EXPECT_EQ(driver.ask({"0"}).rows[0].what, Row::found);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

TEST_F(PostgresClientTest, an_answer_after_cancel_is_welcome) {
  ClientDriver driver(client_of({.query = "select 5 from pg_sleep($1)"}), seconds(30));
  EXPECT_EQ(driver.ask({"0"}).error, RequestError::none);
  auto sent = driver.send({"0.1"});
  driver.cancel(*sent.request);
  EXPECT_EQ(sent.ended.get().rows[0].what, Row::found);
}

TEST_F(PostgresClientTest, signs_in_over_tls_with_a_password) {
  ClientDriver driver(client_of(
      {.query = "select ssl from pg_stat_ssl where pid = pg_backend_pid() and $1 = '1'",
       .url = server().port_url("?sslmode=verify-full&sslrootcert=" + server().certificate())}));
  const auto found = driver.ask({"1"});
  EXPECT_EQ(found.error, RequestError::none) << found.why;
  EXPECT_EQ(found.rows[0].answer, R"({"0":{"ssl":true}})");
}

TEST_F(PostgresClientTest, reads_long_replies_over_tls) {
  ClientDriver driver(
      client_of({.query = "select n, repeat('x', 5000 + n) as text from unnest($1::int[]) n"
                          " where n = any($1)",
                 .columns = {"text"},
                 .url = server().port_url("?sslmode=require"),
                 .max_reply = 16 * 1024 * 1024}));
  std::vector<std::string> keys;
  for (int i = 0; i < 256; ++i) keys.push_back(std::to_string(i));
  for (int round = 0; round < 5; ++round) {
    const auto found = driver.ask(keys);
    ASSERT_EQ(found.error, RequestError::none) << found.why;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(found.rows[i].answer.size(), 5000 + i + std::string(R"({"0":""})").size());
    }
  }
}

TEST_F(PostgresClientTest, trusts_no_certificate_of_another_authority) {
  const test::TemporaryDirectory directory;
  const auto made =
      test::run_process({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=other", "-keyout",
                         directory / "key", "-out", directory / "other.crt"});
  ASSERT_EQ(made.code, 0) << made.err;
  ClientDriver driver(client_of(
      {.query = kOne,
       .url = server().port_url("?sslmode=verify-ca&sslrootcert=" + directory / "other.crt")}));
  const auto refused = driver.ask({"1"});
  EXPECT_EQ(refused.error, RequestError::transport);
  EXPECT_THAT(refused.why, HasSubstr("certificate verify failed"));
  EXPECT_EQ(driver.recorder().connections_failed.get(), 1u);
}

TEST_F(PostgresClientTest, a_wrong_password_is_refused_and_not_shown) {
  std::string url = server().port_url();
  url.replace(url.find('@') - 3, 3, "%58");
  ClientDriver driver(client_of({.query = kOne, .url = url}));
  const auto refused = driver.ask({"1"});
  EXPECT_EQ(refused.error, RequestError::refused);
  EXPECT_THAT(refused.why, HasSubstr("password authentication failed"));
  EXPECT_THAT(refused.why, Not(HasSubstr("secret")));
}

TEST_F(PostgresClientTest, a_server_that_is_full_is_overloaded) {
  server().execute("alter role reader connection limit 0");
  ClientDriver driver(client_of({.query = kOne}));
  const auto refused = driver.ask({"1"});
  server().execute("alter role reader connection limit -1");
  EXPECT_EQ(refused.error, RequestError::overloaded);
  EXPECT_THAT(refused.why, HasSubstr("53300"));
}

TEST_F(PostgresClientTest, shares_connections_and_statements_of_a_shard) {
  std::unique_ptr<Client> second;
  const auto make = client_of({.query = kOne, .columns = {"name"}});
  ClientDriver driver([&](const LookupSurroundings& around) {
    second = make(around);
    return make(around);
  });
  EXPECT_EQ(driver.ask({"1"}).rows[0].what, Row::found);
  EXPECT_EQ(
      server().execute("select count(*) from pg_stat_activity where application_name = 'logbraid'"),
      "1");
  driver.on_loop([&] { second.reset(); });
  EXPECT_EQ(driver.ask({"2"}).rows[0].what, Row::found);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
}

TEST_F(PostgresClientTest, ends_with_requests_under_way) {
  ClientDriver driver(client_of({.query = "select pg_sleep(600), $1::int", .connections = 2}));
  const auto first = driver.send({"1"});
  const auto second = driver.send({"2"});
  driver.destroy_client();  // what it left behind is found by the sanitizers
}

TEST_F(PostgresClientTest, a_restart_in_order_costs_what_was_under_way) {
  ClientDriver driver(client_of({.query = "select pg_sleep($1)"}));
  EXPECT_EQ(driver.ask({"0"}).error, RequestError::none);
  auto sent = driver.send({"600"});
  server().stop();
  const auto ended = sent.ended.get();
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_THAT(ended.why, HasSubstr("57P01"));
  server().start();
  EXPECT_EQ(driver.ask({"0"}).error, RequestError::none);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 2u);
}

TEST_F(PostgresClientTest, a_server_that_is_killed_under_load_is_found_again) {
  ClientDriver driver(client_of({.query = kMany, .columns = {"name"}, .connections = 4}));
  const std::vector<std::string> keys = {"1", "2", "3"};
  EXPECT_EQ(driver.ask(keys).error, RequestError::none);
  std::vector<ClientDriver::Sent> sent;
  for (int i = 0; i < 200; ++i) {
    if (i == 100) server().kill();
    sent.push_back(driver.send(keys));
  }
  std::size_t lost = 0;
  for (auto& one : sent) {
    const auto ended = one.ended.get();
    EXPECT_THAT(ended.error, testing::AnyOf(RequestError::none, RequestError::transport,
                                            RequestError::overloaded))
        << ended.why;
    if (ended.error != RequestError::none) ++lost;
  }
  EXPECT_GE(lost, 100u);
  server().start();
  const auto ended = driver.ask_until_it_answers(keys);
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows[1].answer, R"({"0":"Bob"})");
}

}  // namespace
}  // namespace logbraid
