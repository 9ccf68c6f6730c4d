// geoip: what a MaxMind database knows about an address.

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "core/path_below.h"
#include "enrichers/builtin.h"
#include "enrichers/geoip_database.h"
#include "support/cidr.h"

namespace logbraid {
namespace {

struct Lookup {
  GeoipDatabase::Path from;
  FieldPath to;
};

class GeoipEnricher final : public SyncEnricher {
 public:
  GeoipEnricher(GeoipDatabase database, FieldPath input, std::vector<Lookup> lookups)
      : database_(std::move(database)), input_(std::move(input)), lookups_(std::move(lookups)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const auto address = parse_ip(event.get_string(input_));
    if (!address) return EnrichStatus::no_match();
    const auto found = database_.find(*address);
    if (found.error != nullptr) return EnrichStatus::error(found.error);
    if (!found.found) return EnrichStatus::no_match();
    for (const Lookup& lookup : lookups_) {
      const auto read = database_.read(found.entry, lookup.from, patch.arena());
      if (read.error != nullptr) return EnrichStatus::error(read.error);
      patch.set_view(lookup.to, read.value);
    }
    return patch.empty() ? EnrichStatus::no_match() : CallResult::ok;
  }

 private:
  const GeoipDatabase database_;
  const FieldPath input_;
  const std::vector<Lookup> lookups_;
};

struct DefaultPath {
  std::string_view to;
  std::string_view from;
};

// What a type of database is asked for where `paths` is unset; the first that is part of the type.
struct Defaults {
  std::string_view type;
  std::vector<DefaultPath> paths;
};

const std::vector<Defaults>& all_defaults() {
  static const std::vector<DefaultPath> city = {
      {"continent", "continent/code"},       {"country", "country/iso_code"},
      {"region", "subdivisions/0/iso_code"}, {"city", "city/names/en"},
      {"latitude", "location/latitude"},     {"longitude", "location/longitude"},
      {"time_zone", "location/time_zone"}};
  static const std::vector<Defaults> all = {
      {"Anonymous",
       {{"is_anonymous", "is_anonymous"},
        {"is_anonymous_vpn", "is_anonymous_vpn"},
        {"is_hosting_provider", "is_hosting_provider"},
        {"is_public_proxy", "is_public_proxy"},
        {"is_residential_proxy", "is_residential_proxy"},
        {"is_tor_exit_node", "is_tor_exit_node"}}},
      {"City", city},
      {"Enterprise", city},
      {"Insights", city},
      {"Country",
       {{"continent", "continent/code"},
        {"country", "country/iso_code"},
        {"country_name", "country/names/en"}}},
      {"ASN",
       {{"asn", "autonomous_system_number"}, {"organization", "autonomous_system_organization"}}},
      {"ISP",
       {{"asn", "autonomous_system_number"},
        {"organization", "autonomous_system_organization"},
        {"isp", "isp"}}},
      {"Connection-Type", {{"connection_type", "connection_type"}}},
      {"Domain", {{"domain", "domain"}}},
  };
  return all;
}

Result<Lookup> parse_lookup(const Setting& place, const FieldPath& output, std::string_view to,
                            std::string_view from) {
  auto field = FieldPath::parse(to);
  if (!field) return place.error(field.error().message);
  auto path = GeoipDatabase::Path::parse(from);
  if (!path) return place.error(path.error().message);
  return Lookup{*std::move(path), below(output, *field)};
}

Result<std::vector<Lookup>> parse_lookups(const Settings& settings, const GeoipDatabase& database) {
  const FieldPath output = settings.field("output");
  std::vector<Lookup> lookups;
  for (const auto& [to, from] : settings["paths"].members()) {
    const auto text = from.as_string();
    if (!text) return text.error();
    auto lookup = parse_lookup(from, output, to, *text);
    if (!lookup) return lookup.error();
    lookups.push_back(*std::move(lookup));
  }
  if (settings.has("paths")) {
    if (lookups.empty())
      return settings.error("paths", "is empty; write {country: country/iso_code}");
    return lookups;
  }
  for (const Defaults& defaults : all_defaults()) {
    if (database.type().find(defaults.type) == std::string_view::npos) continue;
    for (const auto& [to, from] : defaults.paths) {
      auto lookup = parse_lookup(settings["output"], output, to, from);
      if (!lookup) return lookup.error();
      lookups.push_back(*std::move(lookup));
    }
    return lookups;
  }
  return settings.error("paths", "databases of type \"" + std::string(database.type()) +
                                     "\" have no default; write {field: place/in/the/entry}");
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext& context) {
  auto database = GeoipDatabase::open(context.resolve_path(settings.string("database")),
                                      settings.bytes("max_size"));
  if (!database) return settings.error("database", database.error().message);
  auto lookups = parse_lookups(settings, *database);
  if (!lookups) return lookups.error();

  const FieldPath input = settings.field("input");
  std::vector<FieldPath> writes;
  for (const Lookup& lookup : *lookups) writes.push_back(lookup.to);
  return EnricherInstance{
      .enricher = std::make_shared<GeoipEnricher>(*std::move(database), input, *std::move(lookups)),
      .placement = Placement::inline_,
      .reads = {input},
      .writes = std::move(writes)};
}

}  // namespace

EnricherKind geoip_enricher() {
  return {
      .name = "geoip",
      .summary = "Adds what a MaxMind database knows about an IP address",
      .help = R"(Looks an IPv4 or IPv6 address up in a MaxMind database (.mmdb) of any type and sets
the chosen values below `output`, with their types; maps and arrays become objects and arrays. The
file is read into memory when the pipeline is built; replacing it touches nobody. Where the input is
absent or no address, or the database has nothing about it (private networks), the outcome is
no_match.

  enrichers:
    - name: geo
      type: geoip
      database: GeoLite2-City.mmdb
      input: client_ip
      output: geo
      paths: {country: country/iso_code, city: city/names/en, latitude: location/latitude}
)",
      .settings =
          {
              {.name = "database",
               .type = SettingType::string,
               .help = "The .mmdb file; a relative name starts at the configuration's folder.",
               .required = true},
              {.name = "input",
               .type = SettingType::field,
               .default_text = "client_ip",
               .help = "The field with the address."},
              {.name = "output",
               .type = SettingType::field,
               .default_text = "geo",
               .help = "The object that gets the values."},
              {.name = "paths",
               .type = SettingType::map,
               .help = "Fields below `output` and where their values lie in an entry. Where unset: "
                       "what is usual for City, Country, ASN, ISP, Anonymous-IP, Connection-Type "
                       "and Domain databases. Each costs a search in the entry."},
              {.name = "max_size",
               .type = SettingType::bytes,
               .unit = "bytes",
               .default_text = "512MiB",
               .help = "A larger database is refused: it is read into memory whole."},
          },
      .make = make,
  };
}

}  // namespace logbraid
