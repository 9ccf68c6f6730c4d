#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "logbraid/clock.h"
#include "logbraid/path.h"

namespace logbraid {

enum class Mode : std::uint8_t {
  parallel,    // independent enrichers of an event run at the same time
  sequential,  // one after another, in plan order
};

enum class Schedule : std::uint8_t {
  ready,   // an enricher starts when its own dependencies are done
  levels,  // a barrier after each group
};

// In which order events are written. What is written of each does not depend on it.
enum class Order : std::uint8_t {
  preserve,  // as they were read
  any,       // as they are done
  by_key,    // those with the same key as they were read
};

// What happens to a line that does not parse. Each is counted in every case.
enum class OnMalformed : std::uint8_t {
  keep,         // an event with the line as `message` and the reason in `parse_error`
  dead_letter,  // to the dead letter sink, with the reason
  drop,         // counted only
  fail,         // the run ends with an error
};

// A field in each event that says what became of its enrichers, written last and seen by none:
//   {"succeeded": ["geo"], "failed": {"user": "timeout"}, "skipped": {"agent": "condition_false"}}
struct StatusOptions {
  enum class When : std::uint8_t {
    failed,  // only in events of which an enricher failed
    always,
  };
  FieldPath field;
  When when = When::failed;
  // Adds "ms", how long each call took: then every call is timed, and no two runs give the same
  // bytes.
  bool times = false;
};

// How a plan is run. Every number is a default a user can change (resilience.md).
struct ExecutionOptions {
  // Event and group timeouts where nobody sets them; an enricher that sets more stretches them.
  static constexpr Duration kEventTimeout = std::chrono::seconds(5);
  static constexpr Duration kGroupTimeout = std::chrono::seconds(2);
  static constexpr Duration kEnricherTimeout = std::chrono::seconds(1);

  Mode mode = Mode::parallel;
  Schedule schedule = Schedule::ready;
  // Worker threads, each with its own loop; 0: one per core the process may use. 0 to 256.
  unsigned shards = 0;
  // Events a shard works on at once, 1 to 1,000,000. Raise it when a slow service leaves the shards
  // idle; each event in flight costs its text and about 100 bytes an enricher.
  std::uint32_t in_flight = 4096;
  // Threads for blocking enrichers, for the process; made when first needed. 1 to 1,024.
  unsigned max_parallel_threads = 10;
  // Unset: see the constants above. An event's clock starts when it is taken into the window.
  std::optional<Duration> event_timeout;
  std::optional<Duration> group_timeout;
  std::optional<Duration> enricher_timeout;

  // Bytes under way, for the process: text that was read, what is made of it, queues. Reading waits
  // when they are used up; one batch is always taken. Raise it when a slow service leaves the
  // shards idle although the window has room. From 1.
  std::size_t memory_limit = 64 * 1024 * 1024;

  Order order = Order::preserve;
  // For by_key: the field whose value decides; events without it count as one key.
  FieldPath order_key;
  // An event that others have waited behind for so long gets its open calls turned into timeouts;
  // found within a quarter more. Unset: they wait until its own timeouts. Not with `any`, where
  // nobody waits. At least 1 ms.
  std::optional<Duration> hold;
  // Pool threads that hang in a call nobody waits for any more and are replaced, for the process; 0
  // to 10,000. Beyond that an enricher that holds one is not called until one has returned. Raise
  // it when blocking code often hangs for long and there is memory for the threads.
  unsigned max_stuck_threads = 32;
  // Async calls in flight a shard, over all enrichers, 1 to 1,000,000 (resilience.md). Raise it
  // with `in_flight` and the enrichers' own limits.
  std::uint32_t max_calls = 4096;
  // Without circuit breakers which enrichers run does not depend on the time: for comparing runs.
  bool breakers = true;
  // Share of the events that run their enrichers one after another, to measure what running them at
  // the same time gains; 0 to 1. Each such event costs the difference.
  double sequential_share = 0;
  // Unset: events do not tell what became of their enrichers.
  std::optional<StatusOptions> status;
};

}  // namespace logbraid
