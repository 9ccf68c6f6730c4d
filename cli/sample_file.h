#pragma once

#include <string>

#include "logbraid/result.h"

namespace logbraid::cli {

// The lines that `--input SAMPLE` names, whole.
// Errors: a file that cannot be read, or is empty.
Result<std::string> read_sample(const std::string& path);

}  // namespace logbraid::cli
