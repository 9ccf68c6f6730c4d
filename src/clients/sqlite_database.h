#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients/sql_row.h"
#include "logbraid/clock.h"
#include "logbraid/result.h"
#include "lookup/lookup_key.h"

namespace logbraid {

// What an enricher that asks an SQLite file is set to; the same for all shards.
struct SqliteOptions {
  explicit SqliteOptions(KeySpec how) : key(std::move(how)) {}

  std::string path;
  std::string query;
  KeySpec key;                       // a part is a parameter
  std::vector<std::string> columns;  // see sql_shape()
  Duration busy_timeout{};
  Duration max_time{};        // of one run of the query
  std::size_t max_reply = 0;  // bytes of one value or row
  SqlRowsRule rows;
};

// Which file a name means, and whether it was written to.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileState&) const = default;
};
// False where there is none.
bool read_file_state(const std::string& path, FileState& state);

// An open SQLite file and the one statement that is run on it. Nothing but reading is let through:
// the file is opened read-only, and whatever is not part of a plain select (ATTACH, PRAGMA,
// load_extension()) is refused when the statement is prepared.
//
// Threads:  one at a time.
// Lifetime: borrows options and clock.
// Blocking: as long as the system takes to read pages, and at most the options' max_time and
//           busy_timeout.
class SqliteDatabase {
 public:
  static Result<std::unique_ptr<SqliteDatabase>> open(const SqliteOptions& options,
                                                      const Clock& clock);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Starts the statement with the parts of a key as its parameters, which must stay until reset().
  // Gives an SQLite code: SQLITE_ROW, SQLITE_DONE, an error.
  int start(std::string_view key);
  int next() { return sqlite3_step(statement_); }
  void reset() { sqlite3_reset(statement_); }
  const char* message() const { return sqlite3_errmsg(database_); }

  // Of the row that next() or start() has come to.
  // Not so after a change of the tables (select *): then it is to be opened anew.
  bool has_its_columns() const { return sqlite3_data_count(statement_) == columns_; }
  Value value(std::size_t column);
  std::size_t row_bytes();

  const SqlShape& shape() const { return shape_; }
  const FileState& file() const { return file_; }

 private:
  SqliteDatabase(const SqliteOptions& options, const Clock& clock)
      : options_(options), clock_(clock) {}
  Result<void> prepare();
  static int on_progress(void* self);

  const SqliteOptions& options_;
  const Clock& clock_;
  FileState file_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int columns_ = 0;
  SqlShape shape_;
  TimePoint stop_at_{};
  std::string text_;  // of a value
};

}  // namespace logbraid
