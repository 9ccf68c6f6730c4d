#include "cli/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "core/printable.h"

namespace logbraid::cli {
namespace {

constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[1;33m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kClearLine = "\r\x1b[K";

// Of a message: a pipeline's errors are long, a hostile line is longer.
constexpr std::size_t kMostShown = 4000;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// 0 or an errno.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

Console::Console()
    : is_terminal_(::isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb"),
      colours_(is_terminal_ && variable("NO_COLOR").empty()) {}

void Console::error(std::string_view message) { say(kRed, "error: ", message); }
void Console::warning(std::string_view message) { say(kYellow, "warning: ", message); }
void Console::note(std::string_view message) { say("", "", message); }

void Console::say(std::string_view colour, std::string_view label, std::string_view message) {
  const std::string text = printable(message, kMostShown, true);
  if (colours_ && !colour.empty()) {
    print(fmt::format("{}{}{}{}\n", colour, label, kPlain, text));
  } else {
    print(fmt::format("{}{}\n", label, text));
  }
}

void Console::print(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  write_locked(std::string(lines));
}

void Console::write_locked(std::string text) {
  if (!status_.empty()) text = std::string(kClearLine) + text + status_;
  write_all(STDERR_FILENO, text);
}

void Console::status(std::string_view line) {
  if (!is_terminal_) return;
  const std::lock_guard lock(mutex_);
  status_ = printable(line, std::max<std::size_t>(terminal_width(), 10) - 4);
  write_all(STDERR_FILENO, std::string(kClearLine) + status_);
}

void Console::clear_status() {
  const std::lock_guard lock(mutex_);
  if (status_.empty()) return;
  status_.clear();
  write_all(STDERR_FILENO, kClearLine);
}

std::string Console::bold(std::string_view text) const {
  return colours_ ? fmt::format("{}{}{}", kBold, text, kPlain) : std::string(text);
}

bool write_result(std::string_view text, Console& console) {
  const int failure = write_all(STDOUT_FILENO, text);
  if (failure == 0 || failure == EPIPE) return true;
  console.error("cannot write to stdout: " + std::generic_category().message(failure));
  return false;
}

bool write_result_to(const std::string& path, std::string_view text, Console& console) {
  if (path.empty()) return write_result(text, console);
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (out) return true;
  console.error("cannot write " + path + ": " + std::generic_category().message(errno));
  return false;
}

}  // namespace logbraid::cli
