#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace logbraid::cli {

// What the agent says to people: on stderr, so that stdout belongs to events and results. Has one
// line at the bottom of a terminal that is written over (progress); messages push it down.
//
// Text that is not ours (log lines, settings) may hold anything: control characters are shown, not
// sent to the terminal.
//
// Threads: any.
// Errors:  a stderr that is closed or full is nobody's business: there is no other place to say it.
class Console {
 public:
  // Colours and the status line where stderr is a terminal (and TERM is not dumb); no colours where
  // NO_COLOR is set.
  Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void error(std::string_view message);
  void error(const Error& error) { this->error(error.to_string()); }
  void warning(std::string_view message);
  void note(std::string_view message);
  // Whole lines, made by us, as they are.
  void print(std::string_view lines);

  bool has_status_line() const { return is_terminal_; }
  // Writes over the status line; cut to the terminal's width. Without a terminal: nothing.
  void status(std::string_view line);
  void clear_status();

  // The text in bold, where colours are on.
  std::string bold(std::string_view text) const;

 private:
  void say(std::string_view colour, std::string_view label, std::string_view message);
  void write_locked(std::string text);

  bool is_terminal_;
  bool colours_;
  std::mutex mutex_;  // guards the line below, and keeps messages whole
  std::string status_;
};

// Writes a result to stdout; false, and it is said why, where that fails. A reader that has gone is
// no failure.
bool write_result(std::string_view text, Console& console);
// The same to a file; "": to stdout.
bool write_result_to(const std::string& path, std::string_view text, Console& console);

}  // namespace logbraid::cli
