// Runs one enricher on one event and gives what came of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "logbraid/async_context.h"
#include "logbraid/kind.h"

namespace logbraid::test {

// The configuration of one enricher, written as JSON; checked as a configuration's is.
Result<EnricherInstance> make_enricher(const EnricherKind& kind, std::string_view settings,
                                       const MakeContext& context = {});
// Why it cannot be made; empty where it can.
std::string make_error(const EnricherKind& kind, std::string_view settings,
                       const MakeContext& context = {});

struct Enriched {
  CallResult result = CallResult::ok;
  std::string reason;
  std::string fields;  // the patch alone, as a JSON object
  std::string event;   // the event with the patch applied
  bool overflowed = false;
  Duration waited{};  // by the loop's clock, for an async enricher
};

// Runs a synchronous or an asynchronous enricher. The loop of the latter has a clock that jumps to
// the next timer; where `stop_after` is given the call is told to stop then.
//
// `json` stands in a test: what is no event throws std::invalid_argument.
Enriched enrich_one(const EnricherInstance& instance, std::string_view json,
                    std::optional<Duration> stop_after = std::nullopt);

// Makes the enricher and runs it; where it cannot be made the error is the `reason`.
Enriched enrich_one(const EnricherKind& kind, std::string_view settings, std::string_view json,
                    const MakeContext& context = {});

}  // namespace logbraid::test
