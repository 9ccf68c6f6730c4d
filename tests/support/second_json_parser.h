// What another JSON parser (RapidJSON; Debian package rapidjson-dev) makes of a line, in the terms
// of our reader, for tests that compare the two.
#pragma once

// Its stack adds to a null pointer before it first grows, which the sanitizers report.
#define RAPIDJSON_FORCEINLINE __attribute__((no_sanitize("pointer-overflow")))
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <string>
#include <string_view>
#include <vector>

#include "format/reader.h"

namespace logbraid::test {

enum class SecondOpinion { valid, invalid, none };

struct SecondReading {
  struct Member {
    std::string key;  // decoded
    Token token;
    std::string text;  // of a string: decoded; of a number: as it is spelled; else empty
  };
  SecondOpinion opinion = SecondOpinion::none;
  std::vector<Member> members;
};

namespace internal {

// Hears of each token; keeps what stands right in the event, and enforces our limits.
class MemberHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, MemberHandler> {
 public:
  explicit MemberHandler(std::vector<SecondReading::Member>& members) : members_(members) {}

  bool Null() { return value(Token::null, {}); }
  bool Bool(bool) { return value(Token::boolean, {}); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return value(Token::number, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return value(Token::string, {text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1) key_.assign(text, size);
    return true;
  }
  bool StartObject() { return start(Token::object); }
  bool StartArray() { return start(Token::array); }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool EndArray(rapidjson::SizeType) { return end(); }

 private:
  bool value(Token token, std::string_view text) {
    if (depth_ == 0) return false;  // not an object
    if (depth_ == 1) members_.push_back({key_, token, std::string(text)});
    return members_.size() <= Reader::kMaxFields;
  }
  bool start(Token token) {
    if (depth_ == 0) return token == Token::object && ++depth_ != 0;
    return value(token, {}) && ++depth_ <= Reader::kMaxDepth;
  }
  bool end() {
    --depth_;
    return true;
  }

  std::vector<SecondReading::Member>& members_;
  std::string key_;
  std::uint32_t depth_ = 0;
};

// RapidJSON refuses lone surrogates, which RFC 8259 allows; U+FFFD is what decoding makes of them.
inline std::string without_lone_surrogates(std::string line) {
  const auto surrogate = [&](std::size_t at, std::string_view third) {
    return at + 6 <= line.size() && line[at] == '\\' && line[at + 1] == 'u' &&
           (line[at + 2] | 0x20) == 'd' && third.find(line[at + 3]) != third.npos &&
           std::string_view("0123456789abcdefABCDEF").find(line[at + 4]) != third.npos &&
           std::string_view("0123456789abcdefABCDEF").find(line[at + 5]) != third.npos;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') continue;
    const bool high = surrogate(i, "89abAB");
    const bool low = surrogate(i, "cdefCDEF");
    if (high && surrogate(i + 6, "cdefCDEF")) {
      i += 11;
    } else if (high || low) {
      line.replace(i + 2, 4, "fffd");
      i += 5;
    } else {
      ++i;
    }
  }
  return line;
}

}  // namespace internal

inline SecondReading read_with_second_parser(std::string_view line) {
  const std::string text = internal::without_lone_surrogates(std::string(line));
  SecondReading reading;
  internal::MemberHandler handler(reading.members);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result =
      reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                   rapidjson::kParseNumbersAsStringsFlag>(stream, handler);
  // It refuses 1e400, and takes a NUL byte for the end of its input.
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) return reading;
  reading.opinion = !result.IsError() && stream.Tell() == text.size() ? SecondOpinion::valid
                                                                      : SecondOpinion::invalid;
  return reading;
}

}  // namespace logbraid::test
