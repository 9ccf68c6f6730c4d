#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "support/file_descriptor.h"

namespace logbraid {

// A child that was started and whose remains have to be taken away. Signals go to its whole process
// group, so that what it has started itself ends with it.
//
// Threads:  one.
// Lifetime: the destructor tells a child that still runs to end (SIGTERM), and kills it.
// Blocking: the destructor: kTerminationTime at the most, and only where the child still runs.
class ExecRemains {
 public:
  static constexpr int kTerminationTime = 100;  // ms

  // `ended`: a pidfd of it.
  ExecRemains(pid_t pid, FileDescriptor ended) : pid_(pid), ended_(std::move(ended)) {}
  ExecRemains(ExecRemains&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), ended_(std::move(other.ended_)) {}
  ExecRemains& operator=(ExecRemains&&) = delete;
  ~ExecRemains();

  pid_t pid() const { return pid_; }
  int descriptor() const { return ended_.get(); }
  void signal(int number) const;
  // True: it had ended, and is gone. Kills what is left of its group.
  bool take_away();
  // How it ended: "exited with 1", "was killed by signal 9". After take_away().
  const std::string& how() const { return how_; }

 private:
  pid_t pid_;  // -1: taken away
  FileDescriptor ended_;
  std::string how_;
};

// Sees a child off whose stdin is closed: SIGTERM when it has not ended in half of `grace`, SIGKILL
// when it has not ended then. Goes on for itself on the loop; a loop that ends before kills it.
void see_off(boost::asio::io_context& io, ExecRemains remains, std::chrono::milliseconds grace);

}  // namespace logbraid
