#include "format/json_walk.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/json_text.h"
#include "format/lines.h"

namespace logbraid {
namespace {

constexpr const char* kEndsEarly = "the line ends within the object";

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

bool is_hex_digit(char c) {
  return is_digit(c) || static_cast<unsigned char>((c | 0x20) - 'a') < 6;
}

// Moves `at` behind a number, or to the byte that breaks its grammar: then it is false.
bool pass_number(const char*& at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    if (!is_digit(*at)) return false;
    while (is_digit(*at)) ++at;
  }
  if (*at == '.') {
    ++at;
    if (!is_digit(*at)) return false;
    while (is_digit(*at)) ++at;
  }
  if ((*at | 0x20) == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return false;
    while (is_digit(*at)) ++at;
  }
  return true;
}

// The same for the last thing in a text, which may end within the number: the padding behind it may
// begin with any number of digits.
[[gnu::noinline, gnu::cold]] bool pass_last_number(const char*& at, const char* text_end) {
  const std::string rest(at, text_end);  // ends in a NUL
  const char* place = rest.c_str();
  const bool passed = pass_number(place);
  at += place - rest.c_str();
  return passed;
}

// `next` is the place of the index behind a string's: only blanks stand between the closing quote
// and it.
const char* closing_quote(const char* next) {
  do {
    --next;
  } while (*next != '"');
  return next;
}

}  // namespace

void JsonWalk::start(std::string_view text, StructuralIndex& index) {
  text_ = text.data();
  text_end_ = text_ + text.size();
  at_ = index.begin();
  last_ = index.end();
  backslash_ = text_;
  // A walk that runs past the last index must come to a halt. An opening brace does that when it
  // is met twice: the second cannot be a key. Without one no walk ever begins.
  const auto brace =
      std::find_if(at_, last_, [this](std::uint32_t offset) { return text_[offset] == '{'; });
  if (brace != last_) index.guard(*brace);
}

void JsonWalk::skip_to(const char* place) {
  at_ = std::lower_bound(at_, last_, static_cast<std::uint32_t>(place - text_));
}

std::nullptr_t JsonWalk::fail(Index where, const char* why) {
  return fail_at(where < last_ ? text_ + *where : line_end_, why);
}

std::nullptr_t JsonWalk::fail_at(const char* where, const char* why) {
  error_at_ = std::min(where, line_end_);
  error_ = where < line_end_ ? why : kEndsEarly;
  return nullptr;
}

bool JsonWalk::object(const char* line_end, Arena& arena) {
  line_end_ = line_end;
  const char* const open = text_ + *at_;
  if (*open != '{') return fail(at_, "expected '{': a line is one JSON object"), false;
  if (backslash_ <= open) {
    const void* found = std::memchr(open, '\\', static_cast<std::size_t>(text_end_ - open));
    backslash_ = found == nullptr ? text_end_ : static_cast<const char*>(found);
  }
  const auto [close, at] = members(at_ + 1, arena);
  if (close == nullptr) return false;
  // Members were read without a look at the line's end. Brackets that close behind it belong to
  // other lines.
  if (close >= line_end) return fail_at(close, kEndsEarly), false;
  if (at != last_ && text_ + *at < line_end) {
    return fail(at, "expected nothing more behind the object"), false;
  }
  at_ = at;
  json_ = {open, static_cast<std::size_t>(close + 1 - open)};
  return true;
}

// All behind '{'; gives the place of the closing '}'.
JsonWalk::Passed JsonWalk::members(Index at, Arena& arena) {
  // Kept here, not in this object: a field that is stored might for all the compiler knows change
  // what stands there.
  const char* const text = text_;
  std::uint32_t size = 0;
  std::uint64_t key_mask = 0;
  const auto passed = [&](const char* close) {
    size_ = size;
    key_mask_ = key_mask;
    return Passed{close, at};
  };

  const char* place = text + *at++;
  if (*place == '}') return passed(place);
  for (;;) {
    if (*place != '"') return fail(at - 1, "expected a key in quotes");
    const char* const colon = text + *at++;
    if (*colon != ':') return fail(at - 1, "expected ':'");
    if (size == Reader::kMaxFields) return fail(at - 2, "more than 4096 members");
    Field& field = fields_[size];
    const char* const key = place + 1;
    const char* const key_end = closing_quote(colon);
    field.key = key;
    field.key_size = static_cast<std::uint32_t>(key_end - key);
    field.key_escaped = backslash_ < key_end;
    std::string_view name = field.key_text();
    if (field.key_escaped) [[unlikely]] {
      if (!escapes(key_end, colon)) return nullptr;
      name = unescape_json(name, arena);
    }
    const std::uint8_t tag = key_tag(name);
    key_tags_[size++] = tag;
    key_mask |= key_bit_of_tag(tag);

    const char* value = text + *at++;
    field.raw_escaped = false;
    const char* end;
    switch (*value) {
      case '"': {
        // The guard's brace is neither ',' nor '}': it never gets as far as closing_quote().
        const char* const next = text + *at;
        if (*next != ',' && *next != '}') return fail(at, "expected ',' or '}'");
        end = closing_quote(next);
        ++value;
        field.token = Token::string;
        field.raw_escaped = backslash_ < end;
        if (field.raw_escaped && !escapes(end, next)) return nullptr;
        break;
      }
      case '{':
      case '[':
        field.token = *value == '{' ? Token::object : Token::array;
        if (const Passed inner = container(at); inner.place != nullptr) {
          end = inner.place + 1;
          at = inner.behind;
          break;
        }
        return nullptr;
      default:
        end = scalar(value, at);
        if (end == nullptr) return nullptr;
        field.token = *value == 'n'                    ? Token::null
                      : *value == 't' || *value == 'f' ? Token::boolean
                                                       : Token::number;
    }
    field.raw = value;
    field.raw_size = static_cast<std::uint32_t>(end - value);

    place = text + *at++;
    if (*place == '}') return passed(place);
    if (*place != ',') return fail(at - 1, "expected ',' or '}'");
    place = text + *at++;
  }
}

// Checks the object or array whose opening bracket is at[-1]; gives the place of its closing one.
JsonWalk::Passed JsonWalk::container(Index at) {
  const char* const text = text_;
  std::uint64_t objects = 0;  // one bit a level, the innermost lowest: an object, not an array
  std::uint32_t depth = 1;    // the event itself
  const char* place = text + at[-1];

open:
  // Lines that open brackets and never close them must not make each walk run through all lines
  // that follow.
  if (place >= line_end_) return fail_at(place, kEndsEarly);
  if (++depth > Reader::kMaxDepth) return fail(at - 1, "nested deeper than 64 levels");
  objects = objects << 1 | (*place == '{' ? 1 : 0);
  place = text + *at++;
  if (objects & 1) {
    if (*place == '}') goto close;
    goto key;
  }
  if (*place == ']') goto close;
  goto value;

key:
  if (*place != '"') return fail(at - 1, "expected a key in quotes");
  place = text + *at++;
  if (*place != ':') return fail(at - 1, "expected ':'");
  if (backslash_ < place && !escapes(closing_quote(place), place)) return nullptr;
  place = text + *at++;

value:
  switch (*place) {
    case '"':
      place = text + *at++;
      if (*place != ',' && *place != '}' && *place != ']') {
        return fail(at - 1, "expected ',' or a closing bracket");
      }
      if (backslash_ < place && !escapes(closing_quote(place), place)) return nullptr;
      goto separator;
    case '{':
    case '[':
      goto open;
    default:
      if (scalar(place, at) == nullptr) return nullptr;
  }

next:
  place = text + *at++;

separator:
  if (*place == ',') {
    place = text + *at++;
    if (objects & 1) goto key;
    goto value;
  }
  if (*place != (objects & 1 ? '}' : ']')) {
    return fail(at - 1, objects & 1 ? "expected ',' or '}'" : "expected ',' or ']'");
  }

close:
  objects >>= 1;
  if (--depth == 1) return {place, at};
  goto next;
}

// The end of a number or literal, null where it is none; `next` is the index behind it.
const char* JsonWalk::scalar(const char* value, Index next) {
  // Text has padding behind it that may be read, see Batch::kPadding; what stands there is
  // anything.
  const auto is_literal = [&](std::string_view literal) {
    return std::memcmp(value, literal.data(), literal.size()) == 0 &&
           value + literal.size() <= text_end_;
  };
  const char* end = value;
  switch (*value) {
    case 't':
      if (!is_literal("true")) return fail_at(value, "expected a value");
      end += 4;
      break;
    case 'f':
      if (!is_literal("false")) return fail_at(value, "expected a value");
      end += 5;
      break;
    case 'n':
      if (!is_literal("null")) return fail_at(value, "expected a value");
      end += 4;
      break;
    default:
      if (!is_digit(*value) && *value != '-') return fail_at(value, "expected a value");
      if (next == last_) [[unlikely]] {
        if (!pass_last_number(end, text_end_)) return fail_at(end, "expected a digit");
      } else if (!pass_number(end)) {
        return fail_at(end, "expected a digit");
      }
  }
  // What is glued to a number or a literal has no index of its own.
  if (end != text_ + *next && !is_blank(*end)) {
    return fail_at(end, "expected ',' or a closing bracket");
  }
  return end;
}

// Checks the escapes from backslash_ to the end of the string, and moves backslash_ on. `next` is
// the place of the index behind the string: on another line this one ends early, as it would for
// want of an index if it were the last.
bool JsonWalk::escapes(const char* string_end, const char* next) {
  if (next >= line_end_) return fail_at(next, kEndsEarly), false;
  const char* at = backslash_;
  while (at < string_end) {
    std::size_t size = 2;
    switch (at[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        break;
      case 'u':
        size = 6;
        for (int i = 2; i < 6; ++i) {
          if (!is_hex_digit(at[i])) {
            return fail_at(at, "expected four hexadecimal digits behind \\u"), false;
          }
        }
        break;
      default:
        return fail_at(at, "no such escape"), false;
    }
    at += size;
    const void* found = std::memchr(at, '\\', static_cast<std::size_t>(text_end_ - at));
    at = found == nullptr ? text_end_ : static_cast<const char*>(found);
  }
  backslash_ = at;
  return true;
}

}  // namespace logbraid
