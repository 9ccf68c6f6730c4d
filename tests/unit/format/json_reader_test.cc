#include "format/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "tests/support/reading.h"

namespace logbraid {
namespace {

using test::describe;
using ::testing::HasSubstr;
using JsonReading = test::Reading<JsonReader>;

struct Case {
  std::string name;
  std::string input;
  std::string expected;
};

TEST(JsonReader, notes_where_each_field_stands) {
  JsonReading read;
  const std::string line =
      R"({"text":"a b","none":null,"yes":true,"no":false,"count":-1.50e+3,"o":{"a":[1,{}]},"l":[]})";
  const auto& records = read(line + "\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_FALSE(records[0].malformed());
  EXPECT_EQ(records[0].line, line);
  EXPECT_EQ(records[0].event.json(), line);
  EXPECT_EQ(describe(records[0].event),
            "text: string: a b\n"
            "none: null: null\n"
            "yes: boolean: true\n"
            "no: boolean: false\n"
            "count: number: -1.50e+3\n"
            "o: object: {\"a\":[1,{}]}\n"
            "l: array: []\n");
}

TEST(JsonReader, points_into_the_batch_and_copies_nothing) {
  JsonReading read;
  const auto& records = read("{\"key\":\"value\"}\n");
  ASSERT_EQ(records.size(), 1u);
  const Field& field = records[0].event.fields().front();
  EXPECT_EQ(field.key, read.batch().buffer() + 2);
  EXPECT_EQ(field.raw, read.batch().buffer() + 8);
}

TEST(JsonReader, leaves_the_blanks_around_an_object_out_of_its_text) {
  JsonReading read;
  const auto& records = read(" \t { \"a\" :\t1 , \"b\" : [ 2 ] } \r\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].event.json(), "{ \"a\" :\t1 , \"b\" : [ 2 ] }");
  EXPECT_EQ(describe(records[0].event), "a: number: 1\nb: array: [ 2 ]\n");
}

TEST(JsonReader, finds_fields_by_decoded_key) {
  JsonReading read;
  const auto& records = read(R"({"us\u0065r":"x","\ud83d\ude00":1,"":2,"plain":3})");
  ASSERT_EQ(records.size(), 1u);
  const Event& event = records[0].event;
  EXPECT_TRUE(event.fields()[0].key_escaped);
  for (const std::string_view key : {"user", "\xF0\x9F\x98\x80", "plain"}) {
    EXPECT_NE(event.find(FieldPath::literal(key).view().front()), nullptr) << key;
  }
  EXPECT_NE(event.find({"", "\"\":", key_bit("")}), nullptr);
  EXPECT_EQ(event.find(FieldPath::literal("us\\u0065r").view().front()), nullptr);
}

TEST(JsonReader, marks_strings_with_escapes_and_only_those) {
  JsonReading read;
  const auto& records = read(R"({"a":"x","b":"\n","c":{"d":"\t"},"e":"y","\/":"z","g":"\\"})");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(describe(records[0].event),
            "a: string: x\n"
            "b: string escaped: \\n\n"
            "c: object: {\"d\":\"\\t\"}\n"
            "e: string: y\n"
            "\\/ escaped: string: z\n"
            "g: string escaped: \\\\\n");
}

// The list "Bytes" -------------------------------------------------------------------------------

TEST(JsonReader, reads_nothing_from_empty_input) {
  JsonReading read;
  EXPECT_TRUE(read("").empty());
  Batch never_filled;
  JsonReader().read(never_filled);
  EXPECT_TRUE(never_filled.records().empty());
}

TEST(JsonReader, passes_over_blank_lines) {
  JsonReading read;
  EXPECT_TRUE(read("\n").empty());
  EXPECT_TRUE(read(" \t\r\n\r\n\n   ").empty());
  const auto& records = read("\n\n{\"a\":1}\n \r\n\n{\"b\":2}\n\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].line, "{\"a\":1}");
  EXPECT_EQ(records[1].line, "{\"b\":2}");
}

TEST(JsonReader, reads_a_last_line_without_newline) {
  JsonReading read;
  const auto& records = read("{\"a\":1}\n{\"b\":2}");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(describe(records[1].event), "b: number: 2\n");
}

TEST(JsonReader, does_not_look_behind_the_text) {
  JsonReading read;
  // What an earlier text left in the buffer would complete each of these lines.
  std::map<std::string_view, std::string> reasons;
  for (const char behind : {'}', ',', '"', ':', '1', 'e', '{', '[', ']', ' ', '\n', '\\'}) {
    for (const std::string_view line :
         {"{\"a\":1", "{\"a\":tru", "{\"a\"", "{", "{\"a\":", "{\"a\":[1", "{\"a\":{\"b\":1",
          "{\"a\":\"", "{\"a\":\"b", "{\"a\":\"b\"", "{\"a\":1,", "{\"a\":[", "{\"a\":[{"}) {
      test::fill(read.batch(), line, behind);
      JsonReader reader;
      reader.read(read.batch());
      ASSERT_EQ(read.batch().records().size(), 1u) << line << behind;
      EXPECT_TRUE(read.batch().records()[0].malformed()) << line << behind;
      const auto& reason =
          reasons.try_emplace(line, read.batch().records()[0].parse_error).first->second;
      EXPECT_EQ(read.batch().records()[0].parse_error, reason) << line << behind;
    }
    test::fill(read.batch(), "{\"a\":1}", behind);
    JsonReader reader;
    reader.read(read.batch());
    EXPECT_FALSE(read.batch().records().at(0).malformed()) << behind;
  }
}

TEST(JsonReader, takes_crlf_for_a_line_end) {
  JsonReading read;
  const auto& records = read("{\"a\":1}\r\n{\"b\":2}\r\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].line, "{\"a\":1}");
  EXPECT_EQ(records[0].event.json(), "{\"a\":1}");
  EXPECT_FALSE(records[1].malformed());
}

TEST(JsonReader, skips_a_byte_order_mark_at_the_very_start_of_the_input) {
  JsonReading read;
  const std::string text = "\xEF\xBB\xBF{\"a\":1}\n";
  const auto& first = read(text);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_FALSE(first[0].malformed());
  EXPECT_EQ(first[0].line, "{\"a\":1}");

  EXPECT_TRUE(read("\xEF\xBB\xBF").empty());
  EXPECT_TRUE(read("\xEF\xBB\xBF\n").empty());
  EXPECT_EQ(read.error("\xEF\xBB\xBF\xEF\xBB\xBF{}"),
            "byte 1: expected '{': a line is one JSON object");

  read.batch().sequence = 1;
  EXPECT_EQ(read.error(text), "byte 1: expected '{': a line is one JSON object");
}

TEST(JsonReader, refuses_nul_bytes) {
  JsonReading read;
  using namespace std::string_literals;
  for (const std::string& line : {"\0"s, "{\"a\":1}\0"s, "\0{\"a\":1}"s, "{\"a\0\":1}"s,
                                  "{\"a\":\0}"s, "{\"a\":1\0}"s, "{\"a\":\"\0\"}"s}) {
    EXPECT_NE(read.error(line), "") << testing::PrintToString(line);
  }
}

TEST(JsonReader, refuses_what_is_not_utf8) {
  const std::vector<Case> cases = {
      {"a lone continuation byte", "\x80", "byte 7: not UTF-8"},
      {"a sequence cut short", "\xC3", "byte 7: not UTF-8"},
      {"Latin-1", "gr\xFC\xDF", "byte 9: not UTF-8"},
      {"an overlong slash of two bytes", "\xC0\xAF", "byte 7: not UTF-8"},
      {"an overlong slash of three bytes", "\xE0\x80\xAF", "byte 7: not UTF-8"},
      {"an overlong slash of four bytes", "\xF0\x80\x80\xAF", "byte 7: not UTF-8"},
      {"an overlong NUL", "\xC0\x80", "byte 7: not UTF-8"},
      {"an encoded surrogate", "\xED\xA0\x80", "byte 7: not UTF-8"},
      {"over U+10FFFF", "\xF4\x90\x80\x80", "byte 7: not UTF-8"},
      {"a byte that never occurs", "\xFF", "byte 7: not UTF-8"},
  };
  JsonReading read;
  for (const Case& c : cases) {
    EXPECT_EQ(read.error("{\"a\":\"" + c.input + "\"}"), c.expected) << c.name;
    EXPECT_NE(read.error("{\"" + c.input + "\":1}"), "") << c.name << " in a key";
    EXPECT_NE(read.error("{\"a\":1}" + c.input), "") << c.name << " behind the object";
  }
  EXPECT_EQ(read.error("{\"a\":\"\xEF\xBF\xBF \xF4\x8F\xBF\xBF \xED\x9F\xBF\"}"), "");
}

TEST(JsonReader, does_not_join_bytes_of_two_lines_to_a_character) {
  JsonReading read;
  const auto& records = read("{\"a\":\"\xC3\n\xA4\"}\n{\"b\":1}\n");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_TRUE(records[0].malformed());
  EXPECT_TRUE(records[1].malformed());
  EXPECT_FALSE(records[2].malformed());
}

TEST(JsonReader, passes_lone_surrogates_as_they_are) {
  JsonReading read;
  for (const std::string_view text :
       {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\udc00\ud800)", R"(\ud800x)", R"(\ud800\n)",
        R"(\uD83D\uDE00)"}) {
    const auto& records = read("{\"a\":\"" + std::string(text) + "\"}");
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].parse_error, "") << text;
    EXPECT_EQ(records[0].event.fields().front().raw_text(), text);
  }
}

TEST(JsonReader, refuses_a_line_over_the_limit_and_keeps_its_start) {
  JsonReading read;
  const std::string good = "{\"a\":1}\n";
  const auto line_of = [](std::size_t size) {
    return "{\"a\":\"" + std::string(size - 8, 'x') + "\"}";
  };
  const std::string longest = line_of(Reader::kMaxLine);
  EXPECT_EQ(read.error(longest), "");
  EXPECT_EQ(read.error(longest + "\r\n"), "");

  const std::string over = line_of(Reader::kMaxLine + 1);
  for (const std::string& text :
       {good + over + "\n" + good, good + over + "\r\n" + good, over + "\n" + good + good}) {
    const auto& records = read(text);
    ASSERT_EQ(records.size(), 3u);
    const Record& refused =
        text.front() == good.front() && text[1] == '"' && text[5] == '1' ? records[1] : records[0];
    EXPECT_EQ(refused.parse_error, "the line has more than 1048576 bytes");
    EXPECT_EQ(refused.line, over);
    EXPECT_EQ(refused.event.fields()[0].raw_text(), over.substr(0, Reader::kMaxLine));
    EXPECT_FALSE(records[2].malformed());
  }
  EXPECT_TRUE(read(std::string(Reader::kMaxLine + 1, ' ') + "\n").empty());
}

TEST(JsonReader, refuses_nesting_over_64_levels) {
  JsonReading read;
  const auto nested = [](std::size_t levels, const std::string& open, const std::string& close) {
    std::string line = "{\"a\":";
    for (std::size_t i = 1; i < levels; ++i) line += open;
    for (std::size_t i = 1; i < levels; ++i) line += close;
    return line + "}";
  };
  EXPECT_EQ(read.error(nested(64, "[", "]")), "");
  EXPECT_EQ(read.error("{\"a\":{\"b\":" + nested(62, "[", "]") + "}}"), "");
  EXPECT_EQ(read.error(nested(65, "[", "]")), "byte 69: nested deeper than 64 levels");
  EXPECT_EQ(read.error(nested(100'000, "[", "]")), "byte 69: nested deeper than 64 levels");
  EXPECT_THAT(read.error("{\"a\":{\"b\":" + nested(63, "[", "]") + "}}"),
              HasSubstr("nested deeper than 64 levels"));
  std::string objects = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(read.error(objects), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(read.error(std::string(100'000, '{')), HasSubstr("expected a key"));
  EXPECT_THAT(read.error(std::string(100'000, '[')), HasSubstr("expected '{'"));
}

TEST(JsonReader, refuses_more_than_4096_fields) {
  JsonReading read;
  const auto fields = [](std::size_t count) {
    std::string line = "{";
    for (std::size_t i = 0; i < count; ++i) {
      line += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
    }
    return line + "}";
  };
  const auto& records = read(fields(4096));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].parse_error, "");
  EXPECT_EQ(records[0].event.fields().size(), 4096u);
  EXPECT_THAT(read.error(fields(4097)), HasSubstr("more than 4096 members"));
  EXPECT_THAT(read.error(fields(50'000)), HasSubstr("more than 4096 members"));
  // The limit is for the event's own fields; an object below them may have any number that fits.
  EXPECT_EQ(read.error("{\"a\":" + fields(50'000) + "}"), "");
}

TEST(JsonReader, keeps_duplicate_keys_and_finds_the_last) {
  JsonReading read;
  const auto& records = read(R"({"a":1,"b":2,"a":3,"\u0061":4})");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].event.fields().size(), 4u);
  EXPECT_EQ(records[0].event.find(FieldPath("a").view().front())->raw_text(), "4");
}

TEST(JsonReader, finds_each_of_many_keys_that_share_a_mask_bit) {
  // Same length, same first and last letter: all of them collide.
  JsonReading read;
  std::string line = "{";
  for (int i = 0; i < 1000; ++i) {
    const std::string digits = std::to_string(1000 + i);
    line += (i == 0 ? "\"k" : ",\"k") + digits + "x\":" + digits;
  }
  const auto& records = read(line + "}");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].event.key_mask(), key_bit("k1000x"));
  for (int i = 0; i < 1000; ++i) {
    const std::string digits = std::to_string(1000 + i);
    const Field* field = records[0].event.find(FieldPath("k" + digits + "x").view().front());
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(field->raw_text(), digits);
  }
}

TEST(JsonReader, keeps_the_spelling_of_every_number) {
  JsonReading read;
  for (const std::string_view number :
       {"0", "-0", "-0.0", "1e400", "-1e-400", "1E+5", "0e0", "0.10", "12345678901234567890",
        "99999999999999999999", "123456789012345678901234567890.5e10", "1e999999999999"}) {
    for (const std::string_view around : {"{\"a\":#}", "{\"a\": # }", "{\"a\":#,\"b\":#}"}) {
      std::string line(around);
      for (std::size_t at; (at = line.find('#')) != line.npos;) line.replace(at, 1, number);
      const auto& records = read(line);
      ASSERT_EQ(records.size(), 1u);
      ASSERT_EQ(records[0].parse_error, "") << line;
      EXPECT_EQ(records[0].event.fields().front().raw_text(), number);
      EXPECT_EQ(records[0].event.fields().front().token, Token::number);
      EXPECT_EQ(read.error("{\"x\":[" + std::string(number) + ",[" + std::string(number) + "]]}"),
                "");
    }
  }
}

TEST(JsonReader, refuses_every_prefix_of_a_line_and_spares_its_neighbours) {
  JsonReading read;
  const std::string line =
      R"({"s":"a\"\u00e9 ü","n":-1.5e+3,"t":true,"f":false,"z":null,"o":{"k":[1,{"a":"\\"},[]]}})";
  const std::string good = R"({"before":"x\n","list":[1,2]})";
  JsonReading alone;
  const std::string expected = describe(alone(good).at(0));
  for (std::size_t size = 1; size < line.size(); ++size) {
    const std::string prefix = line.substr(0, size);
    const auto& records = read(good + "\n" + prefix + "\n" + good + "\n" + good);
    ASSERT_EQ(records.size(), 4u) << prefix;
    EXPECT_TRUE(records[1].malformed()) << prefix;
    EXPECT_EQ(records[1].line, prefix);
    for (const std::size_t i : {0u, 2u, 3u}) EXPECT_EQ(describe(records[i]), expected) << prefix;
  }
  EXPECT_FALSE(read(line).at(0).malformed());
}

TEST(JsonReader, turns_binary_noise_into_records_that_can_be_written) {
  JsonReading read;
  std::string noise = "{\"a\":\"b\"}\n";
  std::uint32_t state = 12345;
  for (int i = 0; i < 100'000; ++i) {
    state = state * 1664525u + 1013904223u;
    noise += static_cast<char>(state >> 24);
  }
  noise += "\n{\"a\":\"b\"}\n";
  const auto& records = read(noise);
  ASSERT_GT(records.size(), 100u);
  EXPECT_FALSE(records.front().malformed());
  EXPECT_FALSE(records.back().malformed());
  for (std::size_t i = 1; i + 1 < records.size(); ++i) {
    EXPECT_TRUE(records[i].malformed());
    const std::string_view message = records[i].event.fields()[0].raw_text();
    EXPECT_EQ(valid_utf8_prefix(message), message.size());
  }
}

// Grammar ----------------------------------------------------------------------------------------

TEST(JsonReader, says_where_and_why_a_line_is_refused) {
  const std::vector<Case> cases = {
      {"an array", "[1]", "byte 1: expected '{': a line is one JSON object"},
      {"a string", "\"a\"", "byte 1: expected '{': a line is one JSON object"},
      {"a number", "  5", "byte 3: expected '{': a line is one JSON object"},
      {"text", "hello world", "byte 1: expected '{': a line is one JSON object"},
      {"no comma", R"({"a":1 "b":2})", "byte 8: expected ',' or '}'"},
      {"no comma behind a string", R"({"a":"x" "b":2})", "byte 10: expected ',' or '}'"},
      {"no comma in an array", R"({"a":[1 2]})", "byte 9: expected ',' or ']'"},
      {"no comma in an array of strings", R"({"a":["1" "2"]})",
       "byte 11: expected ',' or a closing bracket"},
      {"no colon", R"({"a" 1})", "byte 6: expected ':'"},
      {"no colon below", R"({"a":{"b"}})", "byte 10: expected ':'"},
      {"a comma for a colon", R"({"a",1})", "byte 5: expected ':'"},
      {"trailing comma", R"({"a":1,})", "byte 8: expected a key in quotes"},
      {"trailing comma below", R"({"a":{"b":1,}})", "byte 13: expected a key in quotes"},
      {"trailing comma in an array", R"({"a":[1,]})", "byte 9: expected a value"},
      {"leading comma", R"({,"a":1})", "byte 2: expected a key in quotes"},
      {"leading comma in an array", R"({"a":[,1]})", "byte 7: expected a value"},
      {"two commas", R"({"a":1,,"b":2})", "byte 8: expected a key in quotes"},
      {"no value", R"({"a":})", "byte 6: expected a value"},
      {"key without quotes", R"({a:1})", "byte 2: expected a key in quotes"},
      {"key in single quotes", R"({'a':1})", "byte 2: expected a key in quotes"},
      {"number as key", R"({1:1})", "byte 2: expected a key in quotes"},
      {"wrong bracket", R"({"a":[1}})", "byte 8: expected ',' or ']'"},
      {"other wrong bracket", R"({"a":{"b":1]})", "byte 12: expected ',' or '}'"},
      {"array never closed", R"({"a":[1})", "byte 8: expected ',' or ']'"},
      {"object never closed", R"({"a":1)", "byte 7: the line ends within the object"},
      {"opened only", "{", "byte 2: the line ends within the object"},
      {"more behind", R"({"a":1} x)", "byte 9: expected nothing more behind the object"},
      {"two objects", R"({"a":1}{"b":2})", "byte 8: expected nothing more behind the object"},
      {"a bracket more", R"({"a":1}})", "byte 8: expected nothing more behind the object"},
      {"a comment", R"({"a":1} // x)", "byte 9: expected nothing more behind the object"},
      {"open string", R"({"a":"b})", "byte 6: a string without closing quote"},
      {"open key", R"({"a)", "byte 2: a string without closing quote"},
      {"string closed by an escaped quote", R"({"a":"b\"})",
       "byte 6: a string without closing quote"},
      {"glued to a string", R"({"a":"b"c})", "byte 9: expected ',' or '}'"},
      {"glued to a key", R"({"a"b:1})", "byte 5: expected ':'"},
      {"tab in a string", "{\"a\":\"b\tc\"}", "byte 8: a control character in a string"},
      {"unit separator in a key", "{\"a\x1F\":1}", "byte 4: a control character in a string"},
      {"form feed as a blank", "{\"a\":\f1}", "byte 6: expected a value"},
      {"control-Z as a colon", "{\"a\"\x1A 1}", "byte 5: expected ':'"},
      {"no-break space",
       "{\"a\":\xC2\xA0"
       "1}",
       "byte 6: expected a value"},
      {"tru", R"({"a":tru})", "byte 6: expected a value"},
      {"truex", R"({"a":truex})", "byte 10: expected ',' or a closing bracket"},
      {"True", R"({"a":True})", "byte 6: expected a value"},
      {"nul", R"({"a":[nul]})", "byte 7: expected a value"},
      {"falsee", R"({"a":falsee})", "byte 11: expected ',' or a closing bracket"},
      {"true with a string glued", R"({"a":true"b"})",
       "byte 10: expected ',' or a closing bracket"},
      {"NaN", R"({"a":NaN})", "byte 6: expected a value"},
      {"-Infinity", R"({"a":-Infinity})", "byte 7: expected a digit"},
      {"leading zero", R"({"a":01})", "byte 7: expected ',' or a closing bracket"},
      {"negative leading zero", R"({"a":-01})", "byte 8: expected ',' or a closing bracket"},
      {"plus", R"({"a":+1})", "byte 6: expected a value"},
      {"minus alone", R"({"a":-})", "byte 7: expected a digit"},
      {"no digit before the point", R"({"a":.5})", "byte 6: expected a value"},
      {"no digit behind the point", R"({"a":1.})", "byte 8: expected a digit"},
      {"no digit behind the point, below", R"({"a":[1.,2]})", "byte 9: expected a digit"},
      {"no exponent", R"({"a":1e})", "byte 8: expected a digit"},
      {"no exponent behind its sign", R"({"a":1e+})", "byte 9: expected a digit"},
      {"hexadecimal", R"({"a":0x1F})", "byte 7: expected ',' or a closing bracket"},
      {"two points", R"({"a":1.2.3})", "byte 9: expected ',' or a closing bracket"},
      {"a string glued to a number", R"({"a":1"b"})", "byte 7: expected ',' or a closing bracket"},
      {"unknown escape", R"({"a":"\q"})", "byte 7: no such escape"},
      {"unknown escape in a key", R"({"\q":1})", "byte 3: no such escape"},
      {"unknown escape below", R"({"a":{"b":["\x41"]}})", "byte 13: no such escape"},
      {"unknown escape in a key below", R"({"a":{"\a":1}})", "byte 8: no such escape"},
      {"escape of a single quote", R"({"a":"\'"})", "byte 7: no such escape"},
      {"three hexadecimal digits", R"({"a":"\u123"})",
       "byte 7: expected four hexadecimal digits behind \\u"},
      {"letters that are no digits", R"({"a":"ok\n\u12g4"})",
       "byte 11: expected four hexadecimal digits behind \\u"},
      {"capital U", R"({"a":"\U0041"})", "byte 7: no such escape"},
      {"backslash outside strings", R"({"a":\"b\"})", "byte 6: expected a value"},
  };
  JsonReading read;
  for (const Case& c : cases) {
    EXPECT_EQ(read.error(c.input), c.expected) << c.name << ": " << c.input;
    // The same among good neighbours.
    const auto& records = read("{\"a\":\"1\"}\n" + c.input + "\n{\"a\":\"\\n\"}\n");
    ASSERT_EQ(records.size(), 3u) << c.name;
    EXPECT_FALSE(records[0].malformed()) << c.name;
    EXPECT_EQ(records[1].parse_error, c.expected) << c.name;
    EXPECT_EQ(records[1].line, c.input) << c.name;
    EXPECT_FALSE(records[2].malformed()) << c.name << ": " << records[2].parse_error;
    EXPECT_EQ(read.error(c.input + "\r\n"), c.expected) << c.name;
  }
}

TEST(JsonReader, keeps_a_refused_line_as_message_with_the_reason) {
  JsonReading read;
  const auto& records = read("say \xFF\xFE \"hi\"\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].line, "say \xFF\xFE \"hi\"");
  EXPECT_EQ(records[0].event.json(), "");
  EXPECT_EQ(describe(records[0].event),
            "message: text: say \xEF\xBF\xBD\xEF\xBF\xBD \"hi\"\n"
            "parse_error: text: byte 5: not UTF-8\n");
  EXPECT_NE(records[0].event.find(FieldPath("message").view().front()), nullptr);
  EXPECT_NE(records[0].event.find(FieldPath("parse_error").view().front()), nullptr);
}

TEST(JsonReader, does_not_let_an_object_span_lines) {
  JsonReading read;
  const std::vector<std::string> texts = {
      "{\"a\":1,\n\"b\":2}\n", "{\n\"a\":1}\n",         "{\"a\"\n:1}\n",      "{\"a\":\n1}\n",
      "{\"a\":[1,\n2]}\n",     "{\"a\":{\"b\":1\n}}\n", "{\"a\":\"b\"\n}\n",  "{\"a\":1\n}\n",
      "{\"a\":[[1],\n[2]]}\n", "{\"a\":\"b\\\nc\"}\n",  "{\"a\":\"b\nc\"}\n",
  };
  for (const std::string& text : texts) {
    const auto& records = read(text + "{\"z\":0}\n");
    ASSERT_EQ(records.size(), 3u) << text;
    EXPECT_TRUE(records[0].malformed()) << text;
    EXPECT_TRUE(records[1].malformed()) << text;
    EXPECT_FALSE(records[2].malformed()) << text;
  }
}

TEST(JsonReader, gives_the_same_reason_whatever_stands_on_the_next_line) {
  JsonReading read;
  for (const std::string_view line :
       {"{\"a\":\"\\q\"", "{\"\\q\"", "{\"a\":[\"\\q\"", "{\"a\":{\"\\q\"", "{\"a\":1", "{\"a\":1.",
        "{\"a\":[1,", "{\"a\":", "{\"a\":1,", "{\"a\":{}", "{\"a\":\"b\""}) {
    const std::string alone = read.error(line);
    for (const std::string_view next :
         {"}", "]", ",\"b\":1}", ":1}", "{}", "[", "1]}", "\"b\":2}"}) {
      for (const std::string_view end : {"\n", "\r\n"}) {
        EXPECT_EQ(read(std::string(line) + std::string(end) + std::string(next)).at(0).parse_error,
                  alone)
            << line << " before " << next;
      }
    }
  }
}

TEST(JsonReader, finds_bad_lines_anywhere_in_a_large_batch) {
  JsonReading read;
  const std::string bad[] = {"{\"a\":\"open}", "{\"a\":\"\xFF\"}", "{\"a\":tru}", "\"", "{\"\\"};
  std::string text;
  std::vector<bool> expected;
  std::uint32_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 1664525u + 1013904223u;
    const bool is_bad = state >> 24 < 20;
    expected.push_back(is_bad);
    text += is_bad ? bad[(state >> 8) % 5]
                   : "{\"id\":" + std::to_string(i) + ",\"pad\":\"" +
                         std::string((state >> 16) % 200, 'x') + "\"}";
    text += '\n';
  }
  const auto& records = read(text);
  ASSERT_EQ(records.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(records[i].malformed(), expected[i]) << i << ": " << records[i].parse_error;
    if (!expected[i]) {
      ASSERT_EQ(records[i].event.fields()[0].raw_text(), std::to_string(i));
    }
  }
}

TEST(JsonReader, takes_no_memory_once_it_is_warm) {
  JsonReading read;
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += R"({"a":"x\n","b":{"c":[1,2,3]},"d":null})"
            "\n";
  read(text);
  read(text);
  const std::size_t capacity = read.batch().arena().capacity();
  for (int i = 0; i < 10; ++i) read(text);
  EXPECT_EQ(read.batch().arena().capacity(), capacity);
}

}  // namespace
}  // namespace logbraid
