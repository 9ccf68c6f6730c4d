#include "sinks/builtin.h"

#include <array>

namespace logbraid {

std::span<const SinkKind> builtin_sinks() {
  static const std::array kinds = {file_sink(), null_sink(), stdout_sink()};
  return kinds;
}

}  // namespace logbraid
