#pragma once

namespace logbraid {

// Faults in the engine's own path that the sanitizers must find. False in every build but that of
// the two programs in tests/planted, which scripts/check_sanitizers.py runs: a proof that the
// sanitizers look where it matters.

#ifdef LOGBRAID_PLANTED_RACE
inline constexpr bool kPlantedRace = true;
#else
inline constexpr bool kPlantedRace = false;
#endif

#ifdef LOGBRAID_PLANTED_USE_AFTER_FREE
inline constexpr bool kPlantedUseAfterFree = true;
#else
inline constexpr bool kPlantedUseAfterFree = false;
#endif

}  // namespace logbraid
