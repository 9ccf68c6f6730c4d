#pragma once

#include <string>
#include <vector>

#include "logbraid/setting.h"

namespace logbraid {

// The names of the enrichers in a list: `name` where it is written; else the type or the scheme of
// the URI, with _2, _3 ... where that is taken. Names that are written are not told apart here.
std::vector<std::string> enricher_names(const Setting& list);

}  // namespace logbraid
