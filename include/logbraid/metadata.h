#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/constant_fields.h"
#include "logbraid/path.h"
#include "logbraid/predicate.h"
#include "logbraid/resilience.h"

namespace logbraid {

class EventView;

// Where an enricher runs. (architecture.md, "Running a plan")
enum class Placement : std::uint8_t {
  inline_,    // on the shard: cheap CPU work
  pool,       // on a pool thread: blocking or expensive synchronous code
  async,      // on the shard's loop: a coroutine that waits
  automatic,  // `auto`, for synchronous code of unknown cost: in the pool, and inline once it was
              // measured cheap
};
std::string_view to_string(Placement placement);

// When an enricher is on for an event; fapilog's rules (all that are given must hold).
struct Conditions {
  struct TimeRange {
    int start_hour = 0;  // 0 to 23, local time, inclusive
    int end_hour = 23;   // 0 to 23, inclusive; smaller than start_hour: over midnight
  };
  struct Request {
    std::vector<std::string> methods;        // any case; an event without a method passes
    std::vector<std::string> path_patterns;  // matched at the start of the path; none passes
    std::vector<std::string> user_roles;     // any one; an event without roles fails
  };

  std::optional<std::vector<std::string>> environment;
  std::optional<std::string> min_level;
  std::vector<std::string> feature_flags;
  std::optional<TimeRange> time_range;
  std::optional<Request> request;
  // On the input event; one that throws counts as false.
  std::function<bool(const EventView&)> condition_func;

  bool empty() const {
    return !environment && !min_level && feature_flags.empty() && !time_range && !request &&
           !condition_func;
  }
};

// What is known about an enricher besides its code. The defaults are fapilog's.
struct EnricherMetadata {
  std::string name;
  std::string description;
  int priority = 100;  // lower goes first among enrichers that are ready together

  std::vector<std::string> dependencies;  // run after these
  std::vector<std::string> required;      // run after these, and only if they were ok (`requires`)
  std::vector<FieldPath> reads;
  std::vector<FieldPath> writes;
  Conditions conditions;          // on the input event, before any enricher runs
  std::optional<Predicate> when;  // at the call, on what the enricher sees
  bool async_capable = false;
  // What it writes differs from run to run by design (a time, a process number): `verify` does not
  // compare it. `volatile` in a configuration.
  bool is_volatile = false;

  std::optional<Placement> placement;  // nullopt: where its kind belongs
  std::optional<Duration> timeout;     // nullopt: the engine's (1 s)

  BreakerOptions breaker;
  BulkheadOptions bulkhead;
  RetryOptions retry;  // not for inline enrichers
  // Set where the outcome is neither ok nor condition_false nor, unless asked for, no_match; seen
  // by descendants, counted among the writes. Null: none.
  std::shared_ptr<const ConstantFields> fallback;
  bool fallback_on_no_match = false;
  OnFailure on_failure = OnFailure::pass;
  // For an enricher that has a life cycle (lifecycle.h); an error where it has none.
  std::optional<LifecycleOptions> lifecycle;
};

}  // namespace logbraid
