#pragma once

#include <utility>

#include "logbraid/path.h"

namespace logbraid {

// A path whose steps all lie below `parent`, which may be empty.
inline FieldPath below(FieldPath parent, PathView path) {
  for (const PathSegment& step : path) parent = parent.child(step.key);
  return parent;
}

}  // namespace logbraid
