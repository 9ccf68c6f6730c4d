#pragma once

#include <cstdint>

#include "plan/graph.h"

namespace logbraid {

// Why one enricher runs after another, strongest first.
enum class Cause : std::uint8_t { required, dependency, reads, compat };

struct CausedArc {
  plan::Node from;
  plan::Node to;
  Cause cause;
  std::uint32_t path = 0;  // reads: its place in the FieldIndex
  bool spare = false;      // not worth an edge where others imply it
};

}  // namespace logbraid
