// Settings written as JSON, for tests of what is made from settings.
#pragma once

#include <string_view>

#include "logbraid/setting.h"

namespace logbraid::test {

// The setting that a JSON text spells, with dotted keys as a file would give it. The text stands in
// a test: one that is broken throws std::invalid_argument.
Setting json_setting(std::string_view json);

}  // namespace logbraid::test
