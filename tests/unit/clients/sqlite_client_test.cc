#include "clients/sqlite_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "resilience/breaker_front.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::TemporaryDirectory;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Row = Request::Row;

// Another program that has the file open.
class Writer {
 public:
  explicit Writer(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("open");
  }
  ~Writer() { sqlite3_close(database_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void execute(const std::string& sql) {
    char* why = nullptr;
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &why) == SQLITE_OK) return;
    const std::string message = why;
    sqlite3_free(why);
    throw std::runtime_error(message);
  }
  void insert(const std::string& name, int number) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database_, "insert into names values (?1, ?2)", -1, &statement, nullptr);
    sqlite3_bind_text(statement, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, number);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
  }

 private:
  sqlite3* database_ = nullptr;
};

struct Asking {
  std::string query;
  std::vector<std::string> parameters = {"{{key}}"};
  std::vector<std::string> columns = {};
  Duration max_time = seconds(10);
  std::size_t max_reply = 1024 * 1024;
  SqlRowsRule rows = {};
};

std::shared_ptr<SqliteOptions> options_for(const std::string& path, const Asking& asking) {
  std::vector<KeyTemplate> parts;
  for (const std::string& text : asking.parameters) {
    parts.push_back(KeyTemplate::parse(text, KeyEscape::none).value());
  }
  auto options = std::make_shared<SqliteOptions>(KeySpec(std::move(parts)));
  options->path = path;
  options->query = asking.query;
  options->columns = asking.columns;
  options->max_time = asking.max_time;
  options->max_reply = asking.max_reply;
  options->rows = asking.rows;
  return options;
}

struct Answer {
  RequestError error = RequestError::none;
  std::string why;
  Row what = Row::unset;
  std::string bytes;  // encoded; of one that failed: why

  bool operator==(const Answer&) const = default;
};

// A client on a clock that the test moves.
class Asker final : private RequestOwner {
 public:
  Asker(const std::string& path, const Asking& asking)
      : timers_(clock_.now()), breaker_({}, seconds(1), 0, {}) {
    client_ = std::make_unique<SqliteClient>(
        options_for(path, asking),
        LookupSurroundings{"test", timers_, clock_, io_, front_, bulkhead_, retry_, seconds(1), 0,
                           1, shared_, recorder_});
  }

  Answer ask(const std::string& key) {
    Request request(*this);
    request.begin();
    request.add(key);
    ended_ = 0;
    client_->send(request);
    EXPECT_EQ(ended_, 1);  // from within
    Answer answer{request.error(), std::string(request.why()), request.row(0), {}};
    if (answer.what == Row::found || answer.what == Row::error) answer.bytes = request.answer(0);
    return answer;
  }
  void pass(Duration time) {
    clock_.advance(time);
    timers_.advance(clock_.now());
  }
  const LookupRecorder& recorder() const { return recorder_; }

 private:
  void request_ended(Request&) noexcept override { ++ended_; }

  test::ManualClock clock_;
  Timers timers_;
  LoopIo io_{nullptr};
  CircuitBreaker breaker_;
  BreakerFront front_{breaker_};
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  SharedOnShard shared_;
  LookupRecorder recorder_;
  std::unique_ptr<SqliteClient> client_;
  int ended_ = 0;
};

std::string encoded(const std::vector<Value>& values) {
  std::string bytes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    append_answer(bytes, static_cast<std::uint16_t>(i), values[i]);
  }
  return bytes;
}
Answer found(const std::vector<Value>& values) {
  return {RequestError::none, "", Row::found, encoded(values)};
}
const Answer kNotFound{RequestError::none, "", Row::not_found, ""};

class SqliteClientTest : public ::testing::Test {
 protected:
  SqliteClientTest() {
    Writer(path_).execute(
        "create table users(id integer primary key, name text, ratio real, raw blob);"
        "insert into users values (1, 'Ann', 0.5, x'00ff'), (2, 'Bob', null, null);"
        "create table names(name text, number int);");
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "users.db";
};

constexpr const char* kName = "select name from users where id = ?1";

TEST_F(SqliteClientTest, finds_a_row_and_sets_its_fields_with_their_types) {
  Asker asker(path_, {.query = "select * from users where id = ?1",
                      .columns = {"name", "id", "ratio", "raw"}});
  EXPECT_EQ(asker.ask("1"), found({"Ann", 1, 0.5, "00ff"}));
  EXPECT_EQ(asker.ask("2"), found({"Bob", 2, nullptr, nullptr}));
  EXPECT_EQ(asker.ask("3"), kNotFound);
  EXPECT_EQ(asker.ask("x"), kNotFound);
}

TEST_F(SqliteClientTest, gives_the_whole_row) {
  Asker asker(path_, {.query = "select id, name as \"the name\" from users where id = ?1"});
  EXPECT_EQ(asker.ask("1"), found({Value::object(R"({"id":1,"the name":"Ann"})")}));
}

TEST_F(SqliteClientTest, keeps_parameters_apart_by_number_or_name) {
  const auto key_of = [](const std::string& first, const std::string& second) {
    return std::string{static_cast<char>(first.size()), 0, 0, 0} + first +
           std::string{static_cast<char>(second.size()), 0, 0, 0} + second;
  };
  for (const char* const query : {"select id from users where name = ?1 and id = ?2",
                                  "select id from users where name = :name and id = :id"}) {
    Asker asker(path_, {.query = query, .parameters = {"{{a}}", "{{b}}"}, .columns = {"id"}});
    EXPECT_EQ(asker.ask(key_of("Ann", "1")), found({1})) << query;
    EXPECT_EQ(asker.ask(key_of("Ann", "2")), kNotFound) << query;
    EXPECT_EQ(asker.ask(key_of("Ann1", "")), kNotFound) << query;
  }
}

TEST_F(SqliteClientTest, no_value_becomes_a_part_of_the_statement) {
  const std::vector<std::string> hostile = {"'; drop table users; --",
                                            "\"",
                                            "\\",
                                            "?1",
                                            ":name",
                                            "${jndi:ldap://x}",
                                            "NULL",
                                            "a\nb",
                                            "\u2028",
                                            "1 or 1=1",
                                            "/*",
                                            "",
                                            std::string("a\0b", 3)};
  Writer writer(path_);
  for (std::size_t i = 0; i < hostile.size(); ++i) writer.insert(hostile[i], static_cast<int>(i));
  Asker asker(path_, {.query = "select number from names where name = ?1", .columns = {"number"}});
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    EXPECT_EQ(asker.ask(hostile[i]), found({static_cast<int>(i)})) << hostile[i];
    EXPECT_EQ(asker.ask(hostile[i] + "x"), kNotFound) << hostile[i];
  }
  EXPECT_EQ(Asker(path_, {.query = kName}).ask("1").what, Row::found);  // the table is there
}

TEST_F(SqliteClientTest, lets_nothing_through_but_reading) {
  const struct {
    const char* query;
    const char* says;
  } rows[] = {
      {"insert into users(name) values (?1) returning id", "not authorized"},
      {"delete from users where id = ?1", "not authorized"},
      {"attach ?1 as other", "not authorized"},
      {"pragma query_only = off", "not authorized"},
      {"select load_extension(?1)", "not authorized"},
      {"create table x(a)", "not authorized"},
      {"begin", "not authorized"},
      {"select name from users where id = ?1; drop table users", "more than one statement"},
      {"  ", "is empty"},
      {"select nam from users where id = ?1", "no such column: nam"},
      {"select 1", "has 0 parameters"},
      {"select ?1, ?2", "has 2 parameters"},
      {"selec ?1", "syntax error"},
  };
  const SteadyClock clock;
  for (const auto& row : rows) {
    const auto opened = SqliteDatabase::open(*options_for(path_, {.query = row.query}), clock);
    ASSERT_FALSE(opened.has_value()) << row.query;
    EXPECT_THAT(opened.error().message, HasSubstr(row.says)) << row.query;
  }
}

TEST_F(SqliteClientTest, stops_a_query_that_runs_too_long) {
  // The clock stands: any time at all is too long.
  Asker asker(path_, {.query = "with recursive n(i) as (select 1 union all select i + 1 from n)"
                               " select count(*) from n where i > ?1",
                      .max_time = Duration::zero()});
  const Answer stopped = asker.ask("1");
  EXPECT_EQ(stopped.error, RequestError::timeout);
  EXPECT_THAT(stopped.why, HasSubstr("max_time"));
}

TEST_F(SqliteClientTest, of_several_rows_the_first_counts_or_none) {
  constexpr const char* kRows = "select id from users where id >= ?1 order by id";
  EXPECT_EQ(Asker(path_, {.query = kRows, .columns = {"id"}}).ask("1"), found({1}));
  Asker strict(path_, {.query = kRows, .columns = {"id"}, .rows = {SqlRowsRule::Several::error}});
  EXPECT_EQ(strict.ask("1").what, Row::error);
  EXPECT_EQ(strict.ask("2"), found({2}));
}

TEST_F(SqliteClientTest, a_row_may_not_be_the_only_one_where_the_query_failed_behind_it) {
  const struct {
    const char* query;
    RequestError error;
  } rows[] = {
      {"select 1 as id union all select json('[' || ?1)", RequestError::bad_request},
      {"with recursive n(i) as (select 1 union all select i + 1 from n)"
       " select i as id from n where i = 1 or i < ?1 - 1",
       RequestError::timeout},
  };
  for (const auto& row : rows) {
    Asking asking{.query = row.query, .columns = {"id"}, .max_time = Duration::zero()};
    EXPECT_EQ(Asker(path_, asking).ask("0"), found({1})) << row.query;
    asking.rows = {SqlRowsRule::Several::error};
    const Answer strict = Asker(path_, asking).ask("0");
    EXPECT_EQ(strict.error, row.error) << strict.why;
    EXPECT_EQ(strict.what, Row::error) << row.query;
  }
}

TEST_F(SqliteClientTest, rows_become_arrays_in_their_order) {
  constexpr const char* kRows = "select id, ratio from users where id >= ?1 order by id desc";
  constexpr SqlRowsRule kArrays{SqlRowsRule::Several::array, 2};
  Asker fields(path_, {.query = kRows, .columns = {"ratio", "id"}, .rows = kArrays});
  EXPECT_EQ(fields.ask("1"), found({Value::array("[null,0.5]"), Value::array("[2,1]")}));
  EXPECT_EQ(fields.ask("2"), found({Value::array("[null]"), Value::array("[2]")}));
  EXPECT_EQ(fields.ask("3"), kNotFound);
  Asker whole(path_, {.query = kRows, .rows = kArrays});
  EXPECT_EQ(whole.ask("1"),
            found({Value::array(R"([{"id":2,"ratio":null},{"id":1,"ratio":0.5}])")}));
}

TEST_F(SqliteClientTest, an_array_that_would_be_cut_off_is_an_error_of_its_key) {
  constexpr const char* kRows =
      "with recursive n(i) as (select 1 union all select i + 1 from n where i < cast(?1 as "
      "integer)) select i, "
      "hex(zeroblob(1000)) as text from n";
  const Asking asking{.query = kRows,
                      .columns = {"i"},
                      .max_reply = 70'000,
                      .rows = {SqlRowsRule::Several::array, 40}};
  Asker asker(path_, asking);
  EXPECT_EQ(asker.ask("30").what, Row::found);
  const Answer many = asker.ask("41");
  EXPECT_EQ(many.error, RequestError::none);
  EXPECT_EQ(many.what, Row::error);
  EXPECT_EQ(many.bytes, "the rows of one key are over 70000 bytes (max_reply)");
  Asking more = asking;
  more.max_reply = 1024 * 1024;
  EXPECT_EQ(Asker(path_, more).ask("40").what, Row::found);
  EXPECT_EQ(Asker(path_, more).ask("41").bytes, "more than 40 rows for one key (max_rows)");
}

TEST_F(SqliteClientTest, what_is_too_large_or_makes_no_sense_is_an_error_of_that_request) {
  Asker large(path_, {.query = "select hex(zeroblob(?1)) as text", .max_reply = 65536});
  EXPECT_EQ(large.ask("40000").error, RequestError::oversize);
  EXPECT_EQ(large.ask("2").what, Row::found);
  for (const auto several : {SqlRowsRule::Several::first, SqlRowsRule::Several::error}) {
    Asker small(path_, {.query = "select hex(zeroblob(?1)) as a, hex(zeroblob(?1)) as b",
                        .max_reply = 1000,
                        .rows = {several}});
    EXPECT_EQ(small.ask("250").what, Row::found);
    const Answer over = small.ask("251");
    EXPECT_EQ(over.error, RequestError::oversize);
    EXPECT_EQ(over.why, path_ + ": a row is over 1000 bytes (max_reply)");
  }
  Asker json(path_, {.query = "select json(?1) as value"});
  const Answer wrong = json.ask("{");
  EXPECT_EQ(wrong.error, RequestError::bad_request);
  EXPECT_THAT(wrong.why, StartsWith(path_ + ": malformed JSON"));
  EXPECT_EQ(json.ask("{}").what, Row::found);
}

TEST_F(SqliteClientTest, a_locked_file_is_overloaded) {
  Asker asker(path_, {.query = kName, .columns = {"name"}});
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
  Writer writer(path_);
  writer.execute("begin exclusive");
  const Answer busy = asker.ask("1");
  EXPECT_EQ(busy.error, RequestError::overloaded);
  EXPECT_THAT(busy.why, HasSubstr("database is locked"));
  writer.execute("commit");
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
}

TEST_F(SqliteClientTest, sees_what_is_written_to_the_file) {
  Asker asker(path_, {.query = kName, .columns = {"name"}});
  EXPECT_EQ(asker.ask("3"), kNotFound);
  Writer(path_).execute("insert into users(id, name) values (3, 'Cid')");
  EXPECT_EQ(asker.ask("3"), found({"Cid"}));
}

TEST_F(SqliteClientTest, a_file_that_is_replaced_is_opened_within_a_second) {
  const std::string next = directory_ / "next.db";
  Writer(next).execute(
      "create table users(id integer primary key, name text);"
      "insert into users values (1, 'Zoe')");
  Asker asker(path_, {.query = kName, .columns = {"name"}});
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
  std::filesystem::rename(next, path_);
  asker.pass(milliseconds(999));
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
  asker.pass(milliseconds(1));
  EXPECT_EQ(asker.ask("1"), found({"Zoe"}));
  EXPECT_EQ(asker.recorder().connections_opened.get(), 2u);
}

TEST_F(SqliteClientTest, a_file_that_goes_away_stays_open) {
  Asker asker(path_, {.query = kName, .columns = {"name"}});
  std::filesystem::remove(path_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(asker.ask("1"), found({"Ann"}));
    asker.pass(seconds(1));
  }
}

TEST_F(SqliteClientTest, a_file_that_comes_late_is_found) {
  const std::string late = directory_ / "late.db";
  Asker asker(late, {.query = kName, .columns = {"name"}});
  const Answer missing = asker.ask("1");
  EXPECT_EQ(missing.error, RequestError::transport);
  EXPECT_THAT(missing.why, HasSubstr("there is no file"));
  std::filesystem::copy_file(path_, late);
  asker.pass(seconds(1));
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
}

TEST_F(SqliteClientTest, a_replacement_that_is_no_database_leaves_the_old_one_open) {
  const std::string broken = directory_.file("broken",
                                             "this is no database, but long enough "
                                             "to be read as its first page ..........");
  Asker asker(path_, {.query = kName, .columns = {"name"}});
  std::filesystem::rename(broken, path_);
  asker.pass(seconds(1));
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
  EXPECT_EQ(asker.recorder().connections_failed.get(), 1u);
}

TEST_F(SqliteClientTest, a_file_that_is_overwritten_in_place_is_refused_until_it_is_whole) {
  Writer(path_).execute(
      "insert into names with recursive n(i) as (select 1 union all select i + 1"
      " from n where i < 20000) select 'name' || i, i from n");
  const std::string whole = directory_ / "whole.db";
  std::filesystem::copy_file(path_, whole);
  Asker asker(path_, {.query = "select number from names where name = ?1", .columns = {"number"}});
  EXPECT_EQ(asker.ask("name20000"), found({20000}));
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    const auto size = std::filesystem::file_size(path_);
    file << std::string(size - 4096, '\x5a');
    // The change counter, or the cached pages are taken as they are.
    file.seekp(24);
    file << "\x7f\x7f\x7f\x7f";
  }
  EXPECT_EQ(asker.ask("name20000").error, RequestError::refused);
  asker.pass(seconds(1));
  EXPECT_EQ(asker.ask("name20000").error, RequestError::refused);
  std::filesystem::rename(whole, path_);
  EXPECT_EQ(asker.ask("name20000"), found({20000}));
}

TEST_F(SqliteClientTest, a_table_that_gets_a_column_costs_one_request) {
  Asker asker(path_, {.query = "select * from names where name = ?1"});
  Writer writer(path_);
  writer.insert("x", 1);
  EXPECT_EQ(asker.ask("x"), found({Value::object(R"({"name":"x","number":1})")}));
  writer.execute("alter table names add more text default 'y'");
  EXPECT_EQ(asker.ask("x").error, RequestError::refused);
  EXPECT_EQ(asker.ask("x"), found({Value::object(R"({"name":"x","number":1,"more":"y"})")}));
}

TEST_F(SqliteClientTest, bytes_that_are_no_utf8_are_replaced) {
  Asker asker(path_,
              {.query = "select cast(x'61ff' as text) as a where ?1 = ?1", .columns = {"a"}});
  EXPECT_EQ(asker.ask("1"), found({"a\uFFFD"}));
}

TEST_F(SqliteClientTest, reads_beside_a_writer_with_write_ahead_logging) {
  Writer writer(path_);
  writer.execute("pragma journal_mode = wal");
  Asker asker(path_, {.query = kName, .columns = {"name"}});
  writer.execute("begin immediate; update users set name = 'Amy' where id = 1");
  EXPECT_EQ(asker.ask("1"), found({"Ann"}));
  writer.execute("commit");
  EXPECT_EQ(asker.ask("1"), found({"Amy"}));
}

}  // namespace
}  // namespace logbraid
