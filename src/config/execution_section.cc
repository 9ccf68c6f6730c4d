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

void parse_order(const Settings& settings, ExecutionOptions& options, ErrorList& errors) {
  const std::string order = settings.string("order");
  options.order = order == "any" ? Order::any : order == "by_key" ? Order::by_key : Order::preserve;
  options.order_key = settings.field("order_key");
  if (options.order == Order::by_key && options.order_key.empty()) {
    errors.add(settings.error("order",
                              "is by_key, but execution.order_key names no field; write "
                              "one, like order_key: user.id"));
  }
  options.hold = positive_duration(settings, "hold", errors);
  if (options.hold && *options.hold < std::chrono::milliseconds(1)) {
    errors.add(
        settings.error("hold", "is " + settings["hold"].describe() + ", under the least of 1ms"));
  }
  if (options.hold && options.order == Order::any) {
    errors.add(settings.error("hold",
                              "has no meaning with execution.order: any, where no event "
                              "waits for another; leave it out"));
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
  take_in_range(*settings, "max_stuck_threads", 0, 10'000, options.max_stuck_threads, errors);
  take_in_range(*settings, "max_calls", 1, 1'000'000, options.max_calls, errors);
  options.sequential_share = settings->number("sequential_share");
  if (options.sequential_share < 0 || options.sequential_share > 1) {
    errors.add(settings->error("sequential_share", "must be from 0 to 1, not " +
                                                       (*settings)["sequential_share"].describe()));
  }
  options.event_timeout = positive_duration(*settings, "event_timeout", errors);
  options.group_timeout = positive_duration(*settings, "group_timeout", errors);
  options.enricher_timeout = positive_duration(*settings, "enricher_timeout", errors);
  options.memory_limit = settings->bytes("memory_limit");
  if (options.memory_limit == 0) {
    errors.add(settings->error("memory_limit", "is 0; write at least 1, like 64MiB"));
  }
  parse_order(*settings, options, errors);
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

void parse_status(const Setting& section, PipelineConfig& config, ErrorList& errors) {
  if (section.is_null()) return;
  const auto settings = checked_section(section, status_specs(), errors);
  if (!settings) return;
  config.execution.status = StatusOptions{
      .field = settings->field("field"),
      .when = settings->string("when") == "always" ? StatusOptions::When::always
                                                   : StatusOptions::When::failed,
      .times = settings->boolean("times"),
  };
  config.effective.set("status", settings->map());
}

}  // namespace logbraid
