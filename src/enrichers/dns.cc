// dns: the name of an address, the addresses of a name, the text at a name.

#include <memory>
#include <string>
#include <utility>

#include "clients/dns_client.h"
#include "enrichers/builtin.h"
#include "lookup/cached_lookup.h"
#include "lookup/lookup_options.h"

namespace logbraid {
namespace {

// Questions under way, a shard: a resolver answers hundreds of a client's at once.
constexpr std::uint32_t kInFlight = 256;

LookupOptions defaults() {
  LookupOptions defaults;
  defaults.client_limit = kInFlight;
  return defaults;
}

DnsType type_of(const Settings& settings) {
  const std::string type = settings.string("record");
  if (type == "a") return DnsType::a;
  if (type == "aaaa") return DnsType::aaaa;
  return type == "txt" ? DnsType::txt : DnsType::ptr;
}

Result<DnsServers> parse_servers(const Settings& settings) {
  DnsServers servers;
  servers.addresses = settings.strings("servers");
  const auto port = settings["port"].as_integer(1, 65535);
  if (!port) return port.error();
  const auto tries = settings["tries"].as_integer(1, 10);
  if (!tries) return tries.error();
  servers.port = static_cast<std::uint16_t>(*port);
  servers.tries = static_cast<std::uint32_t>(*tries);
  servers.try_timeout = settings.duration("try_timeout");
  if (servers.try_timeout < std::chrono::milliseconds(1) ||
      servers.try_timeout > std::chrono::minutes(1)) {
    return settings.error("try_timeout", "must be 1ms to 1m");
  }
  const auto usable = servers.check();
  if (!usable) {
    return settings.error("servers", usable.error().message +
                                         "; write addresses: 192.0.2.53, \"[2001:db8::53]:5353\"");
  }
  return servers;
}

Result<KeyTemplate> parse_key(const Settings& settings, DnsType type) {
  if (settings.has("input") == settings.has("query")) {
    return settings.error("input", "write `input`, a field, or `query`, a template: one of them");
  }
  const bool is_input = settings.has("input");
  std::string text =
      is_input ? "{{" + settings.field("input").to_string() + "}}" : settings.string("query");
  // An address is checked as one; all else must be a name.
  auto key =
      KeyTemplate::parse(text, type == DnsType::ptr ? KeyEscape::none : KeyEscape::dns_label);
  if (!key) return settings.error(is_input ? "input" : "query", key.error().message);
  return key;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  const DnsLookup lookup{.type = type_of(settings), .all = settings.boolean("all")};
  auto key = parse_key(settings, lookup.type);
  if (!key) return key.error();
  auto servers = parse_servers(settings);
  if (!servers) return servers.error();
  auto options = defaults().parse(settings);
  if (!options) return options.error();
  return make_lookup({.key = KeySpec({*std::move(key)}),
                      .fields = {settings.field("output")},
                      .options = *options,
                      .make_client = [lookup, servers = *std::move(servers)](
                                         const LookupSurroundings& surroundings) {
                        return make_dns_client(lookup, servers, surroundings);
                      }});
}

std::vector<SettingSpec> specs() {
  return {
      {.name = "input",
       .type = SettingType::field,
       .help = "The field with the address (ptr) or the name; or write `query`."},
      {.name = "query",
       .type = SettingType::string,
       .help = "What is asked for: {{host}}.internal.example."},
      {.name = "record",
       .type = SettingType::string,
       .default_text = "ptr",
       .help = "ptr: the name of an IPv4 or IPv6 address; a, aaaa: the addresses of a name; txt: "
               "the text at a name.",
       .choices = {"ptr", "a", "aaaa", "txt"}},
      {.name = "output",
       .type = SettingType::field,
       .help = "The field that gets the answer.",
       .required = true},
      {.name = "all",
       .type = SettingType::boolean,
       .default_text = "false",
       .help = "An array of all values instead of the first one."},
      {.name = "servers",
       .type = SettingType::strings,
       .help = "Addresses of name servers, with or without port; those of /etc/resolv.conf where "
               "unset. They are asked in this order, each when the one before it fails."},
      {.name = "port",
       .type = SettingType::integer,
       .default_text = "53",
       .help = "Of servers that are named without one."},
      {.name = "try_timeout",
       .type = SettingType::duration,
       .default_text = "300ms",
       .help = "How long a server has for one try; a second round has twice as long. Together they "
               "should be under `timeout`."},
      {.name = "tries",
       .type = SettingType::integer,
       .default_text = "2",
       .help = "How often each server is asked."},
  };
}

}  // namespace

EnricherKind dns_enricher() {
  return {
      .name = "dns",
      .summary = "Adds the host name of an address, the addresses of a name, or the text at a name",
      .help = R"(Asks name servers, over UDP and where an answer is too long over TCP. Answers are
kept for as long as the servers say (a day at most), also that there is none. Where there is none,
or the input is no address (ptr), the outcome is no_match; a server that fails or refuses is an
error. Names are checked before they are asked for: a value of an event is a label or a name, or the
event fails.

  enrichers:
    - name: client_host
      type: dns
      record: ptr
      input: client_ip
      output: client.host
      timeout: 1s
)",
      .settings = with_lookup_settings(specs(), defaults()),
      .make = make,
  };
}

}  // namespace logbraid
