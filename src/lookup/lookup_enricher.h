#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "async/timers.h"
#include "logbraid/async_context.h"
#include "logbraid/clock.h"
#include "logbraid/enricher.h"
#include "logbraid/event_view.h"
#include "logbraid/outcome.h"
#include "logbraid/patch.h"
#include "logbraid/resilience.h"
#include "lookup/lookup_recorder.h"
#include "lookup/shared_on_shard.h"
#include "resilience/breaker_front.h"

namespace logbraid {

class LookupRecording;
struct Flight;

// One event that asks: embedded in what the engine keeps of the call.
//
// Threads: the shard's.
struct LookupCall {
  using Ended = void (*)(LookupCall& call) noexcept;
  explicit LookupCall(Ended when_ended) : ended(when_ended) {}

  const Ended ended;
  // Set by the engine: what the event looks like, and where the answer goes. Both must stay until
  // the call has ended or is forgotten.
  EventView view;
  Patch* patch = nullptr;
  // Set by the layer: answered by look_up(), by the time it comes back.
  bool answered = false;
  Outcome outcome = Outcome::ok;
  std::string_view reason;  // of an error; lives as long as the patch's arena

  // The flight it waits for; null: for none.
  Flight* flight = nullptr;
  LookupCall* previous_waiter = nullptr;
  LookupCall* next_waiter = nullptr;
};

// What a shard gives to the look-ups that run on it.
struct LookupSurroundings {
  std::string_view enricher;  // its name in the plan
  Timers& timers;
  const Clock& clock;
  LoopIo& io;
  BreakerFront& breaker;  // of this enricher, here
  const BulkheadOptions& bulkhead;
  const RetryOptions& retry;
  Duration timeout;  // of a request with its retries: the enricher's
  unsigned shard = 0;
  unsigned shards = 1;
  SharedOnShard& shared;  // connections, by endpoint
  LookupRecorder& recorder;
  LookupRecording* recording = nullptr;  // null: services are asked, and that is all
};

// The look-ups of one enricher on one shard: its cache, its flights, its client.
//
// Threads:  the shard's.
// Lifetime: destroyed when no call waits any more; the loop's io_context is still there, but need
//           not run any more.
// Blocking: never.
class ShardLookup {
 public:
  virtual ~ShardLookup() = default;

  // Many events at once, whose keys are made and found together while memory is fetched. Of a call
  // that is `answered` then, the outcome is there, and the patch; of the others ended() is called
  // once, later or from within, unless the call is forgotten before.
  virtual void look_up(std::span<LookupCall* const> calls) = 0;
  // Nobody waits for the answer any more. The request goes on, for the cache.
  virtual void forget(LookupCall& call) noexcept = 0;
  // False while more keys wait for a request than may be under way: then the source is slowed.
  virtual bool accepts() const = 0;
  // Keys that may be under way at once.
  virtual std::size_t most_keys() const = 0;
  // Memory of the cache, and how to get some of it back: what is worth least goes first.
  virtual std::size_t cache_bytes() const = 0;
  virtual void shrink_cache(std::size_t to_bytes) = 0;
};

}  // namespace logbraid
