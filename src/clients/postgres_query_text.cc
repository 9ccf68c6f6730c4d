#include "clients/postgres_query_text.h"

#include <algorithm>
#include <string>

namespace logbraid {
namespace {

constexpr std::size_t kMostParameters = 65535;  // the protocol counts them in 16 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class Lexer {
 public:
  explicit Lexer(std::string_view query) : text_(query) {}

  PostgresParameters read() {
    while (at_ < text_.size()) step();
    return found_;
  }

 private:
  bool see(std::string_view text) const { return text_.substr(at_).starts_with(text); }

  void step() {
    const char c = text_[at_];
    if (c == '\'' || c == '"') {
      quoted(c, false);
    } else if (see("--")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (see("/*")) {
      comment();
    } else if (c == '$') {
      dollar();
    } else if (is_word(c)) {
      word();
    } else {
      if (!is_blank(c)) any_ = c == '(' && after_any_ ? Any::open : Any::no;
      after_any_ = after_any_ && is_blank(c);
      ++at_;
    }
  }

  // A doubled quote ends one text and begins the next: all the same here.
  void quoted(char quote, bool escapes) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (escapes && text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
    other();
  }

  void comment() {  // they nest
    std::size_t depth = 0;
    do {
      if (see("/*")) {
        ++depth;
        ++at_;
      } else if (see("*/")) {
        --depth;
        ++at_;
      }
      ++at_;
    } while (depth > 0 && at_ < text_.size());
  }

  void word() {
    const std::size_t start = at_;
    // A $ within a word is a part of it.
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '$')) ++at_;
    std::string word(text_.substr(start, at_ - start));
    for (char& c : word) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    other();
    if (word == "e" && see("'")) return quoted('\'', true);
    after_any_ = word == "any" || word == "some";
  }

  void dollar() {
    std::size_t end = at_ + 1;
    if (end < text_.size() && is_digit(text_[end])) {
      std::size_t number = 0;
      for (; end < text_.size() && is_digit(text_[end]); ++end) {
        number =
            std::min(number * 10 + static_cast<std::size_t>(text_[end] - '0'), kMostParameters + 1);
      }
      found_.most = std::max(found_.most, number);
      if (number == 1 && any_ == Any::open) found_.any_of_1 = true;
      at_ = end;
      return other();
    }
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == text_.size() || text_[end] != '$') {
      ++at_;
      return other();
    }
    const std::string_view tag = text_.substr(at_, end + 1 - at_);  // $$ or $tag$
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
    other();
  }

  void other() {
    any_ = Any::no;
    after_any_ = false;
  }

  enum class Any : unsigned char { no, open };

  std::string_view text_;
  std::size_t at_ = 0;
  bool after_any_ = false;  // `any` was the last word, and only blanks since
  Any any_ = Any::no;       // `any (`
  PostgresParameters found_;
};

}  // namespace

PostgresParameters postgres_parameters(std::string_view query) { return Lexer(query).read(); }

}  // namespace logbraid
