#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <variant>

#include "logbraid/event_view.h"
#include "logbraid/patch.h"
#include "logbraid/task.h"

namespace logbraid {

class AsyncContext;
class ShardLookup;
struct LookupSurroundings;

// Four ways to write an enricher; the engine takes each. An enricher may return an error or
// throw: either is an outcome of that event and harms nothing else.
//
// Threads (all four): one instance serves every shard: enrich() is called from several threads at
//          once. Keep what is per call in the call; share nothing mutable without a lock.
// Lifetime: an instance outlives every call, those included that are late.

// One event at a time, on the shard (inline) or in the pool.
class SyncEnricher {
 public:
  virtual ~SyncEnricher() = default;
  virtual EnrichStatus enrich(const EventView& event, Patch& patch) = 0;
};

struct BatchCall {
  EventView event;
  Patch* patch = nullptr;
  EnrichStatus status;  // ok unless set
};

// Many events at a time: for code that gains from a loop of its own.
// A throw is an error of each call of the span whose status is still ok.
class BatchEnricher {
 public:
  virtual ~BatchEnricher() = default;
  virtual void enrich(std::span<BatchCall> calls) = 0;
};

// A coroutine on the shard's loop: for work that waits. It must never block; between two awaits it
// runs on the shard's thread alone. `event`, `patch` and `context` outlive the task.
class AsyncEnricher {
 public:
  virtual ~AsyncEnricher() = default;
  virtual Task<EnrichStatus> enrich(const EventView& event, Patch& patch,
                                    AsyncContext& context) = 0;
};

// A coroutine for many events at once: for services that answer many keys in one request. A span
// counts as one call in flight and once for the circuit breaker. An error returned or thrown is an
// error of each call of the span whose status is still ok.
class AsyncBatchEnricher {
 public:
  virtual ~AsyncBatchEnricher() = default;
  virtual Task<EnrichStatus> enrich(std::span<BatchCall> calls, AsyncContext& context) = 0;
  // Events in one span at the most.
  virtual std::size_t max_batch() const { return 256; }
};

// What the look-up layer makes of a client (src/lookup/lookup_enricher.h): a service asked by key.
// Breaker, bulkhead, retry and timeout stand under its cache and count requests; of the engine's
// calls they see nothing. Not for others to derive from.
class LookupEnricher {
 public:
  virtual ~LookupEnricher() = default;
  // What one shard needs of it; from any thread, for several shards at once.
  virtual std::unique_ptr<ShardLookup> open(const LookupSurroundings& surroundings) = 0;
};

using EnricherPtr =
    std::variant<std::shared_ptr<SyncEnricher>, std::shared_ptr<BatchEnricher>,
                 std::shared_ptr<AsyncEnricher>, std::shared_ptr<AsyncBatchEnricher>,
                 std::shared_ptr<LookupEnricher>>;

}  // namespace logbraid
