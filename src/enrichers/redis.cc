// redis: what a Redis holds for a key.

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/redis_client.h"
#include "core/path_below.h"
#include "enrichers/builtin.h"
#include "lookup/cached_lookup.h"
#include "lookup/lookup_options.h"

namespace logbraid {
namespace {

// Keys of one MGET, or of one write.
constexpr std::size_t kMaxBatch = 256;
constexpr std::size_t kMostReply = 64 * 1024 * 1024;

LookupOptions defaults() {
  LookupOptions defaults;
  defaults.max_batch = kMaxBatch;
  return defaults;
}

RedisCommand command_of(const Settings& settings) {
  const std::string name = settings.string("command");
  if (name == "hmget") return RedisCommand::hmget;
  return name == "hgetall" ? RedisCommand::hgetall : RedisCommand::get;
}

// What the reply's parts are for: which fields the answers are about, and what the client takes for
// each.
struct Fields {
  std::vector<FieldPath> paths;
  std::vector<JsonPointer> pointers;
  std::vector<std::string> names;
};

// Without `fields` there is one, for the whole value or the whole hash.
Result<Fields> whole(const Settings& settings, RedisCommand command) {
  if (command == RedisCommand::hmget) {
    return settings.error("fields",
                          "hmget asks for fields of a hash; write {user.plan: plan}, or "
                          "`command: hgetall` for all of them");
  }
  if (!settings.has("output")) {
    return settings.error("output",
                          "says where the value goes; write `output: user`, or `fields` "
                          "to choose parts of it");
  }
  return Fields{{settings.field("output")}, {}, {}};
}

Result<Fields> parse_fields(const Settings& settings, RedisCommand command) {
  if (!settings.has("fields")) return whole(settings, command);
  Fields fields;
  for (const auto& [to, setting] : settings["fields"].members()) {
    auto path = FieldPath::parse(to);
    if (!path) return setting.error(path.error().message);
    auto from = setting.as_string();
    if (!from) return from.error();
    fields.paths.push_back(below(settings.field("output"), *path));
    if (command == RedisCommand::get) {
      auto pointer = JsonPointer::parse(*from);
      if (!pointer) return setting.error(pointer.error().message);
      fields.pointers.push_back(*std::move(pointer));
    } else {
      fields.names.push_back(*std::move(from));
    }
  }
  if (fields.paths.empty()) {
    return settings.error("fields", command == RedisCommand::get
                                        ? "names no field; write {user.plan: /plan}"
                                        : "names no field; write {user.plan: plan}");
  }
  return fields;
}

Result<void> parse_tls(const Settings& settings, const MakeContext& context,
                       RedisConnectionOptions& options) {
  const auto file = [&](std::string_view name) {
    return settings.has(name) ? context.resolve_path(settings.string(name)) : std::string();
  };
  RedisTlsOptions& tls = options.tls_options;
  tls.ca_file = file("ca_file");
  tls.certificate = file("certificate");
  tls.certificate_key = file("certificate_key");
  tls.verify = settings.boolean("verify");
  if (settings.has("server_name")) tls.server_name = settings.string("server_name");
  if (!options.endpoint.tls) {
    for (const char* name : {"ca_file", "certificate", "certificate_key", "server_name"}) {
      if (settings.has(name)) {
        return settings.error(name, "is for TLS; write the URL as rediss://host");
      }
    }
    return {};
  }
  if (tls.certificate.empty() != tls.certificate_key.empty()) {
    return settings.error("certificate", "certificate and certificate_key go together");
  }
  auto made = redis_tls_context(tls);
  if (!made) return settings.error("ca_file", made.error().message);
  options.tls = *std::move(made);
  return {};
}

Result<RedisSetup> parse_setup(const Settings& settings, const MakeContext& context) {
  auto url = RedisUrl::parse(settings.string("url"));
  if (!url) return settings.error("url", url.error().message);
  RedisSetup setup;
  setup.connection.endpoint = std::move(url->endpoint);
  setup.lookup.prefix = std::move(url->prefix);
  setup.lookup.command = command_of(settings);
  setup.connection.connect_timeout = settings.duration("connect_timeout");
  setup.connection.idle_timeout = settings.duration("idle_timeout");
  if (setup.connection.idle_timeout < std::chrono::seconds(1)) {
    return settings.error("idle_timeout", "must be 1s or more");
  }
  if (settings.has("client_name")) setup.connection.client_name = settings.string("client_name");
  if (setup.connection.client_name.find_first_of(" \r\n") != std::string::npos) {
    return settings.error("client_name", "must have no blanks and no line ends");
  }
  const auto connections = settings["connections"].as_integer(1, 1024);
  if (!connections) return connections.error();
  const auto pipeline = settings["pipeline"].as_integer(1, 1024);
  if (!pipeline) return pipeline.error();
  setup.connections = static_cast<std::uint32_t>(*connections);
  setup.connection.pipeline = static_cast<std::uint32_t>(*pipeline);
  setup.lookup.max_reply = settings.bytes("max_reply");
  if (setup.lookup.max_reply == 0 || setup.lookup.max_reply > kMostReply) {
    return settings.error("max_reply", "must be 1 byte to 64 MiB");
  }
  const auto tls = parse_tls(settings, context, setup.connection);
  if (!tls) return tls.error();
  return setup;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext& context) {
  auto key = KeyTemplate::parse(settings.string("key"), KeyEscape::none);
  if (!key) return settings.error("key", key.error().message);
  auto setup = parse_setup(settings, context);
  if (!setup) return setup.error();
  auto fields = parse_fields(settings, setup->lookup.command);
  if (!fields) return fields.error();
  setup->lookup.pointers = std::move(fields->pointers);
  setup->lookup.names = std::move(fields->names);
  auto options = defaults().parse(settings);
  if (!options) return options.error();
  options->client_limit = setup->connection.pipeline;
  options->connections = setup->connections;
  return make_lookup(
      {.key = KeySpec({*std::move(key)}),
       .fields = std::move(fields->paths),
       .options = *options,
       .make_client = [setup = *std::move(setup)](const LookupSurroundings& surroundings) {
         return make_redis_client(setup, surroundings);
       }});
}

std::vector<SettingSpec> specs() {
  return {
      {.name = "url",
       .type = SettingType::string,
       .help = "redis://user:password@host:6379/0?prefix=user:, rediss://host for TLS, or "
               "unix:///run/redis.sock?db=0. The prefix stands before each key. It may be the "
               "enricher, with the other settings in it: redis://host/0?key={{id}}&output=user.",
       .required = true},
      {.name = "key",
       .type = SettingType::string,
       .help = "What is looked up: {{user_id}}, session:{{site}}:{{session}}.",
       .required = true},
      {.name = "command",
       .type = SettingType::string,
       .default_text = "get",
       .help = "get: the string at the key; hmget: chosen fields of the hash there; hgetall: all "
               "of them.",
       .choices = {"get", "hmget", "hgetall"}},
      {.name = "fields",
       .type = SettingType::map,
       .help = "Fields of the event, and what they get: with get a place in a value that is JSON, "
               "{user.plan: /plan}; with hmget and hgetall a field of the hash, {user.plan: "
               "plan}."},
      {.name = "output",
       .type = SettingType::field,
       .help = "With `fields`: the object they lie below. Without: the field that gets the value "
               "as a string, or with hgetall the whole hash as an object."},
      {.name = "connections",
       .type = SettingType::integer,
       .default_text = "1",
       .help = "To the server, of the process; divided among the shards, at least one each. Raise "
               "it where values are large."},
      {.name = "pipeline",
       .type = SettingType::integer,
       .unit = "requests",
       .default_text = "16",
       .help = "Sent on one connection before the first is answered. Raise it where the server is "
               "far."},
      {.name = "max_reply",
       .type = SettingType::bytes,
       .unit = "bytes",
       .default_text = "1MiB",
       .help = "A larger value, or hash, is an error of its key; so is what is over eight times as "
               "much in one request."},
      {.name = "connect_timeout",
       .type = SettingType::duration,
       .default_text = "1s",
       .help = "Until the server is reached and has taken password and database."},
      {.name = "idle_timeout",
       .type = SettingType::duration,
       .default_text = "5m",
       .help = "A connection without a request for so long is closed, and opened by the next one."},
      {.name = "client_name",
       .type = SettingType::string,
       .help = "What CLIENT LIST of the server calls the connections."},
      {.name = "ca_file",
       .type = SettingType::string,
       .help = "Certificates (PEM) that the server's must descend from; what the system trusts "
               "where unset."},
      {.name = "certificate",
       .type = SettingType::string,
       .help = "Our own certificate (PEM), where the server wants one."},
      {.name = "certificate_key",
       .type = SettingType::string,
       .help = "The key (PEM) of `certificate`."},
      {.name = "server_name",
       .type = SettingType::string,
       .help = "The name that the server's certificate must be for; the host where unset."},
      {.name = "verify",
       .type = SettingType::boolean,
       .default_text = "true",
       .help = "Whether the server's certificate is checked. Without, anybody may answer."},
  };
}

}  // namespace

EnricherKind redis_enricher() {
  return {
      .name = "redis",
      .summary = "Adds what a Redis holds for a key: a string, JSON in it, or a hash",
      .help = R"(Asks a Redis (RESP2; no cluster) for a key made of fields. Keys of `get` that come
together are one MGET of up to 256 keys; hashes are asked for one by one, in one write. Where the key
is not there the outcome is no_match, and with `get` also where it holds no string. Commands are
sent length by length: no value of an event can become one.

  enrichers:
    - name: user
      type: redis
      url: "redis://:${REDIS_PASSWORD}@redis.example:6379/0?prefix=user:"
      key: "{{user_id}}"
      command: hmget
      fields: {user.plan: plan, user.org: org}
      timeout: 50ms
)",
      .settings = with_lookup_settings(specs(), defaults()),
      .make = make,
  };
}

}  // namespace logbraid
