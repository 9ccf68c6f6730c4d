#include <limits>
#include <memory>
#include <string_view>

#include "config/section_parsers.h"
#include "config/sections.h"
#include "core/settings_check.h"

namespace logbraid {
namespace {

std::uint32_t count_of(const Settings& settings, std::string_view name, ErrorList& errors) {
  const auto count =
      errors.take(settings[name].as_integer(0, std::numeric_limits<std::uint32_t>::max()));
  return static_cast<std::uint32_t>(count.value_or(0));
}

// The options' own check speaks of members; here they are keys of a section.
template <class Options>
void check_ranges(const Options& options, const Settings& settings, ErrorList& errors) {
  const Result<void> checked = check(options);
  if (checked) return;
  const Error& error = checked.error();
  errors.add(settings.error(error.key, error.message + ", not " + settings[error.key].describe()));
}

Jitter jitter_of(const Settings& settings) {
  const std::string text = settings.string("jitter");
  if (text == to_string(Jitter::none)) return Jitter::none;
  return text == to_string(Jitter::equal) ? Jitter::equal : Jitter::full;
}

BreakerMode mode_of(const Settings& settings) {
  const std::string text = settings.string("mode");
  for (const BreakerMode mode :
       {BreakerMode::disabled, BreakerMode::forced_open, BreakerMode::metrics_only}) {
    if (text == to_string(mode)) return mode;
  }
  return BreakerMode::normal;
}

BreakerOptions parse_breaker(const Setting& section, ErrorList& errors) {
  BreakerOptions options;
  Setting map = section;
  if (section.is_string()) {  // breaker: disabled
    map = map_at(section);
    Setting mode = section;
    map.set("mode", std::move(mode));
  } else if (!section.is_map()) {
    errors.add(section.error("must be a mode like disabled or a map like {open_for: 5s}, not " +
                             section.describe()));
    return options;
  }
  const std::size_t errors_before = errors.size();
  const auto settings = checked_section(map, breaker_specs(), errors);
  if (!settings) return options;
  options.mode = mode_of(*settings);
  options.window = settings->duration("window");
  options.window_buckets = count_of(*settings, "window_buckets", errors);
  options.min_calls = count_of(*settings, "min_calls", errors);
  options.failure_share = settings->number("failure_share");
  options.slow_share = settings->number("slow_share");
  options.slow_after = settings->number("slow_after");
  options.consecutive_failures = count_of(*settings, "consecutive_failures", errors);
  options.open_for = settings->duration("open_for");
  options.open_for_most = settings->duration("open_for_most");
  options.jitter = jitter_of(*settings);
  options.half_open_permits = count_of(*settings, "half_open_permits", errors);
  if (settings->has("undecided_after")) {
    options.undecided_after = settings->duration("undecided_after");
  }
  if (errors.size() == errors_before) check_ranges(options, *settings, errors);
  return options;
}

RetryOptions parse_retry(const Setting& section, ErrorList& errors) {
  RetryOptions options;
  const std::size_t errors_before = errors.size();
  const auto settings = checked_section(section, retry_specs(), errors);
  if (!settings) return options;
  options.retries = count_of(*settings, "retries", errors);
  options.backoff = settings->duration("backoff");
  options.backoff_most = settings->duration("backoff_most");
  options.jitter = jitter_of(*settings);
  options.budget = settings->number("budget");
  options.budget_floor = settings->number("budget_floor");
  if (errors.size() == errors_before) check_ranges(options, *settings, errors);
  return options;
}

LifecycleOptions parse_lifecycle(const Setting& section, ErrorList& errors) {
  LifecycleOptions options;
  const std::size_t errors_before = errors.size();
  const auto settings = checked_section(section, lifecycle_specs(), errors);
  if (!settings) return options;
  options.start_timeout = settings->duration("start_timeout");
  options.start_again_after = settings->duration("start_again_after");
  options.start_again_after_most = settings->duration("start_again_after_most");
  options.health_period = settings->duration("health_period");
  options.health_timeout = settings->duration("health_timeout");
  options.unhealthy_after = count_of(*settings, "unhealthy_after", errors);
  options.stop_timeout = settings->duration("stop_timeout");
  if (errors.size() == errors_before) check_ranges(options, *settings, errors);
  return options;
}

BulkheadOptions parse_bulkhead(const Settings& common, ErrorList& errors) {
  BulkheadOptions options;
  if (common.string("when_full") == to_string(WhenFull::reject)) {
    options.when_full = WhenFull::reject;
  }
  if (!common.has("max_in_flight")) return options;
  const std::size_t errors_before = errors.size();
  options.max_in_flight = count_of(common, "max_in_flight", errors);
  if (errors.size() == errors_before) check_ranges(options, common, errors);
  return options;
}

OnFailure on_failure_of(const Settings& common) {
  const std::string text = common.string("on_failure");
  if (text == to_string(OnFailure::drop)) return OnFailure::drop;
  return text == to_string(OnFailure::dead_letter) ? OnFailure::dead_letter : OnFailure::pass;
}

}  // namespace

void parse_resilience(const Settings& common, EnricherMetadata& metadata, ErrorList& errors) {
  if (common.has("breaker")) metadata.breaker = parse_breaker(common["breaker"], errors);
  metadata.bulkhead = parse_bulkhead(common, errors);
  if (common.has("retry")) metadata.retry = parse_retry(common["retry"], errors);
  if (common.has("lifecycle")) metadata.lifecycle = parse_lifecycle(common["lifecycle"], errors);
  if (metadata.retry.retries > 0 && metadata.placement == Placement::inline_) {
    errors.add(common.error("retry",
                            "stands beside placement: inline, where a call that failed on the spot "
                            "is not made again; place the enricher in the pool or leave it out"));
  }
  if (common.has("fallback")) {
    if (auto fields = errors.take(ConstantFields::parse(common["fallback"]))) {
      metadata.fallback = std::make_shared<const ConstantFields>(*std::move(fields));
    }
  }
  metadata.fallback_on_no_match = common.boolean("fallback_on_no_match");
  if (metadata.fallback_on_no_match && !common.has("fallback")) {
    errors.add(common.error("fallback_on_no_match",
                            "says when `fallback` is set, but there is none; add one like "
                            "fallback: {user.plan: unknown} or leave this out"));
  }
  metadata.on_failure = on_failure_of(common);
}

void check_dead_letters(const Setting& root, const PipelineConfig& config, ErrorList& errors) {
  const Setting* const sink = root.find("dead_letter");
  if (sink != nullptr && !sink->is_null()) return;
  for (const EnricherConfig& enricher : config.enrichers) {
    if (enricher.metadata.on_failure != OnFailure::dead_letter) continue;
    Error error = enricher.settings.error(
        "is dead_letter, but there is no `dead_letter:` sink; add one like "
        "{type: file, path: refused.jsonl}");
    error.key += ".on_failure";
    errors.add(std::move(error));
  }
}

}  // namespace logbraid
