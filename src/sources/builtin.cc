#include "sources/builtin.h"

namespace logbraid {

std::vector<SourceKind> builtin_sources() { return {demo_source(), file_source(), stdin_source()}; }

}  // namespace logbraid
