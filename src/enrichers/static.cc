// static: fields with fixed values.

#include <memory>
#include <utility>

#include "enrichers/builtin.h"
#include "logbraid/constant_fields.h"

namespace logbraid {
namespace {

class StaticEnricher final : public SyncEnricher {
 public:
  explicit StaticEnricher(ConstantFields fields) : fields_(std::move(fields)) {}

  EnrichStatus enrich(const EventView&, Patch& patch) override {
    fields_.set_on(patch);
    return CallResult::ok;
  }

 private:
  const ConstantFields fields_;
};

// environment://static?version=1.0.0: there the word `static` is the host of a URI, not a field.
bool is_uri_host(const Setting::Member& member) {
  return member.first == "host" && member.second.is_string() && member.second.string() == "static";
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  ConstantFields fields;
  if (settings.has("fields")) {
    auto parsed = ConstantFields::parse(settings["fields"]);
    if (!parsed) return parsed.error();
    fields = *std::move(parsed);
  }
  for (const Setting::Member& member : settings.map().members()) {
    if (member.first == "fields" || is_uri_host(member)) continue;
    if (auto added = fields.add(member.first, member.second); !added) return added.error();
  }
  if (fields.empty()) {
    return settings.error("fields", "adds no field; write fields: {version: 1.0.0}");
  }
  std::vector<FieldPath> writes = fields.paths();
  return EnricherInstance{.enricher = std::make_shared<StaticEnricher>(std::move(fields)),
                          .placement = Placement::inline_,
                          .reads = {},
                          .writes = std::move(writes)};
}

}  // namespace

EnricherKind static_enricher() {
  return {
      .name = "static",
      .summary = "Adds fields with fixed values",
      .help = R"(Adds the same fields to every event: a version, a zone, the name of a deployment.
Values keep their type. A name is a field path (deployment.zone lies in the object deployment); a
nested map is an object, merged with the one the event has. Any other setting is a field, too, so
that a URI can give them: environment://static?version=1.0.0&deployment=prod

  enrichers:
    - name: release
      type: static
      fields: {version: 1.0.0, replicas: 3, deployment.zone: eu}
)",
      .settings =
          {
              {.name = "fields",
               .type = SettingType::map,
               .help = "Field paths and their values: booleans, numbers, strings, lists, maps."},
          },
      .make = make,
      .aliases = {"environment"},
      .open_settings = true,
  };
}

}  // namespace logbraid
