#include "core/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace logbraid {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

unsigned hex4(const char* at) {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i) value = value * 16 + static_cast<unsigned>(hex_digit(at[i]));
  return value;
}

std::size_t encode_utf8(unsigned code, char* to) {
  if (code < 0x80) {
    to[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    to[0] = static_cast<char>(0xC0 | (code >> 6));
    to[1] = static_cast<char>(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    to[0] = static_cast<char>(0xE0 | (code >> 12));
    to[1] = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    to[2] = static_cast<char>(0x80 | (code & 0x3F));
    return 3;
  }
  to[0] = static_cast<char>(0xF0 | (code >> 18));
  to[1] = static_cast<char>(0x80 | ((code >> 12) & 0x3F));
  to[2] = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  to[3] = static_cast<char>(0x80 | (code & 0x3F));
  return 4;
}

// Decodes the escape at `at` (which points at the backslash) into 1 to 4 bytes; moves `at` behind
// it.
std::size_t decode_escape(const char*& at, const char* end, char* to) {
  const char kind = at[1];
  at += 2;
  switch (kind) {
    case 'b':
      *to = '\b';
      return 1;
    case 'f':
      *to = '\f';
      return 1;
    case 'n':
      *to = '\n';
      return 1;
    case 'r':
      *to = '\r';
      return 1;
    case 't':
      *to = '\t';
      return 1;
    case 'u':
      break;
    default:
      *to = kind;
      return 1;
  }
  unsigned code = hex4(at);
  at += 4;
  if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    const unsigned low = hex4(at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      at += 6;
      return encode_utf8(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), to);
    }
  }
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  return encode_utf8(code, to);
}

// Length of the valid UTF-8 sequence at `at`, 0 if there is none. (Unicode 15, table 3-7.)
std::size_t utf8_length(const unsigned char* at, std::size_t left) {
  const unsigned char lead = at[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (left < length) return 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  if (at[1] < low || at[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

// `at` is behind the opening quote; gives the place of the closing one.
std::size_t string_end(std::string_view text, std::size_t at, bool& escaped) {
  while (at < text.size() && text[at] != '"') {
    if (text[at] == '\\') {
      escaped = true;
      ++at;
    }
    ++at;
  }
  return at;
}

// The end of the value that starts at `at`, in valid JSON.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  bool escaped = false;
  if (text[at] == '"') return string_end(text, at + 1, escaped) + 1;
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' &&
           !is_blank(text[at])) {
      ++at;
    }
    return at;
  }
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at + 1, escaped);
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

Value decode_number(std::string_view json) {
  const bool integral = json.find_first_of(".eE") == std::string_view::npos;
  if (integral && json != "-0") {
    std::int64_t value = 0;
    const char* end = json.data() + json.size();
    if (std::from_chars(json.data(), end, value).ec == std::errc()) return value;
    std::uint64_t large = 0;
    if (std::from_chars(json.data(), end, large).ec == std::errc()) return large;
  }
  return Value::number(json);
}

// 0: as it is; 'u': \u00XX; else the letter behind the backslash.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (int c = 0; c < 0x20; ++c) table[static_cast<std::size_t>(c)] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

// Moves `at` behind the digits; false where there is none.
bool pass_digits(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at != start;
}

}  // namespace

std::string_view unescape_json(std::string_view raw, Arena& arena) {
  if (raw.empty()) return raw;
  const void* first = std::memchr(raw.data(), '\\', raw.size());
  if (first == nullptr) return raw;
  char* const out = arena.allocate_array<char>(raw.size());  // an escape never grows
  const char* at = static_cast<const char*>(first);
  const char* const end = raw.data() + raw.size();
  auto size = static_cast<std::size_t>(at - raw.data());
  std::memcpy(out, raw.data(), size);
  while (at < end) {
    if (*at == '\\') {
      size += decode_escape(at, end, out + size);
    } else {
      out[size++] = *at++;
    }
  }
  return {out, size};
}

bool json_equals(std::string_view raw, std::string_view text) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  std::size_t matched = 0;
  while (at < end) {
    char bytes[4];
    std::size_t count = 1;
    if (*at == '\\') {
      count = decode_escape(at, end, bytes);
    } else {
      bytes[0] = *at++;
    }
    if (text.size() - matched < count || std::memcmp(text.data() + matched, bytes, count) != 0) {
      return false;
    }
    matched += count;
  }
  return matched == text.size();
}

namespace {

// Whether one of eight bytes needs an escape. (Bit Twiddling Hacks, "determine if a word has a byte
// less than n"; it may say yes for a clean word beside a dirty byte, never no for a dirty one.)
bool needs_escape(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const auto zeroes = [](std::uint64_t v) { return (v - kOnes) & ~v; };
  return ((((word - kOnes * 0x20) & ~word) | zeroes(word ^ (kOnes * '"')) |
           zeroes(word ^ (kOnes * '\\'))) &
          kHigh) != 0;
}

}  // namespace

namespace {

// An escape is at most six bytes: \u00XX.
constexpr std::size_t kLongestEscape = 6;
constexpr std::size_t kLongestNumber = 32;

// Copies text of up to two words that needs no escape; false where one does, or it is longer.
template <class Word>
bool copy_clean_ends(char* to, const char* text, std::size_t size) {
  if (size > 2 * sizeof(Word)) return false;
  Word first;
  Word last;
  std::memcpy(&first, text, sizeof(Word));
  std::memcpy(&last, text + size - sizeof(Word), sizeof(Word));
  std::uint64_t both = first;
  if constexpr (sizeof(Word) < sizeof both) {
    both |= std::uint64_t{last} << 32;
    if (needs_escape(both)) return false;
  } else {
    if (needs_escape(first) || needs_escape(last)) return false;
  }
  std::memcpy(to, &first, sizeof(Word));
  std::memcpy(to + size - sizeof(Word), &last, sizeof(Word));
  return true;
}

char* write_json_escaped(char* to, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  // Most strings are short and clean: done with two words that overlap.
  if (text.size() >= 8) {
    if (copy_clean_ends<std::uint64_t>(to, at, text.size())) return to + text.size();
  } else if (text.size() >= 4) {
    if (copy_clean_ends<std::uint32_t>(to, at, text.size())) return to + text.size();
  }
  while (at != end) {
    if (end - at >= static_cast<std::ptrdiff_t>(sizeof(std::uint64_t))) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      if (!needs_escape(word)) {
        std::memcpy(to, &word, sizeof word);
        at += sizeof word;
        to += sizeof word;
        continue;
      }
    }
    const char byte = *at++;
    const char escape = kEscapes[static_cast<unsigned char>(byte)];
    if (escape == 0) {
      *to++ = byte;
      continue;
    }
    *to++ = '\\';
    *to++ = escape;
    if (escape == 'u') {
      constexpr char kHex[] = "0123456789abcdef";
      *to++ = '0';
      *to++ = '0';
      *to++ = kHex[static_cast<unsigned char>(byte) >> 4];
      *to++ = kHex[static_cast<unsigned char>(byte) & 15];
    }
  }
  return to;
}

char* write_text(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* write_real(char* to, double real) {
  if (!std::isfinite(real)) return write_text(to, "null");
  char* const end = std::to_chars(to, to + kLongestNumber, real).ptr;
  // 3.0 stays a real for those who read it.
  const std::string_view digits(to, static_cast<std::size_t>(end - to));
  return digits.find_first_of(".e") == std::string_view::npos ? write_text(end, ".0") : end;
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::size_t kPiece = 80;
  char escaped[kPiece * kLongestEscape];
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    char* const end = write_json_escaped(escaped, text.substr(at, kPiece));
    out.append(escaped, end);
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

std::size_t json_bound(const Value& value) {
  const std::size_t bytes = value.text().size();
  if (value.is_string()) return bytes * kLongestEscape + 2;
  return bytes != 0 ? bytes : kLongestNumber;
}

char* write_json(char* to, const Value& value) {
  switch (value.kind()) {
    case ValueKind::absent:
    case ValueKind::null:
      return write_text(to, "null");
    case ValueKind::boolean:
      return write_text(to, *value.as_bool() ? "true" : "false");
    case ValueKind::int64:
      return std::to_chars(to, to + kLongestNumber, *value.as_int64()).ptr;
    case ValueKind::uint64:
      return std::to_chars(to, to + kLongestNumber, *value.as_uint64()).ptr;
    case ValueKind::real:
      if (const auto spelling = value.as_json()) return write_text(to, *spelling);
      return write_real(to, *value.as_double());
    case ValueKind::string:
      *to++ = '"';
      to = write_json_escaped(to, value.text());
      *to++ = '"';
      return to;
    case ValueKind::object:
    case ValueKind::array:
      return write_text(to, value.text());
  }
  return to;
}

void append_json(std::string& out, const Value& value) {
  if (value.is_string()) {
    append_json_string(out, value.text());
  } else if (!value.text().empty()) {
    out += value.text();
  } else {
    char spelled[kLongestNumber];
    out.append(spelled, write_json(spelled, value));
  }
}

std::size_t valid_utf8_prefix(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(bytes + at, text.size() - at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

void append_valid_utf8(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t valid = valid_utf8_prefix(text);
    out += text.substr(0, valid);
    if (valid == text.size()) return;
    out += kReplacement;
    text.remove_prefix(valid + 1);
  }
}

Value decode(const Field& field, Arena& arena) {
  switch (field.token) {
    case Token::null:
      return nullptr;
    case Token::boolean:
      return field.raw[0] == 't';
    case Token::number:
      return decode_number(field.raw_text());
    case Token::string:
      return field.raw_escaped ? unescape_json(field.raw_text(), arena) : field.raw_text();
    case Token::object:
      return Value::object(field.raw_text());
    case Token::array:
      return Value::array(field.raw_text());
    case Token::text:
      return field.raw_text();
  }
  return {};
}

Value decode_json(std::string_view json, Arena& arena) {
  switch (json.front()) {
    case 'n':
      return nullptr;
    case 't':
      return true;
    case 'f':
      return false;
    case '"':
      return unescape_json(json.substr(1, json.size() - 2), arena);
    case '{':
      return Value::object(json);
    case '[':
      return Value::array(json);
    default:
      return decode_number(json);
  }
}

bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = at;
  if (!pass_digits(text, at) || (text[whole] == '0' && at - whole > 1)) return false;
  if (at < text.size() && text[at] == '.' && !pass_digits(text, ++at)) return false;
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!pass_digits(text, at)) return false;
  }
  return at == text.size();
}

bool ObjectWalk::next() {
  at_ = skip_blanks(text_, at_ == 0 ? 1 : at_);
  if (text_[at_] == ',') at_ = skip_blanks(text_, at_ + 1);
  if (text_[at_] == '}') return false;
  key_begin_ = at_;
  key_escaped_ = false;
  const std::size_t key_end = string_end(text_, at_ + 1, key_escaped_);
  key_ = text_.substr(key_begin_ + 1, key_end - key_begin_ - 1);
  value_begin_ = skip_blanks(text_, skip_blanks(text_, key_end + 1) + 1);
  at_ = end_of_value(text_, value_begin_);
  value_ = text_.substr(value_begin_, at_ - value_begin_);
  return true;
}

bool ObjectWalk::key_is(std::string_view key) const {
  return key_escaped_ ? json_equals(key_, key) : key_ == key;
}

bool ArrayWalk::next() {
  at_ = skip_blanks(text_, at_ == 0 ? 1 : at_);
  if (text_[at_] == ',') at_ = skip_blanks(text_, at_ + 1);
  if (text_[at_] == ']') return false;
  const std::size_t begin = at_;
  at_ = end_of_value(text_, begin);
  value_ = text_.substr(begin, at_ - begin);
  return true;
}

}  // namespace logbraid
