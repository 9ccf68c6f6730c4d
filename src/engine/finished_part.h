#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/run_counts.h"
#include "logbraid/clock.h"

namespace logbraid {

// A line that was refused.
struct MalformedLine {
  std::uint64_t line = 0;  // 1-based, in the order of the source
  std::string reason;
  std::string text;  // its beginning
};

// Lanes of the output, a bit each: within a lane events keep the order of the source, between lanes
// there is none.
using Lanes = std::uint64_t;
inline constexpr unsigned kMostLanes = 64;

// What a shard made of a batch, or of those of its events that were done first.
struct FinishedPart {
  std::uint64_t sequence = 0;  // of its batch
  Lanes lanes = 0;             // of its events: it waits until it is their turn; 0: for nothing
  Lanes closes = 0;            // in these the batch has no more events
  bool last = false;           // the batch has no more parts

  std::string lines;                    // for the sink
  std::string dead_letters;             // for the dead letter sink
  RunCounts counts;                     // as they are when all of it is written
  std::vector<MalformedLine> examples;  // the first few
  bool fails = false;                   // `on_malformed: fail`, and the last example is why

  // What each of its events lost behind earlier ones of its batch; empty: none did.
  std::vector<Duration> waited;

  std::size_t charged = 0;  // what it counts for in the memory budget
  TimePoint put_at{};       // when it began to wait for its turn,
  TimePoint released_at{};  // and when that came
};

}  // namespace logbraid
