#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/file_descriptor.h"

namespace logbraid::test {

// How a program ended and what it said.
struct ProcessResult {
  int code = 0;  // of exit; 128 + the signal that killed it
  std::string out;
  std::string err;
};

struct ProcessOptions {
  std::string input = {};                     // its whole standard input
  std::vector<std::string> environment = {};  // NAME=value, over ours
  std::string output_path = {};               // where stdout goes instead of ProcessResult::out
};

// Runs a program to its end.
ProcessResult run_process(const std::vector<std::string>& command,
                          const ProcessOptions& options = {});

// A program that runs beside the test, with pipes to its three standard descriptors. What it says
// between two reads must fit into a pipe (64 KiB).
//
// Threads:  one.
// Lifetime: what still runs at the end is killed.
// Blocking: reads and wait() until there is what they wait for; after a minute the test fails.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void write(std::string_view text);
  void close_input() { input_.close(); }
  // Until the program has read all that was written.
  void wait_until_input_is_read();
  // One line of stdout with its end; what is left at the end of stdout, and then "".
  std::string read_line();
  // All of stdout that was not read yet.
  std::string read_rest();
  void close_output() { output_.close(); }
  // Until stderr has said `text`; gives all that it said so far.
  std::string wait_for_error(std::string_view text);
  std::string read_errors();  // to its end

  void signal(int number);
  // The exit code, or 128 + the signal that killed it.
  int wait();

 private:
  pid_t pid_ = -1;
  FileDescriptor input_;
  FileDescriptor output_;
  FileDescriptor errors_;
  std::string out_;  // read from the pipe, not yet given
  std::string err_;
};

}  // namespace logbraid::test
