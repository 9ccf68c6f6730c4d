#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "logbraid/result.h"
#include "support/file_descriptor.h"

namespace logbraid {

// What becomes of what a child says on stderr.
enum class ExecErrors : std::uint8_t {
  pass,  // it has ours
  drop,
  log,  // read, shortened and marked with the enricher's name
};

// A program, with all that was looked for and put together beforehand.
struct ExecProgram {
  std::string path;                      // of the file to run, from the root
  std::vector<std::string> arguments;    // the first one is its name
  std::vector<std::string> environment;  // NAME=value
  std::string directory;                 // where it runs
  ExecErrors errors = ExecErrors::log;
};

// A child that runs, and our ends of its pipes: closed on exec, and non-blocking.
struct ExecSpawned {
  pid_t pid = -1;
  FileDescriptor ended;   // a pidfd: readable when it has ended
  FileDescriptor input;   // its stdin
  FileDescriptor output;  // its stdout
  FileDescriptor errors;  // its stderr, with ExecErrors::log
};

// Exit codes of a child that did not come to be the program, as shells have them.
inline constexpr int kExecNoDirectory = 126;
inline constexpr int kExecNotRun = 127;

// Starts the program: in a process group of its own, with the three standard descriptors and no
// other, no signal blocked or ignored. It is killed when the thread that started it ends.
//
// Errors:   no descriptors, no processes. That the file is none that can be run is known by its
//           exit code.
// Blocking: until exec: some 100 us, whatever memory this process has.
Result<ExecSpawned> spawn(const ExecProgram& program);

}  // namespace logbraid
