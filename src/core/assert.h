#pragma once

#include <cstdio>
#include <cstdlib>

// Ends the program when an invariant of ours is broken. Never on input, time, the network or what
// a plug-in does: those are results and outcomes. Kept in release builds; never on a path that runs
// per field.
#define LOGBRAID_ASSERT(condition, reason)                                                       \
  do {                                                                                           \
    if (!(condition)) [[unlikely]] {                                                             \
      std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", __FILE__, __LINE__, #condition, \
                   reason);                                                                      \
      std::abort();                                                                              \
    }                                                                                            \
  } while (false)
