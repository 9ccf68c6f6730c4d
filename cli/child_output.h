#pragma once

#include <string>
#include <vector>

#include "logbraid/result.h"

namespace logbraid::cli {

struct ChildOutput {
  int code = 0;      // 128 and the signal, where one ended it
  std::string text;  // what it wrote to its stdout
};

// Runs a program, found in PATH, to its end; its stdin and stderr are ours. The error is that of
// starting it.
Result<ChildOutput> child_output(std::vector<std::string> command);

}  // namespace logbraid::cli
