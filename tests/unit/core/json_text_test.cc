#include "core/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace logbraid {
namespace {

struct Case {
  std::string name;
  std::string input;
  std::string expected;
};

const std::string kUnknown = "\xEF\xBF\xBD";  // U+FFFD

const std::vector<Case> kStrings = {
    {"empty", "", ""},
    {"plain", "hello", "hello"},
    {"not ASCII", "gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"},
    {"each short escape", R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
    {"escape first and last", R"(\na\n)", "\na\n"},
    {"one byte", R"(\u0041\u007f)", "A\x7F"},
    {"NUL", R"(a\u0000b)", std::string("a\0b", 3)},
    {"two bytes", R"(\u00e9\u00E9\u07ff)", "\xC3\xA9\xC3\xA9\xDF\xBF"},
    {"three bytes", R"(\u20ac\uffff)", "\xE2\x82\xAC\xEF\xBF\xBF"},
    {"pair", R"(\ud83d\ude00\uDBFF\uDFFF)", "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"},
    {"lone high at the end", R"(x\ud800)", "x" + kUnknown},
    {"lone high before text", R"(\ud800abcdef)", kUnknown + "abcdef"},
    {"lone high before an escape", R"(\ud800\n)", kUnknown + "\n"},
    {"lone high before another character", R"(\ud800\u0041)", kUnknown + "A"},
    {"two high", R"(\ud800\ud83d\ude00)", kUnknown + "\xF0\x9F\x98\x80"},
    {"lone low", R"(\udc00\ud800)", kUnknown + kUnknown},
    {"backslash before u", R"(\\u0041)", "\\u0041"},
};

TEST(JsonText, unescapes_strings) {
  Arena arena;
  for (const Case& c : kStrings) {
    EXPECT_EQ(unescape_json(c.input, arena), c.expected) << c.name;
  }
  EXPECT_EQ(unescape_json({}, arena), "");
}

TEST(JsonText, takes_no_memory_for_a_string_without_escapes) {
  Arena arena;
  const std::string_view raw = "hello";
  EXPECT_EQ(unescape_json(raw, arena).data(), raw.data());
  EXPECT_EQ(arena.capacity(), 0u);
}

TEST(JsonText, compares_strings_as_they_are_decoded) {
  for (const Case& c : kStrings) {
    EXPECT_TRUE(json_equals(c.input, c.expected)) << c.name;
    EXPECT_FALSE(json_equals(c.input, c.expected + "x")) << c.name;
    EXPECT_FALSE(json_equals(c.input + "x", c.expected)) << c.name;
    EXPECT_FALSE(json_equals("x" + c.input, c.expected)) << c.name;
    if (!c.expected.empty()) {
      EXPECT_FALSE(json_equals(c.input, c.expected.substr(0, c.expected.size() - 1))) << c.name;
      std::string changed = c.expected;
      changed.back() = static_cast<char>(changed.back() ^ 1);
      EXPECT_FALSE(json_equals(c.input, changed)) << c.name;
    }
  }
}

TEST(JsonText, escapes_what_json_demands_and_nothing_else) {
  const std::vector<Case> cases = {
      {"empty", "", ""},
      {"plain", "a/b'<>&", "a/b'<>&"},
      {"short escapes", "\"\\\b\f\n\r\t", R"(\"\\\b\f\n\r\t)"},
      {"control characters", std::string("\0\x01\x0b\x1f", 4), R"(\u0000\u0001\u000b\u001f)"},
      {"DEL is none", "\x7F", "\x7F"},
      {"line separator stays", "\xE2\x80\xA8", "\xE2\x80\xA8"},
      {"ANSI escape", "\x1b[31m", R"(\u001b[31m)"},
      {"runs between escapes", "ab\ncd\nef", R"(ab\ncd\nef)"},
  };
  for (const Case& c : cases) {
    std::string out = "kept ";
    append_json_escaped(out, c.input);
    EXPECT_EQ(out, "kept " + c.expected) << c.name;
    std::string quoted;
    append_json_string(quoted, c.input);
    EXPECT_EQ(quoted, "\"" + c.expected + "\"") << c.name;
    Arena arena;
    EXPECT_EQ(unescape_json(c.expected, arena), c.input) << c.name;
  }
}

TEST(JsonText, writes_each_kind_of_value) {
  const auto written = [](const Value& value) {
    std::string out;
    append_json(out, value);
    return out;
  };
  EXPECT_EQ(written(Value()), "null");
  EXPECT_EQ(written(nullptr), "null");
  EXPECT_EQ(written(true), "true");
  EXPECT_EQ(written(false), "false");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(3.0), "3.0");
  EXPECT_EQ(written(-0.0), "-0.0");
  EXPECT_EQ(written(-1.7976931348623157e308), "-1.7976931348623157e+308");
  EXPECT_EQ(written(std::nan("")), "null");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written(Value::number("1e400")), "1e400");
  EXPECT_EQ(written("a\"b"), R"("a\"b")");
  EXPECT_EQ(written(Value::object(R"({ "a":1})")), R"({ "a":1})");
  EXPECT_EQ(written(Value::array("[1, 2]")), "[1, 2]");
}

TEST(JsonText, finds_where_utf8_ends) {
  struct Row {
    std::string name;
    std::string text;
    std::size_t prefix;
    std::string replaced;
  };
  const std::vector<Row> rows = {
      {"empty", "", 0, ""},
      {"ASCII", "abc", 3, "abc"},
      {"all lengths", "\x7F\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80", 10,
       "\x7F\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80"},
      {"the last of each", "\xDF\xBF\xED\x9F\xBF\xEF\xBF\xBF\xF4\x8F\xBF\xBF", 12,
       "\xDF\xBF\xED\x9F\xBF\xEF\xBF\xBF\xF4\x8F\xBF\xBF"},
      {"NUL", std::string("a\0b", 3), 3, std::string("a\0b", 3)},
      {"lone continuation", "a\x80z", 1, "a" + kUnknown + "z"},
      {"cut short at the end", "a\xE2\x82", 1, "a" + kUnknown + kUnknown},
      {"cut short within", "\xE2\x82z", 0, kUnknown + kUnknown + "z"},
      {"overlong of two", "\xC1\xBF", 0, kUnknown + kUnknown},
      {"overlong of three", "\xE0\x9F\xBF", 0, kUnknown + kUnknown + kUnknown},
      {"overlong of four", "\xF0\x8F\xBF\xBF", 0, kUnknown + kUnknown + kUnknown + kUnknown},
      {"surrogate", "\xED\xA0\x80", 0, kUnknown + kUnknown + kUnknown},
      {"over the last", "\xF4\x90\x80\x80", 0, kUnknown + kUnknown + kUnknown + kUnknown},
      {"never a byte", "ok\xFE\xFFok", 2, "ok" + kUnknown + kUnknown + "ok"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(valid_utf8_prefix(row.text), row.prefix) << row.name;
    std::string out;
    append_valid_utf8(out, row.text);
    EXPECT_EQ(out, row.replaced) << row.name;
  }
}

TEST(JsonText, decodes_json_by_its_kind) {
  Arena arena;
  EXPECT_TRUE(decode_json("null", arena).is_null());
  EXPECT_EQ(decode_json("true", arena).as_bool(), true);
  EXPECT_EQ(decode_json("false", arena).as_bool(), false);
  EXPECT_EQ(decode_json(R"("")", arena).as_string(), "");
  EXPECT_EQ(decode_json(R"("a\n")", arena).as_string(), "a\n");
  EXPECT_EQ(decode_json(R"({"a":1})", arena).text(), R"({"a":1})");
  EXPECT_TRUE(decode_json("[]", arena).is_array());
}

TEST(JsonText, decodes_numbers_without_loss) {
  struct Row {
    std::string_view text;
    ValueKind kind;
    double real;
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static const std::string tiny = "0." + std::string(400, '0') + "1";
  static const std::string huge = "1" + std::string(400, '0');
  static const std::string huge_but_scaled = huge + "e-399";
  static const std::string tiny_but_scaled = tiny + "e402";
  static const std::string huge_still = huge + "e-5";
  static const std::string tiny_still = tiny + "e5";
  const std::vector<Row> rows = {
      {"0", ValueKind::int64, 0},
      {"-1", ValueKind::int64, -1},
      {"9223372036854775807", ValueKind::int64, 9223372036854775807.0},
      {"-9223372036854775808", ValueKind::int64, -9223372036854775808.0},
      {"9223372036854775808", ValueKind::uint64, 9223372036854775808.0},
      {"18446744073709551615", ValueKind::uint64, 18446744073709551615.0},
      {"18446744073709551616", ValueKind::real, 18446744073709551616.0},
      {"-9223372036854775809", ValueKind::real, -9223372036854775809.0},
      {"12345678901234567890123", ValueKind::real, 12345678901234567890123.0},
      {"1.0", ValueKind::real, 1},
      {"1e2", ValueKind::real, 100},
      {"1E2", ValueKind::real, 100},
      {"1e400", ValueKind::real, kInfinity},
      {"-1e400", ValueKind::real, -kInfinity},
      {"1E+400", ValueKind::real, kInfinity},
      {"1e-400", ValueKind::real, 0},
      {"1e99999999999999999999", ValueKind::real, kInfinity},
      {"1e-99999999999999999999", ValueKind::real, 0},
      {"0e99999999999999999999", ValueKind::real, 0},
      {tiny, ValueKind::real, 0},
      {huge, ValueKind::real, kInfinity},
      {huge_but_scaled, ValueKind::real, 10},
      {tiny_but_scaled, ValueKind::real, 10},
      {huge_still, ValueKind::real, kInfinity},
      {tiny_still, ValueKind::real, 0},
  };
  Arena arena;
  for (const Row& row : rows) {
    const Value value = decode_json(row.text, arena);
    EXPECT_EQ(value.kind(), row.kind) << row.text;
    EXPECT_EQ(value.as_double(), row.real) << row.text;
    std::string out;
    append_json(out, value);
    EXPECT_EQ(out, row.text);
  }
  const Value negative_zero = decode_json("-0", arena);
  EXPECT_EQ(negative_zero.as_json(), "-0");
  EXPECT_TRUE(std::signbit(*negative_zero.as_double()));
  EXPECT_TRUE(std::signbit(*decode_json("-1e-400", arena).as_double()));
}

TEST(JsonText, decodes_fields_by_their_token) {
  Arena arena;
  const auto field = [](Token token, std::string_view raw, bool escaped = false) {
    return Field{"k", raw.data(), 1, static_cast<std::uint32_t>(raw.size()), token, false, escaped};
  };
  EXPECT_TRUE(decode(field(Token::null, "null"), arena).is_null());
  EXPECT_EQ(decode(field(Token::boolean, "true"), arena).as_bool(), true);
  EXPECT_EQ(decode(field(Token::boolean, "false"), arena).as_bool(), false);
  EXPECT_EQ(decode(field(Token::number, "17"), arena).as_int64(), 17);
  EXPECT_EQ(decode(field(Token::string, R"(a\tb)", true), arena).as_string(), "a\tb");
  EXPECT_EQ(decode(field(Token::text, R"(a\tb)"), arena).as_string(), R"(a\tb)");
  EXPECT_EQ(decode(field(Token::object, "{}"), arena).kind(), ValueKind::object);
  EXPECT_EQ(decode(field(Token::array, "[]"), arena).kind(), ValueKind::array);
}

TEST(ObjectWalk, goes_from_member_to_member) {
  const std::string_view json =
      "{ \"a\" : 1 , \"b\\\"}\":\"x,}\\\\\",\"\":[1,{\"c\":\"]\"}, 2] ,\"\\u0064\":{\"e\":{}}\t,"
      "\"f\":null}";
  struct Row {
    std::string_view key;
    std::string_view value;
    bool escaped;
  };
  const std::vector<Row> rows = {
      {"a", "1", false},
      {"b\\\"}", "\"x,}\\\\\"", true},
      {"", "[1,{\"c\":\"]\"}, 2]", false},
      {"\\u0064", "{\"e\":{}}", true},
      {"f", "null", false},
  };
  ObjectWalk walk(json);
  for (const Row& row : rows) {
    ASSERT_TRUE(walk.next()) << row.key;
    EXPECT_EQ(walk.raw_key(), row.key);
    EXPECT_EQ(walk.value(), row.value);
    EXPECT_EQ(walk.key_escaped(), row.escaped);
    EXPECT_EQ(json[walk.key_begin()], '"');
    EXPECT_EQ(json.substr(walk.key_begin() + 1, row.key.size()), row.key);
    EXPECT_EQ(json.substr(walk.value_begin(), walk.value_end() - walk.value_begin()), row.value);
  }
  EXPECT_FALSE(walk.next());
}

TEST(ObjectWalk, finds_nothing_in_an_empty_object) {
  EXPECT_FALSE(ObjectWalk("{}").next());
  EXPECT_FALSE(ObjectWalk("{ \t\r\n }").next());
}

TEST(ObjectWalk, compares_keys_as_they_are_decoded) {
  ObjectWalk walk(R"({"us\u0065r":1,"user\\":2,"user":3})");
  ASSERT_TRUE(walk.next());
  EXPECT_TRUE(walk.key_is("user"));
  EXPECT_FALSE(walk.key_is("us\\u0065r"));
  ASSERT_TRUE(walk.next());
  EXPECT_FALSE(walk.key_is("user"));
  EXPECT_TRUE(walk.key_is("user\\"));
  ASSERT_TRUE(walk.next());
  EXPECT_TRUE(walk.key_is("user"));
}

TEST(ArrayWalk, goes_from_element_to_element) {
  ArrayWalk walk("[ 1 ,\"a,]\" , [2,[3]],{\"b\":[]},null ]");
  for (const std::string_view expected : {"1", "\"a,]\"", "[2,[3]]", "{\"b\":[]}", "null"}) {
    ASSERT_TRUE(walk.next()) << expected;
    EXPECT_EQ(walk.value(), expected);
  }
  EXPECT_FALSE(walk.next());
  EXPECT_FALSE(ArrayWalk("[]").next());
  EXPECT_FALSE(ArrayWalk("[ ]").next());
}

TEST(JsonText, a_byte_that_needs_an_escape_is_found_wherever_it_stands) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      std::string text(size, 'x');
      text[place] = '"';
      std::string escaped = text;
      escaped.insert(place, 1, '\\');
      std::string out(json_bound(Value(text)), ' ');
      out.resize(static_cast<std::size_t>(write_json(out.data(), Value(text)) - out.data()));
      EXPECT_EQ(out, '"' + escaped + '"');
    }
  }
}

}  // namespace
}  // namespace logbraid
