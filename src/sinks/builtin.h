#pragma once

#include <span>

#include "logbraid/sink.h"

namespace logbraid {

// The sinks that come with logbraid; each stands in <name>_sink.cc.
std::span<const SinkKind> builtin_sinks();

SinkKind file_sink();
SinkKind null_sink();
SinkKind stdout_sink();

}  // namespace logbraid
