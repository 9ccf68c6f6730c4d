#pragma once

namespace logbraid {

// Faults in the engine's own path that the sanitizers must find: a proof that they look where it
// matters. Both are false, and leave nothing behind, but in the programs of tests/planted, which
// scripts/check_sanitizers.py builds and runs.

// A pool thread counts what only the shard may count.
#ifdef LOGBRAID_PLANTED_RACE
inline constexpr bool kPlantedRace = true;
#else
inline constexpr bool kPlantedRace = false;
#endif

// A started call does not hold its batch.
#ifdef LOGBRAID_PLANTED_USE_AFTER_FREE
inline constexpr bool kPlantedUseAfterFree = true;
#else
inline constexpr bool kPlantedUseAfterFree = false;
#endif

}  // namespace logbraid
