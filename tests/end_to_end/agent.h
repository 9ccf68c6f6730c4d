#pragma once

#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {

// LOGBRAID_AGENT is the program that was built beside these tests.
inline std::vector<std::string> agent_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), LOGBRAID_AGENT);
  return arguments;
}

inline ProcessResult run_agent(std::vector<std::string> arguments,
                               const ProcessOptions& options = {}) {
  return run_process(agent_command(std::move(arguments)), options);
}

// A pipeline from stdin to stdout that adds one field.
inline constexpr const char* kOneField = R"(
source: {type: stdin, format: json}
enrichers:
  - {name: zone, type: static, fields: {zone: eu}}
sink: {type: stdout}
)";

}  // namespace logbraid::test
