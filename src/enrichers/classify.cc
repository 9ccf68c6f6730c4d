// classify: ordered rules that set fields.

#include <memory>
#include <utility>

#include "enrichers/builtin.h"
#include "logbraid/constant_fields.h"
#include "logbraid/predicate.h"

namespace logbraid {
namespace {

struct Rule {
  Predicate when;
  ConstantFields fields;
};

class ClassifyEnricher final : public SyncEnricher {
 public:
  ClassifyEnricher(std::vector<Rule> rules, ConstantFields otherwise, bool all)
      : rules_(std::move(rules)), otherwise_(std::move(otherwise)), all_(all) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    bool matched = false;
    for (const Rule& rule : rules_) {
      if (!rule.when(event)) continue;
      rule.fields.set_on(patch);
      if (!all_) return CallResult::ok;
      matched = true;
    }
    if (matched) return CallResult::ok;
    if (otherwise_.empty()) return CallResult::no_match;
    otherwise_.set_on(patch);
    return CallResult::ok;
  }

 private:
  const std::vector<Rule> rules_;
  const ConstantFields otherwise_;
  const bool all_;
};

constexpr char kShape[] = "; write it like {when: {field: path, prefix: /api/}, set: {class: api}}";

Result<Rule> parse_rule(const Setting& setting) {
  if (!setting.is_map()) return setting.error("must be a rule, not " + setting.describe() + kShape);
  for (const auto& [name, member] : setting.members()) {
    if (name != "when" && name != "set") {
      return member.error("a rule has no \"" + name + "\"" + kShape);
    }
  }
  const Setting* const when = setting.find("when");
  const Setting* const set = setting.find("set");
  if (when == nullptr || when->is_null())
    return setting.error(std::string("lacks `when`") + kShape);
  if (set == nullptr || set->is_null()) return setting.error(std::string("lacks `set`") + kShape);
  auto predicate = Predicate::parse(*when);
  if (!predicate) return predicate.error();
  auto fields = ConstantFields::parse(*set);
  if (!fields) return fields.error();
  return Rule{*std::move(predicate), *std::move(fields)};
}

void append(std::vector<FieldPath>& paths, const std::vector<FieldPath>& more) {
  paths.insert(paths.end(), more.begin(), more.end());
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  std::vector<Rule> rules;
  std::vector<FieldPath> reads;
  std::vector<FieldPath> writes;
  for (const Setting& item : settings["rules"].items()) {
    auto rule = parse_rule(item);
    if (!rule) return rule.error();
    append(reads, rule->when.reads());
    append(writes, rule->fields.paths());
    rules.push_back(*std::move(rule));
  }
  if (rules.empty()) {
    return settings.error("rules", "has no rule; write [{when: {...}, set: {...}}]");
  }
  ConstantFields otherwise;
  if (settings.has("default")) {
    auto fields = ConstantFields::parse(settings["default"]);
    if (!fields) return fields.error();
    otherwise = *std::move(fields);
    append(writes, otherwise.paths());
  }
  return EnricherInstance{.enricher = std::make_shared<ClassifyEnricher>(
                              std::move(rules), std::move(otherwise), settings.boolean("all")),
                          .placement = Placement::inline_,
                          .reads = std::move(reads),
                          .writes = std::move(writes)};
}

}  // namespace

EnricherKind classify_enricher() {
  return {
      .name = "classify",
      .summary = "Sets fields by ordered rules",
      .help = R"(Goes through its rules in order and sets the fields of the first one that holds;
with `all: true` those of every one that holds, a later one winning where two set the same field.
Where none holds, `default` is set; without one the outcome is no_match. `when` is the predicate
language of the whole configuration.

  enrichers:
    - name: traffic
      type: classify
      rules:
        - {when: {field: user_agent, regex: "(?i)bot|crawl"}, set: {class: bot, score: 5}}
        - {when: {field: status, range: [500, 599]}, set: {class: failure, score: 9}}
      default: {class: visitor, score: 0}
)",
      .settings =
          {
              {.name = "rules",
               .type = SettingType::list,
               .help = "Rules {when: predicate, set: {field: value}}, tried in order.",
               .required = true},
              {.name = "default",
               .type = SettingType::map,
               .help = "Fields and values to set where no rule holds."},
              {.name = "all",
               .type = SettingType::boolean,
               .default_text = "false",
               .help = "Apply every rule that holds, not the first one only; each event then "
                       "pays for all predicates."},
          },
      .make = make,
  };
}

}  // namespace logbraid
