#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "logbraid/clock.h"

namespace logbraid {

// What a child says on stderr, line by line: marked, made printable, and not more of it than
// somebody would read.
//
// Threads: one.
class ExecErrorLog {
 public:
  static constexpr std::uint32_t kLinesASecond = 20;  // a traceback of Python's has some ten
  static constexpr std::size_t kLongestLine = 500;

  using Say = std::function<void(std::string_view line)>;
  ExecErrorLog(std::string_view mark, Say say) : mark_(mark), say_(std::move(say)) {}

  void read(std::string_view text, TimePoint now);
  // What is left without a line end.
  void end(TimePoint now);
  // The last line that is not blank: mostly why it ended.
  const std::string& last_line() const { return last_; }

 private:
  void line(TimePoint now);
  void say(std::string_view text);

  const std::string mark_;
  const Say say_;
  std::string line_;
  std::string last_;
  TimePoint second_{};  // when the present one began
  std::uint32_t said_ = 0;
  std::uint64_t left_out_ = 0;
};

// Writes a line to this process' stderr, where that takes it at once: a loop must not wait for it.
void write_to_stderr(std::string_view line);

}  // namespace logbraid
