#pragma once

#include <span>

#include "logbraid/source.h"

namespace logbraid {

// The sources that come with logbraid; each stands in <name>_source.cc.
std::span<const SourceKind> builtin_sources();

SourceKind demo_source();
SourceKind file_source();
SourceKind stdin_source();

}  // namespace logbraid
