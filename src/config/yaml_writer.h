#pragma once

#include <string>

#include "logbraid/setting.h"

namespace logbraid {

// A tree as YAML that reads back as the same tree, but for what is secret: that stands as ***, and
// so do the passwords of URIs in it.
std::string to_yaml(const Setting& setting);

}  // namespace logbraid
