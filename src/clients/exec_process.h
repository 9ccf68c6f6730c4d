#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "clients/exec_ending.h"
#include "clients/exec_error_log.h"
#include "clients/exec_spawn.h"
#include "logbraid/clock.h"
#include "lookup/request.h"

namespace logbraid {

// Who wants to know what a child says and how it fares. Each may end() the process.
class ExecProcessOwner {
 public:
  // Whole lines of its stdout, each with its end.
  virtual void said(std::string_view lines) noexcept = 0;
  // It has ended, or nothing can be done with it any more; the last that is heard of it. `how`:
  // "exited with 1: KeyError: 'x'".
  virtual void over(RequestError error, std::string_view how) noexcept = 0;

 protected:
  ~ExecProcessOwner() = default;
};

// One life of a child on a loop: lines to its stdin, lines from its stdout, its stderr, its end.
//
// What waits in the loop holds it by shared_ptr; `owner_` is null when nobody is to be told any
// more.
//
// Threads:  the loop's.
// Lifetime: until end(), then as long as the loop needs it.
// Blocking: never.
class ExecProcess : public std::enable_shared_from_this<ExecProcess> {
 public:
  // Between the end of its stdin and SIGKILL.
  static constexpr std::chrono::milliseconds kGrace{1000};
  // Between the end of a pipe and that of the child, which are one where it exits.
  static constexpr std::chrono::milliseconds kExitTime{100};

  ExecProcess(boost::asio::io_context& io, ExecSpawned child, const Clock& clock,
              std::size_t longest_line, ExecErrorLog errors, ExecProcessOwner& owner);
  ~ExecProcess();
  ExecProcess(const ExecProcess&) = delete;
  ExecProcess& operator=(const ExecProcess&) = delete;

  // False, and nobody is told anything: the loop has no room for its descriptors.
  bool begin();
  // What is written in one turn of the loop leaves in one piece, as far as the pipe takes it.
  std::string& line_to_write();
  // The owner wants to hear no more of it; it is told to end.
  void end();

 private:
  using Error = boost::system::error_code;
  using Descriptor = boost::asio::posix::stream_descriptor;
  enum class Read : std::uint8_t { all, more, end };

  void wait_for_output();
  void wait_for_errors();
  void wait_for_end();
  void flush();
  Read read_output();
  bool hand_over(std::size_t got);
  Read read_errors();
  void has_ended();
  void pipe_closed(const char* what);
  void be_over(RequestError error, std::string how);

  boost::asio::io_context& io_;
  ExecRemains remains_;
  FileDescriptor input_file_;
  FileDescriptor output_file_;
  FileDescriptor errors_file_;
  Descriptor input_;  // these four have the descriptors of those above
  Descriptor output_;
  Descriptor errors_;
  Descriptor ended_;
  boost::asio::steady_timer exit_timer_;
  const Clock& clock_;
  const std::size_t longest_line_;
  ExecErrorLog error_log_;
  ExecProcessOwner* owner_;

  std::string out_;  // not yet taken by the pipe, from sent_ on
  std::size_t sent_ = 0;
  bool flushing_ = false;  // it will be, soon or when the pipe takes more
  std::string in_;         // room; the first in_size_ bytes are read, and no whole line
  std::size_t in_size_ = 0;
  bool closed_ = false;  // one of its pipes
};

}  // namespace logbraid
