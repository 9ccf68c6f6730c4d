#pragma once

#include <memory>
#include <variant>

#include "engine/guarded_call.h"
#include "logbraid/enricher.h"

namespace logbraid {

// Calls a synchronous enricher, of either form, for one event.
//
// Threads: the call's own.
inline EnrichStatus call_one(const EnricherPtr& enricher, const EventView& view, Patch& patch,
                             Arena& arena) noexcept {
  if (const auto* sync = std::get_if<std::shared_ptr<SyncEnricher>>(&enricher)) {
    return GuardedCall::protect(arena, [&] { return (*sync)->enrich(view, patch); });
  }
  BatchCall only{view, &patch, {}};
  const EnrichStatus thrown = GuardedCall::protect(arena, [&]() -> EnrichStatus {
    std::get<std::shared_ptr<BatchEnricher>>(enricher)->enrich({&only, 1});
    return {};
  });
  // A throw is an error of those that had no answer yet.
  return only.status.result == CallResult::ok ? thrown : only.status;
}

}  // namespace logbraid
