#include "sinks/builtin.h"

namespace logbraid {

std::vector<SinkKind> builtin_sinks() { return {file_sink(), null_sink(), stdout_sink()}; }

}  // namespace logbraid
