#include "sources/builtin.h"

#include <array>

namespace logbraid {

std::span<const SourceKind> builtin_sources() {
  static const std::array kinds = {demo_source(), file_source(), stdin_source()};
  return kinds;
}

}  // namespace logbraid
