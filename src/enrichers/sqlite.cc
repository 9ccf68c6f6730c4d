// sqlite: what a query of an SQLite file knows about the values of an event.

#include <memory>
#include <string>
#include <utility>

#include "clients/sqlite_client.h"
#include "enrichers/builtin.h"
#include "enrichers/sql_settings.h"
#include "lookup/cached_lookup.h"

namespace logbraid {
namespace {

LookupOptions defaults() {
  LookupOptions options;
  options.client_limit = 1;  // each request is answered at once
  return options;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext& context) {
  auto sql = parse_sql_settings(settings);
  if (!sql) return sql.error();
  auto lookups = defaults().parse(settings);
  if (!lookups) return lookups.error();

  auto options = std::make_shared<SqliteOptions>(sql->key);
  options->path = context.resolve_path(settings.string("database"));
  options->query = settings.string("query");
  options->columns = std::move(sql->columns);
  options->busy_timeout = settings.duration("busy_timeout");
  options->max_time = settings.duration("max_time");
  options->max_reply = settings.bytes("max_reply");
  options->rows = sql->rows;
  const SteadyClock clock;
  FileState there;
  if (!read_file_state(options->path, there)) {
    return settings.error("database", "there is no file " + options->path);
  }
  if (auto opened = SqliteDatabase::open(*options, clock); !opened) {
    return settings.error("query", opened.error().message);
  }
  return make_lookup({.key = std::move(sql->key),
                      .fields = std::move(sql->fields),
                      .options = *lookups,
                      .make_client = [shared = std::shared_ptr<const SqliteOptions>(
                                          std::move(options))](const LookupSurroundings& around) {
                        return std::make_unique<SqliteClient>(shared, around);
                      }});
}

}  // namespace

EnricherKind sqlite_enricher() {
  return {
      .name = "sqlite",
      .summary = "Adds what a query of an SQLite file finds",
      .help = R"(Runs a query with values of the event as its parameters and sets fields from the
first row that comes back, with their types. The file is only read, and nothing but a select is let
through. It is opened anew within a second after it was replaced or written to.

  enrichers:
    - name: user
      type: sqlite
      database: users.db
      query: select plan, company from users where id = ?1
      parameters: ["{{user_id}}"]
      fields: {user.plan: plan, user.company: company}
)",
      .settings = with_lookup_settings(
          with_sql_settings({
              {.name = "database",
               .type = SettingType::string,
               .help = "The file; a relative name starts at the configuration's folder.",
               .required = true},
              {.name = "query",
               .type = SettingType::string,
               .help =
                   "One select with parameters ?1, ?2 ..., or :name, which are numbered as they "
                   "appear.",
               .required = true},
              {.name = "max_time",
               .type = SettingType::duration,
               .unit = "ms",
               .default_text = "5ms",
               .help = "A query that runs longer is stopped: it holds up its shard meanwhile."},
              {.name = "busy_timeout",
               .type = SettingType::duration,
               .unit = "ms",
               .default_text = "0ms",
               .help = "How long to wait while another process locks the file; it holds up the "
                       "shard meanwhile. Not needed with write-ahead logging."},
              {.name = "max_reply",
               .type = SettingType::bytes,
               .unit = "bytes",
               .default_text = "1MiB",
               .help = "A row or a value that is larger is an error; with `multiple: array` all "
                       "rows of "
                       "a key."},
          }),
          defaults()),
      .make = make,
  };
}

}  // namespace logbraid
