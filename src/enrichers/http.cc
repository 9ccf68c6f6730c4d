// http: what an HTTP service says about a key.

#include <memory>
#include <utility>

#include "clients/http_client.h"
#include "enrichers/builtin.h"
#include "enrichers/http_settings.h"
#include "lookup/cached_lookup.h"

namespace logbraid {
namespace {

// Of keys in a request of `bulk`.
constexpr std::size_t kBatch = 100;

LookupOptions defaults() {
  LookupOptions options;
  options.max_batch = kBatch;
  return options;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext& context) {
  auto parsed = parse_http_settings(settings, context);
  if (!parsed) return parsed.error();
  auto options = defaults().parse(settings);
  if (!options) return options.error();
  if (!parsed->options.reply.bulk) options->max_batch = 1;
  options->client_limit = 1;
  options->connections = parsed->options.connections;

  auto shared = std::make_shared<const HttpOptions>(std::move(parsed->options));
  return make_lookup(LookupParts{
      .key = shared->key,
      .fields = std::move(parsed->fields),
      .options = *std::move(options),
      .make_client = [shared, authorization = std::move(parsed->authorization)](
                         const LookupSurroundings& surroundings) -> std::unique_ptr<Client> {
        return std::make_unique<HttpClient>(surroundings, shared, authorization);
      }});
}

}  // namespace

EnricherKind http_enricher() {
  return {
      .name = "http",
      .summary = "Asks an HTTP service about a key and adds values of its JSON reply",
      .help = R"(Sends a request for each key that is not in the cache and sets the chosen values of
the reply, with their types. 404, 410 and 204 mean that there is nothing: no_match. With `bulk` one
request asks for the keys of many events.

  enrichers:
    - name: user
      type: http
      url: https://users.example/users/{{user_id}}
      auth: {token: "${file:/run/secrets/users}"}
      fields: {user.plan: /plan, user.org: /org/name}
      timeout: 50ms
      cache: {ttl: 5m}
)",
      .settings = with_lookup_settings(http_setting_specs(), defaults()),
      .make = make,
  };
}

}  // namespace logbraid
