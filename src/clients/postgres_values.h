#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "format/json_document.h"
#include "logbraid/arena.h"
#include "logbraid/value.h"

namespace logbraid {

// The types that become more than text; their numbers are fixed in PostgreSQL's catalogue.
namespace postgres_type {
inline constexpr unsigned kBool = 16;
inline constexpr unsigned kName = 19;
inline constexpr unsigned kInt8 = 20;
inline constexpr unsigned kInt2 = 21;
inline constexpr unsigned kInt4 = 23;
inline constexpr unsigned kText = 25;
inline constexpr unsigned kOid = 26;
inline constexpr unsigned kJson = 114;
inline constexpr unsigned kFloat4 = 700;
inline constexpr unsigned kFloat8 = 701;
inline constexpr unsigned kVarchar = 1043;
inline constexpr unsigned kNumeric = 1700;
inline constexpr unsigned kUuid = 2950;
inline constexpr unsigned kJsonb = 3802;
}  // namespace postgres_type

// Makes values of what PostgreSQL writes as text: bool, integers, floats, json and jsonb as what
// they are, numeric with its spelling; what JSON cannot spell (NaN), and every other type, as text.
//
// Threads: one.
class PostgresValues {
 public:
  // A view of `text`, or valid until the next call.
  Value value(unsigned type, std::string_view text);

 private:
  Value text(std::string_view bytes);
  Value json(std::string_view text);

  std::optional<JsonDocument> document_;  // large: made when first needed
  Arena arena_;
  std::string valid_;
};

// Appends an array of the texts, as a literal that is the value of a parameter: {"a","b\"c"}.
void begin_postgres_array(std::string& out);
void append_postgres_element(std::string& out, std::string_view text);
void end_postgres_array(std::string& out);

// Whether a value of that type that equals `key` is written as `key` is: not so for 007, which is
// an integer written 7.
bool is_spelled_like(unsigned type, std::string_view key);

}  // namespace logbraid
