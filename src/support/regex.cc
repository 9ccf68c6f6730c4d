#include "support/regex.h"

#include <re2/re2.h>

#include <array>
#include <vector>

namespace logbraid {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

// RE2 names the part of the pattern that is wrong, not where it stands.
std::string describe(const re2::RE2& compiled, std::string_view pattern) {
  std::string message = "the regular expression cannot be read: " + compiled.error();
  const std::string& part = compiled.error_arg();
  const std::size_t at = part.empty() ? std::string_view::npos : pattern.find(part);
  if (at != std::string_view::npos) message += ", at character " + std::to_string(at + 1);
  return message;
}

bool match(const re2::RE2& compiled, std::string_view text, re2::RE2::Anchor anchor) {
  return compiled.Match(piece(text), 0, text.size(), anchor, nullptr, 0);
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) { return compile(pattern, Options()); }

Result<Regex> Regex::compile(std::string_view pattern, Options options) {
  re2::RE2::Options re2_options;
  re2_options.set_log_errors(false);
  re2_options.set_case_sensitive(!options.ignore_case);
  re2_options.set_max_mem(options.max_memory);
  auto compiled = std::make_shared<const re2::RE2>(piece(pattern), re2_options);
  if (!compiled->ok()) return Error(describe(*compiled, pattern));
  return Regex(std::move(compiled));
}

bool Regex::found_in(std::string_view text) const {
  return match(*compiled_, text, re2::RE2::UNANCHORED);
}

bool Regex::starts(std::string_view text) const {
  return match(*compiled_, text, re2::RE2::ANCHOR_START);
}

bool Regex::matches_all(std::string_view text) const {
  return match(*compiled_, text, re2::RE2::ANCHOR_BOTH);
}

bool Regex::search(std::string_view text, std::span<std::string_view> groups) const {
  // Few patterns have more groups than fit here; those pay for an allocation.
  std::array<re2::StringPiece, 16> few;
  std::vector<re2::StringPiece> many;
  re2::StringPiece* found = few.data();
  if (groups.size() > few.size()) {
    many.resize(groups.size());
    found = many.data();
  }
  if (!compiled_->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, found,
                        static_cast<int>(groups.size()))) {
    return false;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = {found[i].data(), found[i].size()};
  }
  return true;
}

int Regex::group_count() const { return compiled_->NumberOfCapturingGroups(); }

const std::string& Regex::pattern() const { return compiled_->pattern(); }

}  // namespace logbraid
