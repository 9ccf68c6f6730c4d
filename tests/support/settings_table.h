// The table of settings on a documentation page, made from the specs it describes.
#pragma once

#include <string>
#include <vector>

#include "logbraid/setting.h"

namespace logbraid::test {

// Markdown: a row a setting with its type, default and help.
std::string settings_table(const std::vector<SettingSpec>& specs);

}  // namespace logbraid::test
