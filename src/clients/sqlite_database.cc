#include "clients/sqlite_database.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstring>
#include <string>
#include <utility>

#include "core/json_text.h"

namespace logbraid {
namespace {

// Instructions of SQLite's machine between two looks at the clock: some 10 us.
constexpr int kInstructions = 1000;

// SQLite counts parameters and the schema's own texts too.
constexpr std::size_t kLeastLength = 64 * 1024;

int allow_reading(void*, int action, const char*, const char* name, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return name != nullptr && std::strcmp(name, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

std::string hexadecimal(const void* bytes, std::size_t size) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned byte = static_cast<const unsigned char*>(bytes)[i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

int in_int(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, static_cast<std::size_t>(INT_MAX)));
}

}  // namespace

bool read_file_state(const std::string& path, FileState& state) {
  struct stat now;
  if (::stat(path.c_str(), &now) != 0) return false;
  state = {now.st_dev, now.st_ino, now.st_size,
           now.st_mtim.tv_sec * std::int64_t{1'000'000'000} + now.st_mtim.tv_nsec};
  return true;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const SqliteOptions& options,
                                                             const Clock& clock) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(options, clock));
  // Before it is opened: a file that is replaced in between is noticed later.
  if (!read_file_state(options.path, database->file_)) {
    return Error("there is no file " + options.path);
  }
  const int code = sqlite3_open_v2(
      options.path.c_str(), &database->database_,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  if (database->database_ == nullptr) return Error("no memory to open " + options.path);
  sqlite3* const handle = database->database_;
  const auto failed = [&] {
    return Error(options.path + ": " + sql_message(sqlite3_errmsg(handle)));
  };
  if (code != SQLITE_OK) return failed();
  sqlite3_extended_result_codes(handle, 0);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, in_int(std::max(options.max_reply, kLeastLength)));
  sqlite3_busy_timeout(
      handle,
      static_cast<int>(
          std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout).count()));
  // A mapped file that somebody overwrites ends the process.
  if (sqlite3_exec(handle, "pragma mmap_size = 0; pragma query_only = on", nullptr, nullptr,
                   nullptr) != SQLITE_OK) {
    return failed();
  }
  sqlite3_set_authorizer(handle, allow_reading, nullptr);
  if (auto prepared = database->prepare(); !prepared) return prepared.error();
  sqlite3_progress_handler(handle, kInstructions, &SqliteDatabase::on_progress, database.get());
  return database;
}

Result<void> SqliteDatabase::prepare() {
  const std::string& query = options_.query;
  const char* rest = nullptr;
  if (sqlite3_prepare_v3(database_, query.data(), in_int(query.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement_, &rest) != SQLITE_OK) {
    return Error(sql_message(message()));
  }
  if (statement_ == nullptr) return Error("is empty; write select ... where id = ?1");
  for (const char* end = query.data() + query.size(); rest != end; ++rest) {
    if (*rest != ' ' && *rest != '\n' && *rest != '\t' && *rest != '\r' && *rest != ';') {
      return Error("has more than one statement");
    }
  }
  columns_ = sqlite3_column_count(statement_);
  if (columns_ == 0) return Error("gives no columns; write select ...");
  const int parameters = sqlite3_bind_parameter_count(statement_);
  if (static_cast<std::size_t>(parameters) != options_.key.size()) {
    return Error("has " + std::to_string(parameters) + " parameters, `parameters` has " +
                 std::to_string(options_.key.size()));
  }
  std::vector<std::string_view> names;
  for (int i = 0; i < columns_; ++i) {
    names.emplace_back(sqlite3_column_name(statement_, i));
  }
  auto shape = sql_shape(names, options_.columns);
  if (!shape) return shape.error();
  shape_ = *std::move(shape);
  return {};
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_finalize(statement_);
  sqlite3_close(database_);
}

int SqliteDatabase::on_progress(void* self) {
  const auto& database = *static_cast<const SqliteDatabase*>(self);
  return database.clock_.now() >= database.stop_at_ ? 1 : 0;
}

int SqliteDatabase::start(std::string_view key) {
  stop_at_ = clock_.now() + options_.max_time;
  for (std::size_t i = 0; i < options_.key.size(); ++i) {
    const std::string_view part = options_.key.key_part(key, i);
    const int code = sqlite3_bind_text64(statement_, static_cast<int>(i + 1), part.data(),
                                         part.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK) return code;
  }
  return next();
}

std::size_t SqliteDatabase::row_bytes() {
  std::size_t bytes = 0;
  for (int column = 0; column < columns_; ++column) {
    // Asked for its bytes a number becomes a text.
    const int type = sqlite3_column_type(statement_, column);
    const bool has_bytes = type == SQLITE_TEXT || type == SQLITE_BLOB;
    bytes += has_bytes ? static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)) : 8;
  }
  return bytes;
}

Value SqliteDatabase::value(std::size_t number) {
  const int column = static_cast<int>(number);
  const auto size = [&] {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  };
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement_, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement_, column);
    case SQLITE_TEXT: {
      const unsigned char* const bytes = sqlite3_column_text(statement_, column);
      const std::string_view text(reinterpret_cast<const char*>(bytes), size());
      if (valid_utf8_prefix(text) == text.size()) return text;
      text_.clear();
      append_valid_utf8(text_, text);
      return std::string_view(text_);
    }
    case SQLITE_BLOB: {
      const void* const bytes = sqlite3_column_blob(statement_, column);
      text_ = hexadecimal(bytes, size());
      return std::string_view(text_);
    }
    default:
      return nullptr;
  }
}

}  // namespace logbraid
