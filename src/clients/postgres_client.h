#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/postgres_pool.h"
#include "clients/postgres_query.h"
#include "clients/postgres_statement.h"
#include "clients/postgres_target.h"
#include "clients/postgres_values.h"
#include "clients/sql_arrays.h"
#include "clients/sql_row.h"
#include "lookup/lookup_enricher.h"
#include "lookup/lookup_key.h"
#include "lookup/request.h"

namespace logbraid {

// What an enricher that asks a PostgreSQL is set to; the same for all shards.
struct PostgresOptions {
  PostgresOptions(PostgresTarget where, PostgresStatement what, KeySpec how)
      : target(std::move(where)), statement(std::move(what)), key(std::move(how)) {}

  PostgresTarget target;
  PostgresStatement statement;
  KeySpec key;                    // a part is a parameter
  std::uint32_t connections = 8;  // of the process, divided among its shards
  Duration open_within = std::chrono::seconds(5);
  Duration idle_timeout = std::chrono::minutes(5);  // of a connection without queries
  std::size_t max_reply = 1024 * 1024;              // bytes of the rows of one query
  SqlRowsRule rows;
};

// Asks a PostgreSQL. A statement that takes an array is run once for all keys of a request, and
// each row says by its key column which one it is for. Keys that this leaves in doubt, since the
// server may spell them otherwise (007, an UUID in capitals), are asked for once more, each alone.
// Any other statement is run once for each key, one behind the other without waiting.
class PostgresClient final : public Client, private PostgresAsker {
 public:
  PostgresClient(std::shared_ptr<const PostgresOptions> options,
                 const LookupSurroundings& surroundings);
  ~PostgresClient() override;

  void send(Request& request) noexcept override;
  void cancel(Request& request) noexcept override;
  void warm_up() noexcept override { pool_->warm_up(recorder_); }

 private:
  // A request under way.
  struct Asked {
    Request* request = nullptr;
    std::vector<PostgresQuery*> queries;  // under way, in no order
    bool held = false;                    // queries come and go: it does not end yet
    bool cancelled = false;
    bool asked_again = false;
    bool strange_row = false;  // one of no key that was asked for
    unsigned key_type = 0;
    SqlArrays arrays;                                                        // of its rows so far
    PostgresFailure failure;                                                 // the first
    boost::unordered_flat_map<std::string_view, std::size_t, KeyHash> rows;  // of keys
  };
  static constexpr std::size_t kAllRows = SIZE_MAX;

  void row_came(PostgresQuery& query, const PGresult* rows, int row,
                const PostgresShape& shape) noexcept override;
  void query_ended(PostgresQuery& query, const PostgresFailure& failure) noexcept override;

  void drop(PostgresQuery& query);
  void take_row(Asked& asked, std::size_t at, const PGresult* rows, int row,
                const PostgresShape& shape);
  void all_rows_came(Asked& asked, std::size_t row);
  void ask_for_all(Asked& asked);
  bool ask_again(Asked& asked);
  void ask_alone(Asked& asked, std::size_t row);
  void run(Asked& asked, std::size_t row);
  void settle(Asked& asked);

  const std::shared_ptr<const PostgresOptions> options_;
  const Duration grace_;
  LookupRecorder& recorder_;
  std::shared_ptr<const PostgresStatement> statement_;
  std::shared_ptr<PostgresPool> pool_;
  PostgresValues values_;
  SqlRowWriter writer_;
  std::string parameters_;  // of the query that is being made
  std::vector<std::unique_ptr<Asked>> all_;
  std::vector<Asked*> free_;
};

}  // namespace logbraid
