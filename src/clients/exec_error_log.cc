#include "clients/exec_error_log.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>

#include "core/printable.h"

namespace logbraid {

void ExecErrorLog::read(std::string_view text, TimePoint now) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view piece = text.substr(0, end);
    // What is beyond is not shown: no need to keep it.
    line_ += piece.substr(0, line_.size() < kLongestLine ? kLongestLine - line_.size() : 0);
    if (end == std::string_view::npos) return;
    line(now);
    text.remove_prefix(end + 1);
  }
}

void ExecErrorLog::end(TimePoint now) {
  if (!line_.empty()) line(now);
  if (left_out_ != 0) say(fmt::format("({} more lines)", left_out_));
  left_out_ = 0;
}

void ExecErrorLog::line(TimePoint now) {
  if (now - second_ >= std::chrono::seconds(1)) {
    if (left_out_ != 0) say(fmt::format("({} more lines)", left_out_));
    left_out_ = 0;
    said_ = 0;
    second_ = now;
  }
  const std::string text = printable(line_, kLongestLine);
  line_.clear();
  if (text.find_first_not_of(' ') != std::string::npos) last_ = text;
  if (said_ == kLinesASecond) {
    ++left_out_;
    return;
  }
  ++said_;
  say(text);
}

void ExecErrorLog::say(std::string_view text) {
  if (say_) say_(fmt::format("{}: {}\n", mark_, text));
}

void write_to_stderr(std::string_view line) {
  pollfd waited = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&waited, 1, 0) != 1 || (waited.revents & POLLOUT) == 0) return;
  // A line is shorter than what a pipe takes as one piece. There is no other place to say it.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace logbraid
