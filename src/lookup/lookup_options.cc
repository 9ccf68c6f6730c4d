#include "lookup/lookup_options.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace logbraid {
namespace {

// As a configuration would say it: in the largest unit that leaves no rest.
std::string text_of(Duration duration) {
  using namespace std::chrono_literals;
  const std::pair<Duration, std::string_view> units[] = {
      {1h, "h"}, {1min, "m"}, {1s, "s"}, {1ms, "ms"}, {1us, "us"}};
  if (duration == Duration::zero()) return "0";
  for (const auto& [unit, name] : units) {
    if (duration % unit == Duration::zero()) return fmt::format("{}{}", duration / unit, name);
  }
  return fmt::format("{}ns", duration.count());
}

std::string size_text(std::size_t bytes) {
  constexpr std::size_t kMiB = 1024 * 1024;
  return bytes % kMiB == 0 && bytes != 0 ? fmt::format("{}MiB", bytes / kMiB)
                                         : fmt::format("{}", bytes);
}

std::vector<SettingSpec> cache_specs(const LookupOptions& defaults) {
  return {
      {.name = "size",
       .type = SettingType::bytes,
       .unit = "bytes",
       .default_text = size_text(defaults.cache_bytes),
       .help = "Memory of the cache, divided among the shards; 0: none. Raise it when entries are "
               "evicted while few keys hit."},
      {.name = "ttl",
       .type = SettingType::duration,
       .default_text = text_of(defaults.ttl),
       .help = "How long an answer is good for."},
      {.name = "not_found_ttl",
       .type = SettingType::duration,
       .default_text = text_of(defaults.not_found_ttl),
       .help = "How long it is known that there is no answer."},
      {.name = "error_ttl",
       .type = SettingType::duration,
       .default_text = text_of(defaults.error_ttl),
       .help = "How long a key that failed is not asked for again."},
      {.name = "stale_if_error",
       .type = SettingType::duration,
       .default_text = text_of(defaults.stale_if_error),
       .help = "For so long beyond its time an answer is still given where asking anew fails."},
      {.name = "refresh_ahead",
       .type = SettingType::number,
       .default_text = fmt::format("{}", defaults.refresh_ahead),
       .help = "A hit in the last so much of the ttl, a share of 0 to 0.9, asks anew ahead of "
               "time."},
  };
}

std::vector<SettingSpec> batch_specs(const LookupOptions& defaults) {
  return {
      {.name = "max",
       .type = SettingType::integer,
       .default_text = fmt::format("{}", defaults.max_batch),
       .help = "Keys in one request, 1 to 10,000."},
      {.name = "delay",
       .type = SettingType::duration,
       .default_text = text_of(defaults.max_delay),
       .help = "How long keys are gathered while a request is under way; with none they leave at "
               "once."},
      {.name = "on_error",
       .type = SettingType::string,
       .default_text = defaults.on_batch_error == OnBatchError::fail ? "fail" : "split",
       .help = "What a request that the service refuses as a whole means for its keys.",
       .choices = {"fail", "split"}},
  };
}

// The section as its specs have it; one that is unset is all defaults.
Result<Settings> section(const Settings& settings, std::string_view name,
                         const std::vector<SettingSpec>& specs) {
  if (settings.has(name)) return Settings::check(settings[name], specs);
  Setting empty = Setting::map({});
  empty.key = settings.map().key + "." + std::string(name);
  return Settings::check(empty, specs);
}

// "cache": names the keys of a section where only the section stands in a list.
std::string keys_of(const std::vector<SettingSpec>& specs) {
  std::string keys;
  for (const SettingSpec& spec : specs) {
    keys += fmt::format("{}{}: {}", keys.empty() ? "" : ", ", spec.name, spec.default_text);
  }
  return keys;
}

}  // namespace

std::vector<SettingSpec> LookupOptions::specs() const {
  std::vector<SettingSpec> specs = {
      {.name = "cache",
       .type = SettingType::map,
       .help = "How answers are kept; unset keys are {" + keys_of(cache_specs(*this)) +
               "}. (docs/lookups.md)"},
  };
  if (max_batch > 1) {
    specs.push_back({.name = "batch",
                     .type = SettingType::map,
                     .help = "How keys are gathered into requests; unset keys are {" +
                             keys_of(batch_specs(*this)) + "}. (docs/lookups.md)"});
  }
  specs.push_back({.name = "adaptive",
                   .type = SettingType::boolean,
                   .default_text = adaptive ? "true" : "false",
                   .help = "Finds out by itself how many requests the service can take at once, "
                           "up to max_in_flight."});
  specs.push_back({.name = "rate",
                   .type = SettingType::number,
                   .unit = "requests/s",
                   .default_text = fmt::format("{}", rate),
                   .help = "Requests a second of the whole process; 0: as many as there are."});
  return specs;
}

Result<LookupOptions> LookupOptions::parse(const Settings& settings) const {
  LookupOptions options = *this;
  const auto cache = section(settings, "cache", cache_specs(*this));
  if (!cache) return cache.error();
  options.cache_bytes = cache->bytes("size");
  options.ttl = cache->duration("ttl");
  options.not_found_ttl = cache->duration("not_found_ttl");
  options.error_ttl = cache->duration("error_ttl");
  options.stale_if_error = cache->duration("stale_if_error");
  const auto ahead = (*cache)["refresh_ahead"].as_number(0, 0.9);
  if (!ahead) return ahead.error();
  options.refresh_ahead = *ahead;

  if (max_batch > 1) {
    const auto batch = section(settings, "batch", batch_specs(*this));
    if (!batch) return batch.error();
    const auto max = (*batch)["max"].as_integer(1, 10'000);
    if (!max) return max.error();
    options.max_batch = static_cast<std::size_t>(*max);
    options.max_delay = batch->duration("delay");
    options.on_batch_error =
        batch->string("on_error") == "split" ? OnBatchError::split : OnBatchError::fail;
  }
  options.adaptive = settings.boolean("adaptive");
  const auto rate_setting = settings["rate"].as_number(0, 1e9);
  if (!rate_setting) return rate_setting.error();
  options.rate = *rate_setting;
  return options;
}

std::vector<SettingSpec> with_lookup_settings(std::vector<SettingSpec> specs,
                                              const LookupOptions& defaults) {
  for (SettingSpec& spec : defaults.specs()) specs.push_back(std::move(spec));
  return specs;
}

}  // namespace logbraid
