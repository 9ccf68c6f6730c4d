#pragma once

#include <cstddef>
#include <span>

#include "logbraid/result.h"
#include "sources/interrupt.h"

namespace logbraid {

// Reads descriptors, one after another, until it is interrupted; then it reads on to the end of the
// line it is in, as far as that is there already, so that no half line goes out.
//
// Threads:  interrupt() from any thread and from a signal handler; the rest from one.
// Errors:   an errno's text, without the name of what was read.
// Blocking: read() until there is something, the end, or interrupt().
class LineEndReader {
 public:
  static Result<LineEndReader> make();

  // What is there, at once; 0: the end of this descriptor, or interrupted.
  Result<std::size_t> read(int descriptor, std::span<char> into);
  void interrupt() noexcept { interrupt_.ring(); }
  bool interrupted() const { return interrupt_.rang(); }
  // Whether what was read so far ends with a newline, or is nothing.
  bool at_line_start() const { return at_line_start_; }
  // Reading goes on after a line end that somebody else made.
  void start_line() { at_line_start_ = true; }

 private:
  explicit LineEndReader(Interrupt interrupt) : interrupt_(std::move(interrupt)) {}

  Result<std::size_t> read_once(int descriptor, std::span<char> into);
  Result<std::size_t> read_rest_of_line(int descriptor, std::span<char> into);

  Interrupt interrupt_;
  bool at_line_start_ = true;
};

}  // namespace logbraid
