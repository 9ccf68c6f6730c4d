#include "cli/build_pipeline.h"

#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "config/references.h"
#include "enrichers/builtin.h"
#include "format/builtin.h"
#include "logbraid/registry.h"
#include "sinks/builtin.h"
#include "sources/builtin.h"

namespace logbraid::cli {
namespace {

std::optional<std::string> environment(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

// A source or sink of its kind, which the configuration's check has found to exist.
template <class Kind, class Config>
auto make_end(std::span<const Kind> kinds, const Config& config, const MakeContext& context)
    -> decltype(kinds[0].make(std::declval<const Settings&>(), context)) {
  for (const Kind& kind : kinds) {
    if (kind.name != config.kind) continue;
    const Result<Settings> settings = Settings::check(config.settings, kind.settings);
    if (!settings) return settings.error();
    return kind.make(*settings, context);
  }
  return config.settings.error("there is no " + config.kind);
}

// One that is switched off keeps its name, so that nobody's dependency on it is taken for a slip.
// It is not made: what it needs may well be absent.
Result<void> add_enricher(Registry& registry, const EnricherConfig& config,
                          const MakeContext& context) {
  if (config.enabled) {
    return registry.add_instance(config.metadata, config.kind, config.settings, context);
  }
  return registry.add(config.metadata.name,
                      [](const EventView&, Patch&) -> EnrichStatus { return CallResult::ok; });
}

}  // namespace

KnownKinds known_kinds() {
  KnownKinds kinds{.enrichers = builtin_enrichers(),
                   .sources = builtin_sources(),
                   .sinks = builtin_sinks(),
                   .input_formats = {},
                   .output_formats = {}};
  for (const FormatKind& format : builtin_formats()) {
    if (format.input()) kinds.input_formats.push_back(format.name);
    if (format.output) kinds.output_formats.push_back(format.name);
  }
  return kinds;
}

std::optional<LoadedPipeline> load(const ConfigArguments& arguments, ErrorList& errors) {
  ConfigInput input{
      .files = arguments.files,
      .overrides = arguments.overrides,
      .references = {.environment = environment, .read_file = read_secret_file},
  };
  input.files.insert(input.files.end(), arguments.more_files.begin(), arguments.more_files.end());
  const KnownKinds kinds = known_kinds();
  std::optional<PipelineConfig> config = load_pipeline(input, kinds, errors);
  if (!config) return std::nullopt;

  const MakeContext context{.environment = environment, .base_directory = base_directory(input)};
  Registry registry;
  for (const EnricherKind& kind : kinds.enrichers) {
    if (Result<void> added = registry.add_kind(kind); !added) errors.add(added.error());
  }
  std::vector<std::string> names;
  for (const EnricherConfig& enricher : config->enrichers) {
    if (Result<void> added = add_enricher(registry, enricher, context); !added) {
      Error error = added.error();  // the registry knows no files
      if (error.file.empty()) error = enricher.settings.error(std::move(error.message));
      errors.add(std::move(error));
    }
    if (enricher.enabled) names.push_back(enricher.metadata.name);
  }
  if (!errors.empty()) return std::nullopt;

  auto plan =
      errors.take(registry.resolve(names, {
                                              .strict = config->strict,
                                              .cycles_by_priority = config->cycles_by_priority,
                                              .compat = config->compat,
                                              .environment = environment,
                                              .enricher_conditions = config->enricher_conditions,
                                          }));
  if (!plan) return std::nullopt;
  return LoadedPipeline{std::move(*config), context, std::move(*plan)};
}

PipelineParts parts_without_ends(const LoadedPipeline& loaded) {
  PipelineParts parts;
  parts.make_reader = [format = loaded.config.source.format] { return make_reader(format); };
  parts.plan = loaded.plan;
  parts.options = loaded.config.execution;
  parts.overflow = loaded.config.source.overflow;
  parts.on_malformed = loaded.config.source.on_malformed;
  parts.local_hour = local_hour;
  return parts;
}

std::optional<PipelineParts> make_parts(const LoadedPipeline& loaded, ErrorList& errors) {
  PipelineParts parts = parts_without_ends(loaded);
  const PipelineConfig& config = loaded.config;
  auto source = errors.take(make_end(builtin_sources(), config.source, loaded.context));
  auto sink = errors.take(make_end(builtin_sinks(), config.sink, loaded.context));
  if (config.dead_letter) {
    auto dead_letter = errors.take(make_end(builtin_sinks(), *config.dead_letter, loaded.context));
    if (dead_letter) parts.dead_letter = std::move(*dead_letter);
  }
  if (!errors.empty()) return std::nullopt;
  parts.source = std::move(*source);
  parts.sink = std::move(*sink);
  return parts;
}

bool report(const ErrorList& errors, Console& console) {
  for (const Error& error : errors.errors()) console.error(error);
  if (errors.left_out() > 0) {
    console.note("and " + std::to_string(errors.left_out()) + " more errors");
  }
  return errors.empty();
}

int local_hour() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return local.tm_hour;
}

}  // namespace logbraid::cli
