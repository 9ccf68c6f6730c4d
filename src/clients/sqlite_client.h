#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/timers.h"
#include "clients/sql_arrays.h"
#include "clients/sql_row.h"
#include "clients/sqlite_database.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid {

// Asks an SQLite file, from within send(). Once a second it looks whether the file was replaced or
// written to, and opens it anew; where that fails the old one stays.
class SqliteClient final : public Client {
 public:
  SqliteClient(std::shared_ptr<const SqliteOptions> options,
               const LookupSurroundings& surroundings);

  void send(Request& request) noexcept override;
  void cancel(Request&) noexcept override {}  // nothing is ever under way

 private:
  void look_at_file();
  // True: go on with the next row. False: the request is finished.
  bool ask(Request& request, std::size_t row);
  int take_rows(Request& request, std::size_t row);
  int gather_rows(Request& request, std::size_t row);
  void fail(Request& request, int code);

  const std::shared_ptr<const SqliteOptions> options_;
  const Clock& clock_;
  const Timers& timers_;  // whose now() costs nothing
  LookupRecorder& recorder_;
  std::unique_ptr<SqliteDatabase> database_;  // null: it could not be opened yet
  std::string why_not_;
  TimePoint look_again_{};
  SqlRowWriter writer_;
  SqlArrays arrays_;
};

}  // namespace logbraid
