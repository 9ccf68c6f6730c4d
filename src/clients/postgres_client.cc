#include "clients/postgres_client.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "resilience/shard_part.h"

namespace logbraid {
namespace {

// What a row takes besides its bytes.
constexpr std::size_t kColumnOverhead = 16;

constexpr std::string_view kNul = "a NUL byte cannot stand in a text of PostgreSQL";
constexpr std::string_view kSeveralRows = "several rows for one key";

std::string pool_key(const PostgresOptions& options, Duration timeout) {
  return options.target.identity() + std::to_string(options.connections) + ' ' +
         std::to_string(options.open_within.count()) + ' ' +
         std::to_string(options.idle_timeout.count()) + ' ' + std::to_string(timeout.count());
}

PostgresConnection::Settings connection_settings(const PostgresOptions& options,
                                                 const LookupSurroundings& surroundings) {
  PostgresConnection::Settings settings;
  settings.parameters = options.target.session(surroundings.timeout);
  settings.hosts = options.target.hosts();
  settings.open_within = options.open_within;
  settings.idle_timeout = options.idle_timeout;
  if (std::ranges::any_of(settings.hosts, &PostgresTarget::Host::is_name)) {
    settings.resolver = shared_host_resolver(surroundings);
  }
  return settings;
}

// The rows of a request that a query is for: one, or all where `row` is none.
std::pair<std::size_t, std::size_t> rows_of(const Request& request, std::size_t row) {
  return row < request.size() ? std::pair(row, row + 1) : std::pair(std::size_t{0}, request.size());
}

// A row without the end of its query is no answer: more might have come, or too many.
void take_back(Request& request, std::size_t row, std::string_view why) {
  const auto [first, last] = rows_of(request, row);
  for (std::size_t at = first; at < last; ++at) {
    if (request.row(at) == Request::Row::found) request.failed(at, why);
  }
}

std::string_view text_of(const PGresult* rows, int row, std::size_t column) {
  const int number = static_cast<int>(column);
  return {PQgetvalue(rows, row, number), static_cast<std::size_t>(PQgetlength(rows, row, number))};
}

std::size_t size_of_row(const PGresult* rows, int row) {
  const int columns = PQnfields(rows);
  std::size_t size = static_cast<std::size_t>(columns) * kColumnOverhead;
  for (int i = 0; i < columns; ++i) size += static_cast<std::size_t>(PQgetlength(rows, row, i));
  return size;
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

PostgresClient::PostgresClient(std::shared_ptr<const PostgresOptions> options,
                               const LookupSurroundings& surroundings)
    : options_(std::move(options)), grace_(surroundings.timeout), recorder_(surroundings.recorder) {
  surroundings.io.used = true;
  auto& io = *static_cast<boost::asio::io_context*>(surroundings.io.io_context);
  statement_ = surroundings.shared.get<PostgresStatement>(options_->statement.identity(), [&] {
    return std::make_shared<PostgresStatement>(options_->statement);
  });
  pool_ = surroundings.shared.get<PostgresPool>(pool_key(*options_, surroundings.timeout), [&] {
    return std::make_shared<PostgresPool>(
        io, surroundings.timers, options_->target.name(),
        connection_settings(*options_, surroundings),
        part_of_shard(options_->connections, surroundings.shard, surroundings.shards));
  });
}

PostgresClient::~PostgresClient() { pool_->forget(*this, recorder_); }

// --- asking

void PostgresClient::send(Request& request) noexcept {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Asked>());
    free_.reserve(all_.size());
    free_.push_back(all_.back().get());
  }
  Asked& asked = *free_.back();
  free_.pop_back();
  asked.request = &request;
  request.client_data = &asked;
  asked.held = true;
  if (statement_->takes_array && request.size() > 1) {
    ask_for_all(asked);
  } else {
    for (std::size_t row = 0; row < request.size(); ++row) ask_alone(asked, row);
  }
  asked.held = false;
  settle(asked);
}

void PostgresClient::ask_for_all(Asked& asked) {
  Request& request = *asked.request;
  parameters_.clear();
  begin_postgres_array(parameters_);
  for (std::size_t row = 0; row < request.size(); ++row) {
    const std::string_view key = request.key(row);
    if (has_nul(key)) {
      request.failed(row, kNul);
      continue;
    }
    append_postgres_element(parameters_, key);
    asked.rows.emplace(key, row);
  }
  end_postgres_array(parameters_);
  parameters_ += '\0';
  if (!asked.rows.empty()) run(asked, kAllRows);
}

void PostgresClient::ask_alone(Asked& asked, std::size_t row) {
  const std::string_view key = asked.request->key(row);
  parameters_.clear();
  for (std::size_t i = 0; i < statement_->parameters; ++i) {
    const std::string_view part = options_->key.key_part(key, i);
    if (has_nul(part)) {
      asked.request->failed(row, kNul);
      return;
    }
    if (statement_->takes_array) {
      begin_postgres_array(parameters_);
      append_postgres_element(parameters_, part);
      end_postgres_array(parameters_);
    } else {
      parameters_ += part;
    }
    parameters_ += '\0';
  }
  run(asked, row);
}

void PostgresClient::run(Asked& asked, std::size_t row) {
  if (asked.request->is_probe()) pool_->end_pause();
  PostgresQuery& query = pool_->take();
  query.asker = this;
  query.asker_data = &asked;
  query.asker_number = row;
  query.received = 0;
  query.statement = statement_;
  query.parameters = parameters_;
  asked.queries.push_back(&query);
  pool_->run(query, recorder_);
}

// Where it cannot be told whether there is no row for a key, or one that spells it otherwise.
bool PostgresClient::ask_again(Asked& asked) {
  Request& request = *asked.request;
  asked.asked_again = true;
  asked.held = true;
  // An array lacks rows where some of them spell its key otherwise.
  const bool may_lack_rows =
      options_->rows.several == SqlRowsRule::Several::array && asked.strange_row;
  for (const auto& [key, row] : asked.rows) {
    const bool is_whole = !may_lack_rows || is_spelled_like(asked.key_type, key);
    const Request::Row now = request.row(row);
    if (now == Request::Row::error || (now == Request::Row::found && is_whole)) continue;
    if (now == Request::Row::unset && !asked.strange_row && is_spelled_like(asked.key_type, key)) {
      request.not_found(row);
    } else if (!asked.cancelled) {
      ask_alone(asked, row);
    }
  }
  asked.held = false;
  return !asked.queries.empty();
}

void PostgresClient::cancel(Request& request) noexcept {
  Asked& asked = *static_cast<Asked*>(request.client_data);
  asked.cancelled = true;
  asked.held = true;
  // From the end: one that ends meanwhile moves only those that have been seen.
  for (std::size_t i = asked.queries.size(); i-- > 0;) pool_->overdue(*asked.queries[i], grace_);
  asked.held = false;
  settle(asked);
}

// --- what comes back

void PostgresClient::row_came(PostgresQuery& query, const PGresult* rows, int row,
                              const PostgresShape& shape) noexcept {
  Asked& asked = *static_cast<Asked*>(query.asker_data);
  query.received += size_of_row(rows, row);
  if (query.received > options_->max_reply) return drop(query);
  std::size_t at = query.asker_number;
  if (at == kAllRows) {
    const auto found = asked.rows.find(text_of(rows, row, shape.key));
    if (found == asked.rows.end()) {
      asked.strange_row = true;
      return;
    }
    at = found->second;
  }
  take_row(asked, at, rows, row, shape);
}

// What ends with its connection may send requests from within, and the first of them is given this
// very query: nothing of it is read after drop().
void PostgresClient::drop(PostgresQuery& query) {
  Asked& asked = *static_cast<Asked*>(query.asker_data);
  std::erase(asked.queries, &query);
  if (!asked.failure) {
    asked.failure = {RequestError::oversize,
                     options_->target.name() + ": the rows of a query are over " +
                         std::to_string(options_->max_reply) + " bytes (max_reply)"};
  }
  take_back(*asked.request, query.asker_number, asked.failure.why);
  asked.held = true;  // others of its queries may end meanwhile
  pool_->drop(query);
  asked.held = false;
  settle(asked);
}

void PostgresClient::take_row(Asked& asked, std::size_t at, const PGresult* rows, int row,
                              const PostgresShape& shape) {
  using Several = SqlRowsRule::Several;
  Request& request = *asked.request;
  const SqlRowsRule& rule = options_->rows;
  const auto value_of = [&](std::size_t column) -> Value {
    if (PQgetisnull(rows, row, static_cast<int>(column)) != 0) return nullptr;
    return values_.value(shape.types[column], text_of(rows, row, column));
  };
  if (rule.several == Several::array) {
    if (request.row(at) == Request::Row::error) return;
    if (asked.arrays.add(at, shape.row, value_of) <= rule.most) return;
    request.failed(at, "more than " + std::to_string(rule.most) + " rows for one key (max_rows)");
    asked.arrays.drop(at);
  } else if (request.row(at) == Request::Row::unset) {
    writer_.write(request, at, shape.row, value_of);
  } else if (rule.several == Several::error && request.row(at) == Request::Row::found) {
    request.failed(at, kSeveralRows);
  }
}

// Of a query for one key, or for all.
void PostgresClient::all_rows_came(Asked& asked, std::size_t row) {
  Request& request = *asked.request;
  const auto [first, last] = rows_of(request, row);
  for (std::size_t at = first; at < last; ++at) asked.arrays.write(request, at);
}

void PostgresClient::query_ended(PostgresQuery& query, const PostgresFailure& failure) noexcept {
  Asked& asked = *static_cast<Asked*>(query.asker_data);
  Request& request = *asked.request;
  std::erase(asked.queries, &query);
  const std::size_t row = query.asker_number;
  if (failure) {
    take_back(request, row, failure.why);
    // What is wrong with one value is not the fault of its neighbours.
    const bool of_one = row != kAllRows && request.size() > 1;
    if (of_one && failure.error == RequestError::bad_request) {
      request.failed(row, failure.why);
    } else if (!asked.failure) {
      asked.failure = failure;
    }
  } else {
    all_rows_came(asked, row);
    if (row == kAllRows) {
      const PostgresShape& shape = query.prepared->shape;
      asked.key_type = shape.types[shape.key];
    } else if (request.row(row) == Request::Row::unset) {
      request.not_found(row);
    }
  }
  settle(asked);
}

void PostgresClient::settle(Asked& asked) {
  if (asked.held || !asked.queries.empty()) return;
  if (!asked.rows.empty() && !asked.asked_again && !asked.failure && ask_again(asked)) return;
  Request& request = *asked.request;
  const PostgresFailure failure = std::exchange(asked.failure, {});
  asked.rows.clear();
  asked.arrays.clear();
  asked.cancelled = false;
  asked.asked_again = false;
  asked.strange_row = false;
  free_.push_back(&asked);
  request.finish(failure.error, failure.why);
}

}  // namespace logbraid
