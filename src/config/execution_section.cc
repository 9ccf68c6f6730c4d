#include <utility>

#include "config/section_parsers.h"
#include "config/sections.h"

namespace logbraid {
namespace {

template <class Number>
void take_in_range(const Settings& settings, std::string_view name, std::int64_t least,
                   std::int64_t most, Number& into, ErrorList& errors) {
  if (const auto value = errors.take(settings[name].as_integer(least, most))) {
    into = static_cast<Number>(*value);
  }
}

}  // namespace

void parse_execution(const Setting& section, PipelineConfig& config, ErrorList& errors) {
  const auto settings = checked_section(section, execution_specs(), errors);
  if (!settings) return;
  ExecutionOptions& options = config.execution;
  options.mode = settings->string("mode") == "sequential" ? Mode::sequential : Mode::parallel;
  options.schedule = settings->string("schedule") == "levels" ? Schedule::levels : Schedule::ready;
  take_in_range(*settings, "shards", 0, 256, options.shards, errors);
  take_in_range(*settings, "in_flight", 1, 1'000'000, options.in_flight, errors);
  take_in_range(*settings, "max_parallel_threads", 1, 1024, options.max_parallel_threads, errors);
  options.event_timeout = positive_duration(*settings, "event_timeout", errors);
  options.group_timeout = positive_duration(*settings, "group_timeout", errors);
  options.enricher_timeout = positive_duration(*settings, "enricher_timeout", errors);
  config.strict = settings->boolean("strict");
  config.cycles_by_priority = settings->string("cycles") == "by_priority";
  Setting effective = settings->map();
  if (settings->string("compat") == "fapilog") {
    config.compat = Compat::fapilog;
    const Setting* const mode = section.find("mode");
    if (mode != nullptr && options.mode == Mode::parallel) {
      errors.add(settings->error(
          "mode", "is parallel, but compat: fapilog runs in sequence; leave out one of them"));
    }
    if (settings->string("cycles") == "refuse" && section.find("cycles") != nullptr) {
      errors.add(settings->error(
          "cycles", "is refuse, but compat: fapilog cuts by priority; leave out one of them"));
    }
    options.mode = Mode::sequential;
    config.cycles_by_priority = true;
    effective.set("mode", Setting("sequential"));
    effective.set("cycles", Setting("by_priority"));
  }
  config.effective.set("execution", std::move(effective));

  // Only limits that are written are compared; those that are not stretch or shrink with them.
  const auto over = [&](std::string_view inner, std::string_view outer) {
    if (!settings->has(inner) || !settings->has(outer)) return;
    if (settings->duration(inner) <= settings->duration(outer)) return;
    errors.add(settings->error(inner, "is " + (*settings)[inner].describe() +
                                          ", longer than execution." + std::string(outer) + " (" +
                                          (*settings)[outer].describe() +
                                          "), which would cut it short; raise that or lower this"));
  };
  over("group_timeout", "event_timeout");
  over("enricher_timeout", "group_timeout");
  if (!settings->has("group_timeout")) over("enricher_timeout", "event_timeout");
}

}  // namespace logbraid
