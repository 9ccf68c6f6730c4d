#include "clients/sqlite_client.h"

#include <chrono>
#include <utility>

namespace logbraid {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);

RequestError error_of(int code, std::string_view message) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return RequestError::overloaded;
    case SQLITE_INTERRUPT:
      return RequestError::timeout;
    case SQLITE_TOOBIG:
      return RequestError::oversize;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
    case SQLITE_AUTH:
      return RequestError::refused;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return RequestError::transport;
    default:
      // A table that has gone; all else is what the query makes of this value (json(?1)).
      return message.starts_with("no such ") ? RequestError::refused : RequestError::bad_request;
  }
}

}  // namespace

SqliteClient::SqliteClient(std::shared_ptr<const SqliteOptions> options,
                           const LookupSurroundings& surroundings)
    : options_(std::move(options)),
      clock_(surroundings.clock),
      timers_(surroundings.timers),
      recorder_(surroundings.recorder) {
  look_at_file();
}

void SqliteClient::look_at_file() {
  look_again_ = timers_.now() + kLookEvery;
  FileState now;
  const bool is_there = read_file_state(options_->path, now);
  if (database_ != nullptr && (!is_there || now == database_->file())) return;
  if (auto opened = SqliteDatabase::open(*options_, clock_)) {
    database_ = *std::move(opened);
    recorder_.connections_opened.add(1);
  } else {
    why_not_ = opened.error().message;
    recorder_.connections_failed.add(1);
  }
}

void SqliteClient::send(Request& request) noexcept {
  if (timers_.now() >= look_again_) look_at_file();
  if (database_ == nullptr) return request.finish(RequestError::transport, why_not_);
  for (std::size_t row = 0; row < request.size(); ++row) {
    if (!ask(request, row)) return;
  }
  request.finish();
}

bool SqliteClient::ask(Request& request, std::size_t row) {
  SqliteDatabase& database = *database_;
  int code = database.start(request.key(row));
  if (code == SQLITE_ROW) {
    // After a change of the table a `select *` may have others.
    code = take_rows(request, row);
  } else if (code == SQLITE_DONE) {
    request.not_found(row);
  }
  if (code == SQLITE_ROW || code == SQLITE_DONE) {
    database.reset();
    return true;
  }
  fail(request, code);
  return false;
}

// From the first row on. Gives the code that ended them.
int SqliteClient::take_rows(Request& request, std::size_t row) {
  SqliteDatabase& database = *database_;
  // After a change of the table a `select *` may have others.
  if (!database.has_its_columns()) return SQLITE_SCHEMA;
  if (options_->rows.several == SqlRowsRule::Several::array) return gather_rows(request, row);
  // SQLite's own limit is for one value, and not below 64 KiB.
  if (database.row_bytes() > options_->max_reply) return SQLITE_TOOBIG;
  writer_.write(request, row, database.shape(),
                [&](std::size_t column) { return database.value(column); });
  if (options_->rows.several == SqlRowsRule::Several::first) return SQLITE_ROW;
  const int code = database.next();
  if (code == SQLITE_ROW) request.failed(row, "several rows for one key");
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    request.failed(row, "the query failed behind its first row");
  }
  return code;
}

int SqliteClient::gather_rows(Request& request, std::size_t row) {
  SqliteDatabase& database = *database_;
  const std::size_t most = options_->rows.most;
  arrays_.clear();
  std::size_t bytes = 0;
  int code = SQLITE_ROW;
  for (std::size_t rows = 0; code == SQLITE_ROW; code = database.next()) {
    if (++rows > most) {
      request.failed(row, "more than " + std::to_string(most) + " rows for one key (max_rows)");
      return code;
    }
    bytes += database.row_bytes();
    if (bytes > options_->max_reply) {
      request.failed(row, "the rows of one key are over " + std::to_string(options_->max_reply) +
                              " bytes (max_reply)");
      return code;
    }
    arrays_.add(row, database.shape(), [&](std::size_t column) { return database.value(column); });
  }
  if (code == SQLITE_DONE) arrays_.write(request, row);
  return code;
}

void SqliteClient::fail(Request& request, int code) {
  std::string why;
  if (code == SQLITE_SCHEMA) {
    why = "the result has other columns than before";
  } else if (code == SQLITE_INTERRUPT) {
    why = "the query was stopped: it ran longer than max_time";
  } else if (code == SQLITE_TOOBIG) {
    why = "a row is over " + std::to_string(options_->max_reply) + " bytes (max_reply)";
  } else {
    why = sql_message(database_->message());
  }
  const RequestError error = error_of(code, why);
  database_->reset();
  if (error == RequestError::refused) {
    // Perhaps it was replaced, or its tables changed: the next request opens it anew.
    look_again_ = {};
  }
  why.insert(0, options_->path + ": ");
  if (code == SQLITE_SCHEMA) {
    database_.reset();
    why_not_ = why;
  }
  request.finish(error, why);
}

}  // namespace logbraid
