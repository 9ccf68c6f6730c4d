#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace logbraid::bench {

// What a process used, from its start to its end.
struct TimedProcess {
  double seconds = 0;
  double cpu_seconds = 0;
  double peak_mib = 0;         // resident; to 5 ms before its end, 0 where it was not there as long
  double first_output_ms = 0;  // after its start: the first byte in the folder that was watched
};

struct TimedProcessOptions {
  std::string watched;             // a folder; nothing is written there before the output
  bool only_first_output = false;  // it is killed then
};

// Runs a program to its end, which must be a good one; its stderr goes nowhere.
TimedProcess timed_process(const std::vector<std::string>& command,
                           const TimedProcessOptions& options);

struct EndedProcess {
  int status;  // as wait() has it
  double cpu_seconds;
};
EndedProcess wait_for_end(pid_t pid);

}  // namespace logbraid::bench
