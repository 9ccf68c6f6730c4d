#pragma once

#include <vector>

#include "logbraid/source.h"

namespace logbraid {

// The sources that come with logbraid; each stands in <name>_source.cc.
std::vector<SourceKind> builtin_sources();

SourceKind demo_source();
SourceKind file_source();
SourceKind stdin_source();

}  // namespace logbraid
