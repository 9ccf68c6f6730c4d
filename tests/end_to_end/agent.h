#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {

// LOGBRAID_AGENT is the program that was built beside these tests.
inline std::vector<std::string> agent_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), LOGBRAID_AGENT);
  return arguments;
}

// The number in front of `words` in a summary; 0 where they do not stand in it.
inline std::uint64_t figure_before(const std::string& text, std::string_view words) {
  const std::size_t end = text.find(words);
  if (end == std::string::npos) return 0;
  std::string digits;
  for (std::size_t at = end; at > 0; --at) {
    const char c = text[at - 1];
    if (c != ',' && std::isdigit(static_cast<unsigned char>(c)) == 0) break;
    if (c != ',') digits.insert(digits.begin(), c);
  }
  return digits.empty() ? 0 : std::stoull(digits);
}

// What holds for every run that tells its figures: nothing that was read is lost.
inline void expect_balanced(const std::string& errors) {
  if (errors.find(" events read, ") == std::string::npos) return;
  std::uint64_t known = 0;
  for (const std::string_view what : {" written in ", " to the dead letters",
                                      " not taken by the reader of the output", " not written"}) {
    known += figure_before(errors, what);
  }
  constexpr std::string_view kDropped = " dropped (";  // for whatever reason
  std::size_t from = 0;
  for (std::size_t at = 0; (at = errors.find(kDropped, from)) != std::string::npos;) {
    known += figure_before(errors.substr(from), kDropped);
    from = at + kDropped.size();
  }
  EXPECT_EQ(figure_before(errors, " events read, "), known) << errors;
}

inline ProcessResult run_agent(std::vector<std::string> arguments,
                               const ProcessOptions& options = {}) {
  ProcessResult result = run_process(agent_command(std::move(arguments)), options);
  expect_balanced(result.err);
  return result;
}

// A pipeline from stdin to stdout that adds one field.
inline constexpr const char* kOneField = R"(
source: {type: stdin, format: json}
enrichers:
  - {name: zone, type: static, fields: {zone: eu}}
sink: {type: stdout}
)";

}  // namespace logbraid::test
