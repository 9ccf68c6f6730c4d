#include "format/combined_reader.h"

#include <array>
#include <cstring>

#include "format/lines.h"
#include "format/structural_index.h"

namespace logbraid {
namespace {

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Two digits as a number; they have been checked.
int two_digits(const char* at) { return (at[0] - '0') * 10 + (at[1] - '0'); }

// The month of "Jan" to "Dec", 0 for anything else.
int month_of(const char* name) {
  static constexpr char kNames[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (int month = 0; month < 12; ++month) {
    if (std::memcmp(kNames + 3 * month, name, 3) == 0) return month + 1;
  }
  return 0;
}

int days_in(int month, int year) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

constexpr std::string_view kTimeLayout = "dd/Mmm/yyyy:hh:mm:ss +hhmm";
constexpr std::size_t kTimestampSize = 25;  // yyyy-mm-ddThh:mm:ss+hh:mm

// Writes the time of a log line by RFC 3339; false where it is no such time.
bool to_timestamp(std::string_view time, char* out) {
  if (time.size() != kTimeLayout.size()) return false;
  const char* const at = time.data();
  for (std::size_t i = 0; i < time.size(); ++i) {
    switch (kTimeLayout[i]) {
      case 'd':
      case 'y':
      case 'h':
      case 'm':
      case 's':
        if (i >= 3 && i < 6) break;  // the month's name
        if (!is_digit(at[i])) return false;
        break;
      case '+':
        if (at[i] != '+' && at[i] != '-') return false;
        break;
      case 'M':
        break;
      default:
        if (at[i] != kTimeLayout[i]) return false;
    }
  }
  const int year = two_digits(at + 7) * 100 + two_digits(at + 9);
  const int month = month_of(at + 3);
  const int day = two_digits(at);
  if (month == 0 || day == 0 || day > days_in(month, year)) return false;
  constexpr int kLeapSecond = 60;
  if (two_digits(at + 12) > 23 || two_digits(at + 15) > 59 || two_digits(at + 18) > kLeapSecond ||
      two_digits(at + 22) > 23 || two_digits(at + 24) > 59) {
    return false;
  }
  std::memcpy(out, at + 7, 4);
  out[4] = '-';
  out[5] = static_cast<char>('0' + month / 10);
  out[6] = static_cast<char>('0' + month % 10);
  out[7] = '-';
  std::memcpy(out + 8, at, 2);
  out[10] = 'T';
  std::memcpy(out + 11, at + 12, 8);
  std::memcpy(out + 19, at + 21, 3);
  out[22] = ':';
  std::memcpy(out + 23, at + 24, 2);
  return true;
}

// \" and \\ decoded, all else as it is. `text` has no backslash at its end but in such a pair.
std::string_view unescape(std::string_view text, Arena& arena) {
  const std::size_t first = text.find('\\');
  if (first == std::string_view::npos) return text;
  char* const out = arena.allocate_array<char>(text.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    out[size++] = text[i];
  }
  return {out, size};
}

// One line, read column by column. Each function leaves `at_` behind its column and the blank that
// follows, or notes the first error; after an error the others do nothing.
class CombinedLine {
 public:
  CombinedLine(std::string_view line, Arena& arena)
      : begin_(line.data()), at_(begin_), end_(begin_ + line.size()), arena_(arena) {}

  bool read() {
    column("client_ip", word("expected the client's address"));
    column("ident", word("expected the identity"));
    column("user", user());
    time();
    request(quoted("expected the request in quotes"));
    number("status", "expected the status");
    number("bytes", "expected the number of bytes");
    if (at_ != end_) {
      column("referer", quoted("expected the referer in quotes"));
      column("user_agent", quoted("expected the user agent in quotes"));
      rest();
    }
    return error_ == nullptr;
  }

  Event event() {
    Field* const fields = arena_.allocate_array<Field>(size_);
    std::memcpy(fields, fields_.data(), size_ * sizeof(Field));
    return Event({fields, size_}, key_mask_, {});
  }
  std::size_t error_offset() const { return static_cast<std::size_t>(error_at_ - begin_); }
  const char* error() const { return error_; }

 private:
  void fail(const char* where, const char* why) {
    if (error_ != nullptr) return;
    error_at_ = where;
    error_ = why;
  }

  // A column; what is not known is left out.
  void column(std::string_view key, std::string_view text) {
    if (text != "-") add(key, text);
  }

  void add(std::string_view key, std::string_view text, Token token = Token::text) {
    if (error_ != nullptr) return;
    fields_[size_++] = {key.data(),
                        text.data(),
                        static_cast<std::uint32_t>(key.size()),
                        static_cast<std::uint32_t>(text.size()),
                        token,
                        false,
                        false};
    key_mask_ |= key_bit(key);
  }

  // Passes the blank between two columns; the last one has none.
  void separator() {
    if (at_ == end_) return;
    if (*at_ != ' ') return fail(at_, "expected a blank between two columns");
    ++at_;
  }

  std::string_view word(const char* expected) {
    if (error_ != nullptr) return {};
    const char* const start = at_;
    while (at_ != end_ && *at_ != ' ') ++at_;
    if (at_ == start) fail(start, expected);
    const std::string_view found(start, static_cast<std::size_t>(at_ - start));
    separator();
    return found;
  }

  // Names of users may have blanks in them: all up to the bracket of the time.
  std::string_view user() {
    if (error_ != nullptr) return {};
    const std::string_view left(at_, static_cast<std::size_t>(end_ - at_));
    const std::size_t size = left.find(" [");
    if (size == 0 || size == std::string_view::npos) {
      fail(at_, "expected the user, and the time in brackets");
      return {};
    }
    at_ += size + 1;
    return left.substr(0, size);
  }

  void time() {
    if (error_ != nullptr) return;
    const char* const start = at_ + 1;  // behind the bracket that user() has found
    const void* const bracket = std::memchr(start, ']', static_cast<std::size_t>(end_ - start));
    const char* const stop = static_cast<const char*>(bracket);
    char* const timestamp = arena_.allocate_array<char>(kTimestampSize);
    const auto text = [&] {
      return std::string_view(start, static_cast<std::size_t>(stop - start));
    };
    if (bracket == nullptr || !to_timestamp(text(), timestamp)) {
      return fail(start, "expected a time like 17/May/2015:10:05:03 +0000");
    }
    at_ = stop + 1;
    separator();
    add("time", text());
    add("timestamp", {timestamp, kTimestampSize});
  }

  std::string_view quoted(const char* expected) {
    if (error_ != nullptr) return {};
    if (at_ == end_ || *at_ != '"') {
      fail(at_, expected);
      return {};
    }
    const char* const start = ++at_;
    while (at_ < end_ && *at_ != '"') at_ += *at_ == '\\' ? 2 : 1;
    if (at_ >= end_) {
      fail(start - 1, "a quoted column without closing quote");
      return {};
    }
    const std::string_view found(start, static_cast<std::size_t>(at_ - start));
    ++at_;
    separator();
    return unescape(found, arena_);
  }

  void request(std::string_view line) {
    const std::size_t method = line.find(' ');
    const std::size_t path = line.rfind(' ');
    const bool three_parts = method != std::string_view::npos && method != 0 && path > method + 1 &&
                             line.find(' ', method + 1) == path &&
                             line.substr(path + 1).starts_with("HTTP/");
    if (!three_parts) return column("request", line);
    add("method", line.substr(0, method));
    add("path", line.substr(method + 1, path - method - 1));
    add("protocol", line.substr(path + 1));
  }

  void number(std::string_view key, const char* expected) {
    std::string_view digits = word(expected);
    if (digits == "-") return;
    for (const char& c : digits) {
      if (!is_digit(c)) return fail(&c, expected);
    }
    // nginx writes 000 and 009 where no reply was sent; JSON has no such numbers.
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    add(key, digits, Token::number);
  }

  void rest() {
    if (error_ != nullptr || at_ == end_) return;
    const char* const start = at_;
    if (*start == '"') {
      const std::string_view address = quoted("");
      if (error_ == nullptr && at_ == end_) return column("forwarded_for", address);
      error_ = nullptr;  // it is not that; columns nobody knows are not checked
    }
    add("extra", {start, static_cast<std::size_t>(end_ - start)});
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  Arena& arena_;

  std::uint32_t size_ = 0;
  std::uint64_t key_mask_ = 0;
  const char* error_at_ = nullptr;
  const char* error_ = nullptr;
  std::array<Field, 13> fields_;
};

}  // namespace

void CombinedReader::read(Batch& batch) {
  const std::string_view text = text_behind_bom(batch);
  const bool all_utf8 = is_utf8(text);
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (is_blank_line(line)) continue;
    if (line.size() > kMaxLine) {
      add_too_long(batch, line);
      continue;
    }
    if (!all_utf8 && !is_utf8(line)) {
      add_not_utf8(batch, line);
      continue;
    }
    CombinedLine columns(line, batch.arena());
    if (columns.read()) {
      batch.records().push_back({columns.event(), line, {}});
    } else {
      add_malformed_at(batch, line, columns.error_offset(), columns.error());
    }
  }
}

}  // namespace logbraid
