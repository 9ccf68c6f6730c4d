#pragma once

#include <sys/types.h>

#include <fstream>
#include <string>

namespace logbraid::test {

// Whether the process is there and has not ended; who takes away what remains of one is not asked.
inline bool process_runs(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  return !text.empty() && text[text.rfind(')') + 2] != 'Z';
}

}  // namespace logbraid::test
