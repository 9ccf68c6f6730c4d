#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "logbraid/arena.h"
#include "logbraid/outcome.h"
#include "logbraid/path.h"
#include "logbraid/plan.h"
#include "logbraid/value.h"

namespace logbraid {

struct EnrichRun;

// What became of one enricher for one event. Views live as long as the EnrichedEvent.
struct EnricherOutcome {
  std::string_view enricher;
  Outcome outcome = Outcome::cancelled;
  std::string_view reason;  // of an error, in the enricher's own words; else empty
};

// An event with what its enrichers made of it.
//
// Threads:  one at a time; two events of one enrich() may be used by two threads.
// Lifetime: owns all its memory, or shares it with events it was enriched together with and with
//           calls that are late: it may outlive the engine and the registry.
// Errors:   none.
// Blocking: never.
class EnrichedEvent {
 public:
  // The event and the patches in plan order, one JSON object without a line end.
  std::string to_json() const;
  void append_json(std::string& out) const;

  // The value at a path with every patch applied; absent where there is none. It lives as long as
  // this object.
  Value get(PathView path) const;
  // The string at a path; empty where it is absent or no string. The same lifetime.
  std::string_view get_string(PathView path) const { return get(path).as_string().value_or(""); }

  // By enricher, in plan order; `plan()[i]` is the same enricher.
  std::size_t enrichers() const { return plan().size(); }
  EnricherOutcome outcome(std::size_t enricher) const;
  // Nothing where the plan has no such enricher.
  std::optional<EnricherOutcome> outcome(std::string_view enricher) const;
  // No enricher failed: each outcome is ok, no_match or condition_false.
  bool complete() const;

  // The plan the event was taken through.
  const ExecutionPlan& plan() const;

  // For the engine.
  EnrichedEvent(std::shared_ptr<const EnrichRun> run, std::uint32_t event)
      : run_(std::move(run)), event_(event) {}

 private:
  std::shared_ptr<const EnrichRun> run_;
  std::uint32_t event_;
  // Of values that had to be decoded. Not the batch's: calls that are late still use that one.
  mutable Arena decoded_{1024};
};

}  // namespace logbraid
