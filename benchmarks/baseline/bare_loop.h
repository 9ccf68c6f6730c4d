#pragma once

#include <cstdint>

namespace logbraid::bench {

// The small hand-made loop that the engine's is compared with: a window of events, each with three
// waits of 5 ms at the same time, each wait with a deadline of its own. No events, no patches, no
// order, no outcomes: what is left is the waiting.
struct BareLoopResult {
  double seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t waits = 0;  // that ended in time
};

// Takes `events` through the loop, at most `window` at once, on the caller's thread.
BareLoopResult run_bare_loop(std::uint64_t events, std::uint32_t window);

}  // namespace logbraid::bench
