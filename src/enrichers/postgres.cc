// postgres: what a query of a PostgreSQL knows about the values of an event.

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "clients/postgres_client.h"
#include "clients/postgres_query_text.h"
#include "enrichers/builtin.h"
#include "enrichers/sql_settings.h"
#include "lookup/cached_lookup.h"

namespace logbraid {
namespace {

constexpr std::size_t kArray = 256;     // keys
constexpr std::uint32_t kPipeline = 8;  // queries under way on one connection

LookupOptions defaults() {
  LookupOptions options;
  options.max_batch = kArray;
  // One key that is no number must not cost the others of its array.
  options.on_batch_error = OnBatchError::split;
  return options;
}

// That the query has the parameters that are given.
Result<PostgresStatement> parse_statement(const Settings& settings, const SqlSettings& sql) {
  PostgresStatement statement;
  statement.text = settings.string("query");
  if (statement.text.find('\0') != std::string::npos) {
    return settings.error("query", "holds a NUL byte");
  }
  const PostgresParameters found = postgres_parameters(statement.text);
  statement.parameters = sql.key.size();
  if (found.most != sql.key.size()) {
    return settings.error("parameters",
                          "names " + std::to_string(sql.key.size()) + ", the query has " +
                              (found.most == 0 ? "none; write where id = $1"
                                               : "$1 to $" + std::to_string(found.most)));
  }
  statement.takes_array = found.any_of_1 && sql.key.size() == 1;
  statement.columns = sql.columns;
  statement.key_column = settings.has("key_column") ? settings.string("key_column") : "";
  if (!statement.takes_array && !statement.key_column.empty()) {
    return settings.error("key_column", "is for a query with one parameter, as = any($1)");
  }
  return statement;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  auto sql = parse_sql_settings(settings);
  if (!sql) return sql.error();
  auto statement = parse_statement(settings, *sql);
  if (!statement) return statement.error();
  if (!statement->takes_array && settings.has("batch")) {
    return settings.error("batch", "is for a query with one parameter, as = any($1)");
  }
  auto lookups = defaults().parse(settings);
  if (!lookups) return lookups.error();
  const auto connections = settings["connections"].as_integer(1, 1000);
  if (!connections) return connections.error();
  auto target = PostgresTarget::parse(settings.string("url"),
                                      settings.has("password") ? settings.string("password") : "");
  if (!target) return settings.error("url", target.error().message);

  auto options =
      std::make_shared<PostgresOptions>(*std::move(target), *std::move(statement), sql->key);
  options->connections = static_cast<std::uint32_t>(*connections);
  options->open_within = settings.duration("connect_timeout");
  options->idle_timeout = settings.duration("idle_timeout");
  if (options->idle_timeout < std::chrono::seconds(1)) {
    return settings.error("idle_timeout", "must be 1s or more");
  }
  options->max_reply = settings.bytes("max_reply");
  options->rows = sql->rows;
  if (!options->statement.takes_array) lookups->max_batch = 1;
  lookups->client_limit = options->statement.takes_array ? 2 : kPipeline;
  lookups->connections = options->connections;
  return make_lookup({.key = std::move(sql->key),
                      .fields = std::move(sql->fields),
                      .options = *lookups,
                      .make_client = [shared = std::shared_ptr<const PostgresOptions>(
                                          std::move(options))](const LookupSurroundings& around) {
                        return std::make_unique<PostgresClient>(shared, around);
                      }});
}

}  // namespace

EnricherKind postgres_enricher() {
  return {
      .name = "postgres",
      .summary = "Adds what a query of a PostgreSQL finds",
      .help = R"(Runs a query with values of the event as its parameters and sets fields from the
row that comes back, with their types. The query is prepared once for a connection and may only read.
With `= any($1)` it is asked about up to 256 keys at once; the first column, or `key_column`, then
says which key a row is for.

  enrichers:
    - name: user
      type: postgres
      url: "postgresql://reader:${DB_PASSWORD}@db.example:5432/shop?sslmode=verify-full"
      query: select id, plan, company from users where id = any($1)
      parameters: ["{{user_id}}"]
      fields: {user.plan: plan, user.company: company}
      timeout: 100ms
)",
      .settings = with_lookup_settings(
          with_sql_settings({
              {.name = "url",
               .type = SettingType::string,
               .help = "postgresql://user:password@host:5432/database, with libpq's parameters "
                       "(sslmode, sslrootcert ...) behind a question mark, or key=value pairs.",
               .required = true},
              {.name = "password",
               .type = SettingType::string,
               .help = "Instead of one in `url`, where some signs would have to be encoded.",
               .secret = true},
              {.name = "query",
               .type = SettingType::string,
               .help = "One statement that gives rows, with parameters $1, $2 ...",
               .required = true},
              {.name = "key_column",
               .type = SettingType::string,
               .help =
                   "With `= any($1)`: the column that says which key a row is for. Where unset, "
                   "the first."},
              {.name = "connections",
               .type = SettingType::integer,
               .default_text = "8",
               .help =
                   "At the most, of the process; divided among the shards, at least one each. They "
                   "are opened when they are needed and shared by enrichers with the same `url`, "
                   "`timeout`, `connections`, `connect_timeout` and `idle_timeout`. Raise it when "
                   "queries are slow and the server has cores to spare."},
              {.name = "connect_timeout",
               .type = SettingType::duration,
               .unit = "s",
               .default_text = "5s",
               .help =
                   "From the first packet until a connection can be used; queries wait no longer "
                   "than their own `timeout`."},
              {.name = "idle_timeout",
               .type = SettingType::duration,
               .default_text = "5m",
               .help = "A connection without a query for so long is closed, and opened by the "
                       "next one."},
              {.name = "max_reply",
               .type = SettingType::bytes,
               .unit = "bytes",
               .default_text = "1MiB",
               .help = "Rows of one query that are larger than this are an error."},
          }),
          defaults()),
      .make = make,
  };
}

}  // namespace logbraid
