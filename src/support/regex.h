#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace re2 {
class RE2;
}

namespace logbraid {

// A regular expression in RE2's syntax: no look-around, no back-references, time linear in the
// text.
//
// Threads: matching from any thread; copies share one state.
// Errors:  compile() says what is wrong and at which character of the pattern.
// Cost:    the automaton is built while matching, up to max_memory, and thrown away when full.
class Regex {
 public:
  struct Options {
    bool ignore_case = false;
    // Bytes for the program and its automaton. Raise it when a pattern is refused as too large.
    std::int64_t max_memory = 8 << 20;
  };

  static Result<Regex> compile(std::string_view pattern);
  static Result<Regex> compile(std::string_view pattern, Options options);

  bool found_in(std::string_view text) const;  // anywhere
  bool starts(std::string_view text) const;    // at the first character, not necessarily to the end
  bool matches_all(std::string_view text) const;  // the whole text
  // Searches anywhere; fills groups[0] with the match and the rest with its groups; a group that
  // took no part is empty with a null data().
  bool search(std::string_view text, std::span<std::string_view> groups) const;

  int group_count() const;
  const std::string& pattern() const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace logbraid
