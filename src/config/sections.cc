#include "config/sections.h"

#include <algorithm>
#include <string>

#include "core/units.h"
#include "logbraid/execution.h"
#include "logbraid/overflow.h"
#include "logbraid/resilience.h"

namespace logbraid {
namespace {

using Type = SettingType;

std::string seconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
}

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         "ms";
}

}  // namespace

const std::vector<SettingSpec>& top_level_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "source", .type = Type::map, .help = "where events come from; stdin by default"},
      {.name = "sources", .type = Type::map, .help = "the same by name; this release runs one"},
      {.name = "enrichers",
       .type = Type::list,
       .help = "maps with a type, or URIs; a second file's list replaces the first's"},
      {.name = "execution", .type = Type::map, .help = "how the enrichers are run"},
      {.name = "status",
       .type = Type::map,
       .help = "a field in each event that says what became of its enrichers; left out: none"},
      {.name = "enricher_conditions",
       .type = Type::map,
       .help = "values for the conditions of enrichers: environment, feature_NAME; they beat the "
               "fields of events"},
      {.name = "sink", .type = Type::map, .help = "where events go; stdout by default"},
      {.name = "sinks", .type = Type::map, .help = "the same by name; this release runs one"},
      {.name = "dead_letter",
       .type = Type::map,
       .help = "the sink for lines that do not parse, with on_malformed: dead_letter"},
  };
  return specs;
}

const std::vector<SettingSpec>& execution_specs() {
  static const ExecutionOptions defaults;
  static const std::vector<SettingSpec> specs = {
      {.name = "mode",
       .default_text = "parallel",
       .help = "parallel: independent enrichers of an event run at the same time",
       .choices = {"parallel", "sequential"}},
      {.name = "schedule",
       .default_text = "ready",
       .help = "ready: an enricher starts when its own dependencies are done; levels: a barrier "
               "after each group",
       .choices = {"ready", "levels"}},
      {.name = "shards",
       .type = Type::integer,
       .default_text = std::to_string(defaults.shards),
       .help = "worker threads, 0 to 256; 0 is one for each core the process may use"},
      {.name = "in_flight",
       .type = Type::integer,
       .unit = "events",
       .default_text = std::to_string(defaults.in_flight),
       .help = "events a shard works on at once, 1 to 1000000; raise it when a slow service leaves "
               "the shards idle"},
      {.name = "max_parallel_threads",
       .type = Type::integer,
       .unit = "threads",
       .default_text = std::to_string(defaults.max_parallel_threads),
       .help =
           "threads for blocking enrichers, 1 to 1024; raise it when they wait for one another"},
      {.name = "max_stuck_threads",
       .type = Type::integer,
       .unit = "threads",
       .default_text = std::to_string(defaults.max_stuck_threads),
       .help =
           "threads that hang in a call nobody waits for any more and are replaced, 0 to 10000; "
           "beyond that an enricher that holds one is not called until one returns"},
      {.name = "max_calls",
       .type = Type::integer,
       .unit = "calls",
       .default_text = std::to_string(defaults.max_calls),
       .help = "async calls a shard has under way, over all enrichers, 1 to 1000000; raise it with "
               "in_flight and the enrichers' max_in_flight"},
      {.name = "sequential_share",
       .type = Type::number,
       .default_text = spell_number(defaults.sequential_share),
       .help = "share of the events that run their enrichers one after another, to measure what "
               "running them at the same time gains, 0 to 1; nothing is measured with mode: "
               "sequential"},
      {.name = "event_timeout",
       .type = Type::duration,
       .help = "for all enrichers of one event; " + seconds(ExecutionOptions::kEventTimeout) +
               " or as long as an enricher that sets more"},
      {.name = "group_timeout",
       .type = Type::duration,
       .help = "for one parallel group; " + seconds(ExecutionOptions::kGroupTimeout) +
               " or as long as an enricher that sets more"},
      {.name = "enricher_timeout",
       .type = Type::duration,
       .help = "for an enricher that sets none; " + seconds(ExecutionOptions::kEnricherTimeout) +
               " where nothing narrower is set"},
      {.name = "memory_limit",
       .type = Type::bytes,
       .unit = "bytes",
       .default_text = "64MiB",
       .help = "what may be under way, for the process: text that was read, what is made of it, "
               "queues; the source waits when it is used up"},
      {.name = "order",
       .default_text = "preserve",
       .help = "preserve: events are written as they were read; any: as they are done; by_key: "
               "those with the same order_key as they were read",
       .choices = {"preserve", "any", "by_key"}},
      {.name = "order_key", .type = Type::field, .help = "the field for order: by_key"},
      {.name = "hold",
       .type = Type::duration,
       .help = "an event that others have waited behind for so long gets its open calls turned "
               "into timeouts; at least 1ms; unset: they wait for its own timeouts"},
      {.name = "strict",
       .type = Type::boolean,
       .default_text = "false",
       .help = "a dependency on a name that nobody has is an error, not a warning"},
      {.name = "cycles",
       .default_text = "refuse",
       .help = "by_priority: a ring of dependencies is cut by priority with a warning",
       .choices = {"refuse", "by_priority"}},
      {.name = "compat",
       .default_text = "none",
       .help = "fapilog: enrichers run in sequence, each sees all that ran before it, rings of "
               "dependencies are cut by priority, reads and writes decide no order",
       .choices = {"none", "fapilog"}},
  };
  return specs;
}

const std::vector<SettingSpec>& enricher_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "name", .help = "how others depend on it; the type where it is left out"},
      {.name = "type",
       .help = "the kind of enricher: see `logbraid list enrichers`",
       .required = true},
      {.name = "enabled",
       .type = Type::boolean,
       .default_text = "true",
       .help = "false: checked, but not run; who depends on it runs without it"},
      {.name = "description", .help = "for people who read the plan"},
      {.name = "priority",
       .type = Type::integer,
       .default_text = "100",
       .help = "lower goes first among enrichers that are ready together"},
      {.name = "dependencies", .type = Type::strings, .help = "run after these"},
      {.name = "requires",
       .type = Type::strings,
       .help = "run after these, and only where they were ok"},
      {.name = "reads",
       .type = Type::fields,
       .help = "fields it reads beside those its kind declares; it runs after who writes them"},
      {.name = "writes",
       .type = Type::fields,
       .help = "fields it writes beside those its kind declares"},
      {.name = "conditions",
       .type = Type::map,
       .help = "environment, min_level, feature_flags, time_range, request: all must hold, on the "
               "event as it was read"},
      {.name = "when",
       .type = Type::predicate,
       .help = "a condition on what the enricher sees, like {field: status, range: [500, 599]}"},
      {.name = "volatile",
       .type = Type::boolean,
       .default_text = "false",
       .help =
           "true: what it writes differs from run to run; `logbraid verify` does not compare it"},
      {.name = "placement",
       .help = "where it runs, if not where its kind belongs: on the shard, in the pool, on the "
               "shard's loop, or auto: in the pool, and on the shard once it was measured cheap",
       .choices = {"inline", "pool", "async", "auto"}},
      {.name = "timeout",
       .type = Type::duration,
       .help = "for one call; execution.enricher_timeout where it is left out"},
      {.name = "breaker",
       .type = Type::any,
       .help =
           "when it is left alone for a while because it fails: a map, or a mode like disabled; "
           "open for 5s at half of 20 calls failed or 5 in a row where it is left out"},
      {.name = "max_in_flight",
       .type = Type::integer,
       .unit = "calls",
       .help =
           "calls under way at once, 1 to 1000000, for the process; what its client can carry, "
           "or 1024 a shard, where it is left out; raise it when the service has room and calls "
           "wait for one another"},
      {.name = "when_full",
       .default_text = std::string(to_string(WhenFull::wait)),
       .help = "with max_in_flight under way: wait in order, or reject the call at once",
       .choices = {"wait", "reject"}},
      {.name = "retry",
       .type = Type::map,
       .help = "calls that failed are made again, within the timeout; not for placement inline"},
      {.name = "lifecycle",
       .type = Type::map,
       .help = "times for its start, health checks and stop; an error where it has none of them"},
      {.name = "fallback",
       .type = Type::map,
       .help = "fields and values like {user.plan: unknown}, set when it fails, is late or is not "
               "called; who reads them runs after it"},
      {.name = "fallback_on_no_match",
       .type = Type::boolean,
       .default_text = "false",
       .help = "true: the fallback also where nothing was found"},
      {.name = "on_failure",
       .default_text = std::string(to_string(OnFailure::pass)),
       .help = "what becomes of the event: pass it on without the enrichment, drop it, or give it "
               "to the dead_letter sink",
       .choices = {"pass", "drop", "dead_letter"}},
  };
  return specs;
}

const std::vector<SettingSpec>& breaker_specs() {
  static const BreakerOptions defaults;
  static const std::vector<SettingSpec> specs = {
      {.name = "mode",
       .default_text = std::string(to_string(defaults.mode)),
       .help = "disabled: never opens; forced_open: never calls; metrics_only: never opens, counts "
               "how often it would have",
       .choices = {"normal", "disabled", "forced_open", "metrics_only"}},
      {.name = "window",
       .type = Type::duration,
       .default_text = seconds(defaults.window),
       .help = "shares are of the calls of so long, 10ms to 1h; raise it when bad spells are over "
               "in seconds"},
      {.name = "window_buckets",
       .type = Type::integer,
       .default_text = std::to_string(defaults.window_buckets),
       .help = "parts of the window that are forgotten at once, 1 to 100"},
      {.name = "min_calls",
       .type = Type::integer,
       .unit = "calls",
       .default_text = std::to_string(defaults.min_calls),
       .help = "shares count from so many calls in the window on; raise it when single failures "
               "open it"},
      {.name = "failure_share",
       .type = Type::number,
       .default_text = spell_number(defaults.failure_share),
       .help = "opens when this share of the calls failed, over 0 to 1; raise it when half an "
               "answer is worth waiting for"},
      {.name = "slow_share",
       .type = Type::number,
       .default_text = spell_number(defaults.slow_share),
       .help = "opens when this share of the calls was slow, over 0 to 1"},
      {.name = "slow_after",
       .type = Type::number,
       .default_text = spell_number(defaults.slow_after),
       .help = "a call is slow that took more than this share of its timeout, over 0 to 1"},
      {.name = "consecutive_failures",
       .type = Type::integer,
       .unit = "calls",
       .default_text = std::to_string(defaults.consecutive_failures),
       .help = "with fewer calls than min_calls, opens after so many failures in a row"},
      {.name = "open_for",
       .type = Type::duration,
       .default_text = seconds(defaults.open_for),
       .help = "how long nothing is called, 1ms to 1h; doubled each time the probes fail"},
      {.name = "open_for_most",
       .type = Type::duration,
       .default_text = seconds(defaults.open_for_most),
       .help = "the longest it is open; raise it when probes disturb a service that comes back"},
      {.name = "jitter",
       .default_text = std::string(to_string(defaults.jitter)),
       .help = "how open_for is spread: not, from its half on, or from nothing on",
       .choices = {"none", "equal", "full"}},
      {.name = "half_open_permits",
       .type = Type::integer,
       .unit = "calls",
       .default_text = std::to_string(defaults.half_open_permits),
       .help = "then so many calls are let through and decide, 1 to 1000"},
      {.name = "undecided_after",
       .type = Type::duration,
       .help =
           "open again when they have not decided for so long, 1ms to 1h; twice the timeout, at "
           "least 10s, where it is left out"},
  };
  return specs;
}

const std::vector<SettingSpec>& retry_specs() {
  static const RetryOptions defaults;
  static const std::vector<SettingSpec> specs = {
      {.name = "retries",
       .type = Type::integer,
       .unit = "calls",
       .default_text = std::to_string(defaults.retries),
       .help = "calls after the first, 0 to 10; raise it when failures are single and calls may be "
               "repeated without harm"},
      {.name = "backoff",
       .type = Type::duration,
       .default_text = milliseconds(defaults.backoff),
       .help = "waiting before the first retry, at most 1m; doubled for each further one"},
      {.name = "backoff_most",
       .type = Type::duration,
       .default_text = milliseconds(defaults.backoff_most),
       .help = "the longest waiting, at most 1m"},
      {.name = "jitter",
       .default_text = std::string(to_string(defaults.jitter)),
       .help = "how the waiting is spread: not, from its half on, or from nothing on",
       .choices = {"none", "equal", "full"}},
      {.name = "budget",
       .type = Type::number,
       .default_text = spell_number(defaults.budget),
       .help = "retries as a share of all calls, 0 to 1; raise it with care: it keeps retries from "
               "holding a service down"},
      {.name = "budget_floor",
       .type = Type::number,
       .unit = "retries a second",
       .default_text = spell_number(defaults.budget_floor),
       .help = "so many are always allowed, for the process"},
  };
  return specs;
}

const std::vector<SettingSpec>& lifecycle_specs() {
  static const LifecycleOptions defaults;
  static const std::vector<SettingSpec> specs = {
      {.name = "start_timeout",
       .type = Type::duration,
       .default_text = seconds(defaults.start_timeout),
       .help = "the first event waits so long for its start, 1ms to 1h; then it is unhealthy until "
               "it is started"},
      {.name = "start_again_after",
       .type = Type::duration,
       .default_text = seconds(defaults.start_again_after),
       .help =
           "a start that failed is made again after this, 1ms to 1h, less up to a half; doubled "
           "each time"},
      {.name = "start_again_after_most",
       .type = Type::duration,
       .default_text = seconds(defaults.start_again_after_most),
       .help = "the longest it waits for that, 1ms to 1h"},
      {.name = "health_period",
       .type = Type::duration,
       .default_text = seconds(defaults.health_period),
       .help = "from one health check to the next, 1ms to 1h"},
      {.name = "health_timeout",
       .type = Type::duration,
       .default_text = seconds(defaults.health_timeout),
       .help = "a health check that takes longer has failed, 1ms to 1h"},
      {.name = "unhealthy_after",
       .type = Type::integer,
       .unit = "checks",
       .default_text = std::to_string(defaults.unhealthy_after),
       .help = "it is not called after so many failed checks in a row, 1 to 1000, until one "
               "succeeds"},
      {.name = "stop_timeout",
       .type = Type::duration,
       .default_text = seconds(defaults.stop_timeout),
       .help = "the end waits so long for its stop, 1ms to 1h; raise it when what it writes out "
               "must not be lost"},
  };
  return specs;
}

const std::vector<SettingSpec>& status_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "field",
       .type = Type::field,
       .default_text = "_enrichment",
       .help = "where it stands; written last, seen by no enricher"},
      {.name = "when",
       .default_text = "failed",
       .help = "failed: only in events of which an enricher failed",
       .choices = {"failed", "always"}},
      {.name = "times",
       .type = Type::boolean,
       .default_text = "false",
       .help = "true: also how many ms each call took; every call is timed then, and no two runs "
               "write the same bytes"},
  };
  return specs;
}

const std::vector<SettingSpec>& conditions_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "environment", .type = Type::strings, .help = "one of these environments"},
      {.name = "min_level",
       .help = "events of this level or above: DEBUG, INFO, WARNING, ERROR ..."},
      {.name = "feature_flags", .type = Type::strings, .help = "all of these flags are on"},
      {.name = "time_range", .type = Type::map, .help = "hours of local time"},
      {.name = "request", .type = Type::map, .help = "methods, path_patterns, user_roles"},
  };
  return specs;
}

const std::vector<SettingSpec>& time_range_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "start_hour",
       .type = Type::integer,
       .default_text = "0",
       .help = "0 to 23, inclusive; over end_hour: past midnight"},
      {.name = "end_hour",
       .type = Type::integer,
       .default_text = "23",
       .help = "0 to 23, inclusive"},
  };
  return specs;
}

const std::vector<SettingSpec>& request_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "methods", .type = Type::strings, .help = "one of these, in any case"},
      {.name = "path_patterns",
       .type = Type::strings,
       .help = "one of these regular expressions matches at the start of the path"},
      {.name = "user_roles", .type = Type::strings, .help = "any one of these"},
  };
  return specs;
}

const std::vector<SettingSpec>& source_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "type",
       .default_text = "stdin",
       .help = "the kind of source: see `logbraid list sources`"},
      {.name = "format", .help = "how a line is read; what suits the source where it is left out"},
      {.name = "on_malformed",
       .default_text = "keep",
       .help = "a line that does not parse: keep it as `message` with the reason in `parse_error`, "
               "give it to the dead_letter sink, drop it, or fail",
       .choices = {"keep", "dead_letter", "drop", "fail"}},
      {.name = "overflow",
       .default_text = "block",
       .help =
           "when more comes than the rest can take: block (reading stops, the source waits), or "
           "drop the newest, the oldest, or the lowest level of what waits",
       .choices = {"block", "drop_newest", "drop_oldest", "drop_by_level"}},
      {.name = "queue",
       .type = Type::map,
       .help = "what may wait before `overflow` drops: events, bytes"},
      {.name = "level_field",
       .type = Type::field,
       .default_text = "level",
       .help = "where drop_by_level finds the level: DEBUG, INFO, WARNING, ERROR, CRITICAL"},
      {.name = "default_level",
       .default_text = "INFO",
       .help = "what an event without a level counts as, for drop_by_level",
       .choices = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}},
  };
  return specs;
}

const std::vector<SettingSpec>& queue_specs() {
  static const OverflowOptions defaults;
  static const std::vector<SettingSpec> specs = {
      {.name = "events",
       .type = Type::integer,
       .unit = "events",
       .default_text = std::to_string(defaults.events),
       .help = "1 to 100000000; raise it when bursts are longer than what is lost is worth"},
      {.name = "bytes",
       .type = Type::bytes,
       .unit = "bytes",
       .default_text = "16MiB",
       .help = "with 64 more for each event; at most half of execution.memory_limit counts"},
  };
  return specs;
}

const std::vector<SettingSpec>& sink_specs() {
  static const std::vector<SettingSpec> specs = {
      {.name = "type",
       .default_text = "stdout",
       .help = "the kind of sink: see `logbraid list sinks`"},
      {.name = "format", .default_text = "json", .help = "how an event is written"},
  };
  return specs;
}

const SettingSpec* find_spec(const std::vector<SettingSpec>& specs, std::string_view name) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace logbraid
