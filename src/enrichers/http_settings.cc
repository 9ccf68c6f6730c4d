#include "enrichers/http_settings.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "support/private_address.h"

namespace logbraid {
namespace {

constexpr std::string_view kKeys = "{{keys}}";
constexpr std::size_t kNowhere = std::string_view::npos;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 9110, 5.6.2
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != kNowhere;
  });
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool has_fields(std::string_view text) { return text.find("{{") != kNowhere; }

Result<HttpUrl> parse_url(const Settings& settings, std::string_view name) {
  const std::string text = settings.string(name);
  const std::size_t scheme_end = text.find("://");
  const std::size_t authority_end =
      scheme_end == kNowhere ? text.size() : text.find_first_of("/?#", scheme_end + 3);
  if (text.find("{{") < std::min(authority_end, text.size())) {
    return settings.error(name,
                          "scheme, host and port must not depend on an event; {{...}} may only "
                          "stand in the path and the query");
  }
  auto url = HttpUrl::parse(text);
  if (!url) return settings.error(name, url.error().message);
  return url;
}

Result<HttpUrl> parse_service_url(const Settings& settings) {
  auto url = parse_url(settings, "url");
  if (!url) return url;
  if (!url->user_info.empty()) {
    return settings.error("url", "has a user in it; write auth: {user: ..., password: ...}");
  }
  // What stands in braces is a field's name, and never sent.
  bool in_braces = false;
  for (std::size_t i = 0; i < url->target.size(); ++i) {
    const std::string_view rest = std::string_view(url->target).substr(i);
    if (rest.starts_with("{{")) in_braces = true;
    if (rest.starts_with("}}")) in_braces = false;
    const auto byte = static_cast<unsigned char>(rest.front());
    if (!in_braces && (byte <= 0x20 || byte >= 0x7f)) {
      return settings.error("url",
                            "a blank, a control character or a letter outside ASCII is "
                            "written percent-encoded, like %20");
    }
  }
  return url;
}

Result<std::string> parse_warm_up(const Settings& settings) {
  if (!settings.has("warm_up")) return std::string();
  std::string target = settings.string("warm_up");
  const bool is_plain =
      std::ranges::all_of(target, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (!target.starts_with('/') || !is_plain || has_fields(target)) {
    return settings.error("warm_up", "is a path of the same host without fields, like /health");
  }
  return target;
}

// Adds a part to the key; gives its number.
Result<std::size_t> add_part(std::vector<KeyTemplate>& parts, const Setting& place,
                             std::string_view text, KeyEscape escape) {
  auto part = KeyTemplate::parse(text, escape);
  if (!part) return place.error(part.error().message);
  parts.push_back(*std::move(part));
  return parts.size() - 1;
}

struct Headers {
  std::vector<HttpOptions::Header> fixed;
  std::vector<HttpOptions::EventHeader> of_events;
};

Result<Headers> parse_headers(const Settings& settings, std::vector<KeyTemplate>& parts) {
  // What says where a message ends, or who it is for, is not to be had twice.
  constexpr std::string_view kOurs[] = {"accept-encoding",   "connection", "content-length",
                                        "content-type",      "expect",     "te",
                                        "transfer-encoding", "upgrade"};
  Headers headers;
  for (const auto& [name, value] : settings["headers"].members()) {
    const std::string lower = lower_case(name);
    if (!is_token(name)) return value.error("\"" + name + "\" is no name of a header");
    if (std::ranges::count(kOurs, lower) != 0) {
      return value.error("this header is set by the client itself");
    }
    if (lower == "authorization" && settings.has("auth")) {
      return value.error("auth sets this header; leave out one of the two");
    }
    const auto text = value.as_string();
    if (!text) return text.error();
    if (std::ranges::any_of(*text, is_control)) {
      return value.error("a control character in a header");
    }
    if (!has_fields(*text)) {
      headers.fixed.emplace_back(name, *text);
      continue;
    }
    const auto part = add_part(parts, value, *text, KeyEscape::none);
    if (!part) return part.error();
    headers.of_events.push_back({name, *part});
  }
  return headers;
}

Result<std::string> parse_auth(const Settings& settings) {
  if (!settings.has("auth")) return std::string();
  auto auth = Settings::check(
      settings["auth"],
      {{.name = "user"}, {.name = "password", .secret = true}, {.name = "token", .secret = true}});
  if (!auth) return auth.error();
  const bool is_basic = auth->has("user") && auth->has("password") && !auth->has("token");
  const bool is_bearer = auth->has("token") && !auth->has("user") && !auth->has("password");
  if (!is_basic && !is_bearer) {
    return settings.error("auth", "is either {user: ..., password: ...} or {token: ...}");
  }
  const auto control = [](const std::string& text) {
    return std::ranges::any_of(text, is_control);
  };
  if (is_bearer) {
    const std::string token = auth->string("token");
    if (control(token)) return settings.error("auth", "a control character in the token");
    return "Bearer " + token;
  }
  const std::string user = auth->string("user");
  if (user.find(':') != kNowhere) return settings.error("auth", "a user must not have a colon");
  const std::string pair = user + ":" + auth->string("password");
  if (control(pair)) return settings.error("auth", "a control character in user or password");
  std::string encoded((pair.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(pair.data()),
                                   static_cast<int>(pair.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

Result<std::string> parse_file(const Settings& settings, std::string_view name,
                               const MakeContext& context) {
  if (!settings.has(name)) return std::string();
  const std::string path = context.resolve_path(settings.string(name));
  if (::access(path.c_str(), R_OK) != 0) return settings.error(name, path + " cannot be read");
  return path;
}

Result<void> parse_tls(const Settings& settings, const MakeContext& context, HttpOptions& options) {
  if (!settings.has("tls")) return {};
  if (!options.origin.tls) return settings.error("tls", "url does not begin with https://");
  auto tls = Settings::check(
      settings["tls"], {{.name = "ca_file"},
                        {.name = "certificate"},
                        {.name = "key"},
                        {.name = "verify", .type = SettingType::boolean, .default_text = "true"},
                        {.name = "server_name"}});
  if (!tls) return tls.error();
  const std::pair<std::string_view, std::string*> files[] = {{"ca_file", &options.ca_file},
                                                             {"certificate", &options.certificate},
                                                             {"key", &options.private_key}};
  for (const auto& [name, file] : files) {
    auto path = parse_file(*tls, name, context);
    if (!path) return path.error();
    *file = *std::move(path);
  }
  if (options.certificate.empty() != options.private_key.empty()) {
    return settings.error("tls", "certificate and key come together");
  }
  options.verify = tls->boolean("verify");
  if (!tls->has("server_name")) return {};
  options.server_name = lower_case(tls->string("server_name"));
  if (!is_dns_name(options.server_name)) return tls->error("server_name", "is no DNS name");
  return {};
}

Result<void> parse_proxy(const Settings& settings, HttpOptions& options) {
  if (settings.boolean("forbid_private")) options.refuses = is_private_address;
  if (!settings.has("proxy")) return {};
  auto proxy = parse_url(settings, "proxy");
  if (!proxy) return proxy.error();
  if (proxy->target != "/") return settings.error("proxy", "has no path: http://host:port");
  if (options.refuses != nullptr) {
    return settings.error("proxy",
                          "chooses the addresses itself, so that forbid_private could "
                          "not hold; leave out one of the two");
  }
  if (!options.server_name.empty()) {
    return settings.error("proxy", "connects to the name in the URL; leave out tls.server_name");
  }
  options.proxy = *std::move(proxy);
  return {};
}

Result<HttpBulk> parse_bulk(const Settings& settings, std::vector<KeyTemplate>& parts) {
  auto bulk =
      Settings::check(settings["bulk"],
                      {{.name = "key", .required = true},
                       {.name = "body", .required = true},
                       {.name = "items", .default_text = ""},
                       {.name = "item_key"},
                       {.name = "numbers", .type = SettingType::boolean, .default_text = "false"}});
  if (!bulk) return bulk.error();
  const auto part = add_part(parts, (*bulk)["key"], bulk->string("key"), KeyEscape::none);
  if (!part) return part.error();
  HttpBulk made;
  const std::string body = bulk->string("body");
  const std::size_t keys = body.find(kKeys);
  made.body_start = body.substr(0, keys);
  made.body_end = keys == kNowhere ? "" : body.substr(keys + kKeys.size());
  if (keys == kNowhere || has_fields(made.body_start) || has_fields(made.body_end)) {
    return bulk->error("body", R"(has {{keys}} once, and no field, like {"ids": [{{keys}}]})");
  }
  made.numbers = bulk->boolean("numbers");
  auto items = JsonPointer::parse(bulk->has("items") ? bulk->string("items") : "");
  if (!items) return bulk->error("items", items.error().message);
  made.items = *std::move(items);
  if (!bulk->has("item_key")) return made;
  auto item_key = JsonPointer::parse(bulk->string("item_key"));
  if (!item_key) return bulk->error("item_key", item_key.error().message);
  made.item_key = *std::move(item_key);
  return made;
}

Result<void> parse_fields(const Settings& settings, HttpParts& made) {
  for (const auto& [name, place] : settings["fields"].members()) {
    auto field = FieldPath::parse(name);
    if (!field) return place.error(field.error().message);
    const auto text = place.as_string();
    if (!text) return text.error();
    auto pointer = JsonPointer::parse(*text);
    if (!pointer) return place.error(pointer.error().message);
    made.fields.push_back(*std::move(field));
    made.options.reply.fields.push_back(*std::move(pointer));
  }
  if (settings.has("output")) {
    made.fields.push_back(settings.field("output"));
    made.options.reply.fields.push_back(*JsonPointer::parse(""));
  }
  if (!made.fields.empty()) return {};
  return settings.error("fields",
                        "write fields: {user.plan: /plan}, or output: user for the whole "
                        "reply");
}

}  // namespace

std::vector<SettingSpec> http_setting_specs() {
  return {
      {.name = "url",
       .type = SettingType::string,
       .help = "`http://` or `https://`, host, and a path and query with fields in them, like "
               "`https://users.example/users/{{user_id}}`. Values are percent-encoded; scheme, "
               "host and port are the configuration's alone.",
       .required = true},
      {.name = "method",
       .type = SettingType::string,
       .default_text = "get",
       .help = "Of requests without `bulk`.",
       .choices = {"get", "post"}},
      {.name = "body",
       .type = SettingType::string,
       .help = "Of a post: JSON with fields in quotes, like `{\"id\": \"{{user_id}}\"}`. Values "
               "are escaped."},
      {.name = "content_type",
       .type = SettingType::string,
       .default_text = "application/json",
       .help = "Of the body."},
      {.name = "headers",
       .type = SettingType::map,
       .help = "More headers by name; fields may stand in their values. One of an event with a "
               "control character in it is an error of that event."},
      {.name = "auth",
       .type = SettingType::map,
       .help = "`{user: ..., password: ...}` (basic) or `{token: ...}` (bearer). Sent to the host "
               "of `url` alone.",
       .secret = true},
      {.name = "fields",
       .type = SettingType::map,
       .help = "Fields of the event and where their values stand in the reply, as a JSON pointer: "
               "`{user.plan: /plan}`. Values keep their types."},
      {.name = "output",
       .type = SettingType::field,
       .help = "The field that gets the whole reply (of `bulk`: the item)."},
      {.name = "bulk",
       .type = SettingType::map,
       .help = "One post for many events: `key`, `body` with `{{keys}}` in it, `items` and "
               "`item_key`, `numbers`."},
      {.name = "tls",
       .type = SettingType::map,
       .help = "`ca_file`, whom to trust, and nobody else (the system's file where unset), "
               "`certificate` and `key` of this client, `verify` (true), `server_name` (the host "
               "where unset)."},
      {.name = "http2",
       .type = SettingType::boolean,
       .default_text = "true",
       .help = "Over TLS HTTP/2 is used where the service offers it: requests share connections."},
      {.name = "connections",
       .type = SettingType::integer,
       .default_text = "64",
       .help =
           "The most to the service, of the process; divided among the shards, at least one "
           "each. Raise it when `in_flight` stands at a shard's part and the service could take "
           "more."},
      {.name = "connect_timeout",
       .type = SettingType::duration,
       .help = "For a connection to come about, within `timeout`; where unset all of it."},
      {.name = "warm_up",
       .type = SettingType::string,
       .help = "A path, like `/health`, that is asked before the first event, so that TLS and "
               "HTTP/2 stand by then; what is answered does not matter. Where unset only a TCP "
               "connection is made ahead."},
      {.name = "idle_timeout",
       .type = SettingType::duration,
       .default_text = "1m",
       .help = "A connection without a request for so long is closed."},
      {.name = "max_reply",
       .type = SettingType::bytes,
       .unit = "bytes",
       .default_text = "1MiB",
       .help = "A longer reply, decompressed, is an error."},
      {.name = "redirects",
       .type = SettingType::integer,
       .default_text = "0",
       .help = "How many are followed. Another host gets neither `auth` nor `headers`; https never "
               "leads to http."},
      {.name = "proxy",
       .type = SettingType::string,
       .help = "`http://host:port` of a proxy; the environment is not asked."},
      {.name = "forbid_private",
       .type = SettingType::boolean,
       .default_text = "false",
       .help = "Refuses to connect to loopback, private, link-local and metadata addresses, also "
               "after a redirect."},
  };
}

Result<HttpParts> parse_http_settings(const Settings& settings, const MakeContext& context) {
  auto url = parse_service_url(settings);
  if (!url) return url.error();
  const bool is_post = settings.string("method") == "post";
  const bool is_bulk = settings.has("bulk");
  if (settings.has("body") != is_post && !is_bulk) {
    return settings.error("body", is_post ? "a post has one" : "needs method: post");
  }
  if (is_bulk && (has_fields(url->target) || settings.has("body"))) {
    return settings.error("bulk",
                          "one request is for many events: no field in url, and the body "
                          "is that of bulk");
  }

  std::vector<KeyTemplate> parts;
  std::optional<HttpBulk> bulk;
  std::optional<std::size_t> body_part;
  if (is_bulk) {
    auto parsed = parse_bulk(settings, parts);
    if (!parsed) return parsed.error();
    bulk = *std::move(parsed);
  } else if (auto part = add_part(parts, settings["url"], url->target, KeyEscape::url_path);
             !part) {
    return part.error();
  }
  if (settings.has("body") && has_fields(settings.string("body"))) {
    auto part = add_part(parts, settings["body"], settings.string("body"), KeyEscape::json_string);
    if (!part) return part.error();
    body_part = *part;
  }
  auto headers = parse_headers(settings, parts);
  if (!headers) return headers.error();
  if (is_bulk && !headers->of_events.empty()) {
    return settings.error("headers", "one request of bulk is for many events: no fields here");
  }

  HttpParts made{HttpOptions(url->origin, KeySpec(std::move(parts))), {}, {}};
  HttpOptions& options = made.options;
  options.target = url->target;
  options.post = is_post || is_bulk;
  options.body_part = body_part;
  if (settings.has("body")) options.body = settings.string("body");
  options.content_type = settings.string("content_type");
  if (std::ranges::any_of(options.content_type, is_control)) {
    return settings.error("content_type", "has a control character");
  }
  options.headers = std::move(headers->fixed);
  options.event_headers = std::move(headers->of_events);
  options.reply.bulk = std::move(bulk);
  options.http2 = settings.boolean("http2");
  if (settings.has("connect_timeout")) {
    options.connect_timeout = settings.duration("connect_timeout");
  }
  auto warm_up = parse_warm_up(settings);
  if (!warm_up) return warm_up.error();
  options.warm_up = *std::move(warm_up);
  options.idle_timeout = settings.duration("idle_timeout");
  if (options.idle_timeout < std::chrono::seconds(1)) {
    return settings.error("idle_timeout", "must be 1s or more");
  }
  options.max_reply = settings.bytes("max_reply");
  const auto connections = settings["connections"].as_integer(1, 65536);
  if (!connections) return connections.error();
  options.connections = static_cast<std::uint32_t>(*connections);
  const auto redirects = settings["redirects"].as_integer(0, 10);
  if (!redirects) return redirects.error();
  options.redirects = static_cast<unsigned>(*redirects);

  auto authorization = parse_auth(settings);
  if (!authorization) return authorization.error();
  made.authorization = *std::move(authorization);
  if (auto parsed = parse_tls(settings, context, options); !parsed) return parsed.error();
  if (auto parsed = parse_proxy(settings, options); !parsed) return parsed.error();
  if (auto parsed = parse_fields(settings, made); !parsed) return parsed.error();
  return made;
}

}  // namespace logbraid
