#include "clients/postgres_values.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/json_text.h"

namespace logbraid {

using namespace postgres_type;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_canonical_integer(std::string_view key) {
  if (key == "0") return true;
  if (key.starts_with('-')) key.remove_prefix(1);
  return !key.empty() && key.front() != '0' && std::ranges::all_of(key, is_digit);
}

// 8-4-4-4-12, small letters.
bool is_canonical_uuid(std::string_view key) {
  constexpr std::size_t kSize = 36;
  if (key.size() != kSize) return false;
  for (std::size_t i = 0; i < kSize; ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? key[i] != '-' : !is_digit(key[i]) && (key[i] < 'a' || key[i] > 'f')) return false;
  }
  return true;
}

}  // namespace

Value PostgresValues::value(unsigned type, std::string_view bytes) {
  switch (type) {
    case kBool:
      if (bytes == "t") return true;
      if (bytes == "f") return false;
      break;
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
      if (error == std::errc() && end == bytes.data() + bytes.size()) return number;
      break;
    }
    case kFloat4:
    case kFloat8:
    case kNumeric:
      if (is_json_number(bytes)) return Value::number(bytes);
      break;
    case kJson:
    case kJsonb:
      return json(bytes);
    default:
      break;
  }
  return text(bytes);
}

// A database in SQL_ASCII sends bytes as they came.
Value PostgresValues::text(std::string_view bytes) {
  if (valid_utf8_prefix(bytes) == bytes.size()) return bytes;
  valid_.clear();
  append_valid_utf8(valid_, bytes);
  return std::string_view(valid_);
}

Value PostgresValues::json(std::string_view bytes) {
  if (!document_) document_.emplace();
  if (!document_->read(bytes)) return text(bytes);
  arena_.reset();
  return decode_json(document_->json(), arena_);
}

void begin_postgres_array(std::string& out) { out += '{'; }

void append_postgres_element(std::string& out, std::string_view text) {
  out += out.back() == '{' ? "\"" : ",\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void end_postgres_array(std::string& out) { out += '}'; }

bool is_spelled_like(unsigned type, std::string_view key) {
  switch (type) {
    case kText:
    case kVarchar:
    case kName:
      return true;
    case kInt2:
    case kInt4:
    case kInt8:
      return is_canonical_integer(key);
    case kUuid:
      return is_canonical_uuid(key);
    default:
      return false;
  }
}

}  // namespace logbraid
