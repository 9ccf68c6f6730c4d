#include <algorithm>
#include <limits>
#include <unordered_map>

#include "config/enricher_names.h"
#include "config/section_parsers.h"
#include "config/sections.h"
#include "config/uri.h"
#include "config/yaml_reader.h"
#include "core/suggestion.h"

namespace logbraid {
namespace {

// fapilog's limit for the timeout of a URI.
constexpr Duration kLongestUriTimeout = std::chrono::seconds(300);

// Reads the list of enrichers, one after the other.
class EnrichersParser {
 public:
  EnrichersParser(const KnownKinds& kinds, PipelineConfig& config, ErrorList& errors)
      : config_(config), errors_(errors) {
    for (const EnricherKind& kind : kinds.enrichers) {
      names_.push_back(kind.name);
      kinds_.emplace(kind.name, &kind);
      for (const std::string& alias : kind.aliases) kinds_.emplace(alias, &kind);
    }
  }

  void parse(const Setting& list);

 private:
  void parse_one(const Setting& item, std::string name);
  const EnricherKind* kind_of(const Setting& place, const std::string& type);
  void split_uri(const EnricherUri& uri, std::string_view text, const EnricherKind& kind,
                 SplitSettings& split) const;
  EnricherMetadata metadata_of(const Settings& common, std::string name);
  void check_timeout(const Settings& common, bool is_uri);
  void check_names(const Setting& list);
  static Setting effective_item(const Setting& item, const Settings& common, const Setting& own,
                                const std::string& name);

  PipelineConfig& config_;
  ErrorList& errors_;
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, const EnricherKind*> kinds_;
  Setting shown_ = Setting::list({});
};

void EnrichersParser::parse(const Setting& list) {
  check_names(list);
  std::vector<std::string> names = enricher_names(list);
  config_.enrichers.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    Setting item = list.items()[i];
    // Errors speak of enrichers by their names, also by those that are implied.
    assign_keys(item, "enrichers." + names[i]);
    parse_one(item, std::move(names[i]));
  }
  config_.effective.set("enrichers", std::move(shown_));
}

void EnrichersParser::check_names(const Setting& list) {
  std::unordered_map<std::string, const Setting*> first;
  for (const Setting& item : list.items()) {
    const Setting* const name = item.find("name");
    if (name == nullptr || name->is_null() || !name->is_scalar()) continue;
    const std::string text = name->as_string().value();
    if (text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
          return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        })) {
      errors_.add(name->error("must be a name without line breaks, not " + name->describe()));
      continue;
    }
    const auto [known, added] = first.emplace(text, name);
    if (added) continue;
    const Setting& other = *known->second;
    std::string where = "line " + std::to_string(other.line);
    if (other.file != name->file) where += " of " + other.file;
    errors_.add(name->error("two enrichers are named " + name->describe() + ", the first on " +
                            where + "; names must differ"));
  }
}

const EnricherKind* EnrichersParser::kind_of(const Setting& place, const std::string& type) {
  const auto found = kinds_.find(type);
  if (found != kinds_.end()) return found->second;
  errors_.add(place.error("there is no enricher \"" + type + "\"; " + suggestion(type, names_)));
  return nullptr;
}

// A parameter is a setting of the kind where the kind has it or takes any; else it may be one of
// those that every enricher has. Host, path and the like mean nothing to a kind whose settings are
// fields: `environment://static?version=1` sets one field. A kind that asks for a `url` gets the
// URI as that, with those parameters that are no settings.
void EnrichersParser::split_uri(const EnricherUri& uri, std::string_view text,
                                const EnricherKind& kind, SplitSettings& split) const {
  const auto place_at = [](Setting value, const Setting& map, const std::string& name) {
    value.file = map.file;
    value.line = map.line;
    value.key = map.key + "." + name;
    return value;
  };
  const auto is_setting = [&](std::string_view name) {
    return find_spec(kind.settings, name) != nullptr ||
           find_spec(enricher_specs(), name) != nullptr;
  };
  const bool is_url =
      find_spec(kind.settings, "url") != nullptr && uri.query.find("url") == nullptr;
  if (is_url) {
    Setting url = uri_without(text, is_setting);
    url.secret = uri.parts.find("password") != nullptr;
    split.own.members().emplace_back("url", place_at(std::move(url), split.own, "url"));
  }
  for (const auto& [name, value] : uri.parts.members()) {
    if (is_url || uri.query.find(name) != nullptr) continue;  // overridden
    if (kind.open_settings && find_spec(kind.settings, name) == nullptr) continue;
    split.own.members().emplace_back(name, place_at(value, split.own, name));
  }
  for (const auto& [name, value] : uri.query.members()) {
    if (is_url && !is_setting(name)) continue;
    const bool own = kind.open_settings || find_spec(kind.settings, name) != nullptr ||
                     find_spec(enricher_specs(), name) == nullptr || name == "type";
    Setting& map = own ? split.own : split.common;
    map.members().emplace_back(name, place_at(value, map, name));
  }
}

void EnrichersParser::check_timeout(const Settings& common, bool is_uri) {
  const Duration timeout = common.duration("timeout");
  if (is_uri && timeout > kLongestUriTimeout) {
    errors_.add(common.error(
        "timeout", "must be at most 300 s in a URI, not " + common["timeout"].describe()));
  }
  const auto over = [&](const std::optional<Duration>& limit, std::string_view name) {
    if (!limit || timeout <= *limit) return false;
    const Setting* const execution = config_.effective.find("execution");
    const Setting* const written = execution == nullptr ? nullptr : execution->find(name);
    errors_.add(common.error(
        "timeout", "is " + common["timeout"].describe() + ", longer than execution." +
                       std::string(name) + " (" + (written ? written->describe() : "set") +
                       "), which would cut it short; raise that or lower this"));
    return true;
  };
  if (!over(config_.execution.group_timeout, "group_timeout")) {
    over(config_.execution.event_timeout, "event_timeout");
  }
}

EnricherMetadata EnrichersParser::metadata_of(const Settings& common, std::string name) {
  EnricherMetadata metadata;
  metadata.name = std::move(name);
  if (common.has("description")) metadata.description = common.string("description");
  if (const auto priority = errors_.take(common["priority"].as_integer(
          std::numeric_limits<int>::min(), std::numeric_limits<int>::max()))) {
    metadata.priority = static_cast<int>(*priority);
  }
  metadata.dependencies = common.strings("dependencies");
  metadata.required = common.strings("requires");
  metadata.reads = common.fields("reads");
  metadata.writes = common.fields("writes");
  metadata.conditions = parse_conditions(common["conditions"], errors_);
  if (common.has("when")) metadata.when = errors_.take(Predicate::parse(common["when"]));
  metadata.is_volatile = common.boolean("volatile");
  if (common.has("placement")) {
    const std::string placement = common.string("placement");
    metadata.placement = placement == "inline"  ? Placement::inline_
                         : placement == "pool"  ? Placement::pool
                         : placement == "async" ? Placement::async
                                                : Placement::automatic;
  }
  metadata.timeout = positive_duration(common, "timeout", errors_);
  parse_resilience(common, metadata, errors_);
  return metadata;
}

// The map that means the same, with defaults; a URI stays one where a field of it has the name of a
// setting that every enricher has.
Setting EnrichersParser::effective_item(const Setting& item, const Settings& common,
                                        const Setting& own, const std::string& name) {
  Setting shown = map_at(item);
  shown.set("name", name);
  for (const auto& [key, value] : common.map().members()) {
    if (key != "name") shown.members().emplace_back(key, value);
  }
  for (const Setting::Member& member : own.members()) {
    if (find_spec(enricher_specs(), member.first) != nullptr) {
      Setting uri = item;
      for (const Setting::Member& other : own.members()) {
        uri.secret = uri.secret || other.second.secret;
      }
      return uri;
    }
    shown.members().push_back(member);
  }
  return shown;
}

void EnrichersParser::parse_one(const Setting& item, std::string name) {
  std::optional<EnricherUri> uri;
  if (item.is_string() && looks_like_uri(item.string())) {
    auto parsed = parse_enricher_uri(item.string());
    if (!parsed) {
      errors_.add(item.error(parsed.error().message));
      return;
    }
    uri = *std::move(parsed);
  } else if (!item.is_map()) {
    errors_.add(
        item.error("must be a map like {name: geo, type: geoip} or a URI like "
                   "environment://static?version=1, not " +
                   item.describe()));
    return;
  }

  const EnricherKind* kind = nullptr;
  SplitSettings split{map_at(item), map_at(item)};
  if (uri) {
    kind = kind_of(item, uri->scheme);
    if (kind != nullptr) split_uri(*uri, item.string(), *kind, split);
    split.common.set("type", uri->scheme);
  } else {
    split = split_settings(item, enricher_specs());
    const Setting* const type = split.common.find("type");
    if (type != nullptr && type->is_string()) kind = kind_of(*type, type->string());
  }
  const auto common = checked_section(split.common, enricher_specs(), errors_);
  if (kind == nullptr) return;
  auto own = checked_own(split.own, kind->settings, kind->open_settings, enricher_specs(), errors_);
  if (!common) return;
  EnricherConfig enricher;
  enricher.kind = kind->name;
  enricher.enabled = common->boolean("enabled");
  enricher.metadata = metadata_of(*common, std::move(name));
  if (enricher.metadata.timeout) check_timeout(*common, uri.has_value());
  if (!own) return;

  shown_.push_back(effective_item(item, *common, *own, enricher.metadata.name));
  enricher.settings = *std::move(own);
  config_.enrichers.push_back(std::move(enricher));
}

}  // namespace

void parse_enrichers(const Setting& section, const KnownKinds& kinds, PipelineConfig& config,
                     ErrorList& errors) {
  EnrichersParser(kinds, config, errors).parse(section);
}

}  // namespace logbraid
