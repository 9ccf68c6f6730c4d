#include "format/text_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "core/json_text.h"
#include "tests/support/reading.h"

namespace logbraid {
namespace {

using test::describe;
using TextReading = test::Reading<TextReader>;

TEST(TextReader, gives_each_line_as_message) {
  TextReading read;
  const auto& records = read("first \"line\"\n  second\\ \r\n\n \t\r\nlast");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(describe(records[0]), "line: first \"line\"\nmessage: text: first \"line\"\n");
  EXPECT_EQ(describe(records[1]), "line:   second\\ \nmessage: text:   second\\ \n");
  EXPECT_EQ(describe(records[2]), "line: last\nmessage: text: last\n");
  EXPECT_EQ(records[0].event.json(), "");
  EXPECT_NE(records[0].event.find(FieldPath("message").view().front()), nullptr);
}

TEST(TextReader, reads_nothing_from_empty_input) {
  TextReading read;
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\n\r\n").empty());
}

TEST(TextReader, points_into_the_batch) {
  TextReading read;
  const auto& records = read("hello\n");
  EXPECT_EQ(records.at(0).event.fields()[0].raw, read.batch().buffer());
}

TEST(TextReader, takes_nul_and_control_characters_as_text) {
  TextReading read;
  const std::string line("a\0b\x1b[31mc\xE2\x80\xA8", 12);
  const auto& records = read(line);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].event.fields()[0].raw_text(), line);
}

TEST(TextReader, refuses_what_is_not_utf8_and_spares_the_neighbours) {
  TextReading read;
  const auto& records = read("good\ngr\xFC\xDF\ngood\nover\xC0\xAFlong\ncut\xC3\n\xA4good\n");
  ASSERT_EQ(records.size(), 6u);
  EXPECT_EQ(describe(records[1]),
            "line: gr\xFC\xDF\nrefused: byte 3: not UTF-8\n"
            "message: text: gr\xEF\xBF\xBD\xEF\xBF\xBD\n"
            "parse_error: text: byte 3: not UTF-8\n");
  EXPECT_FALSE(records[0].malformed());
  EXPECT_FALSE(records[2].malformed());
  EXPECT_TRUE(records[3].malformed());
  EXPECT_TRUE(records[4].malformed());
  EXPECT_TRUE(records[5].malformed());
}

TEST(TextReader, skips_a_byte_order_mark_at_the_very_start_of_the_input) {
  TextReading read;
  EXPECT_EQ(read("\xEF\xBB\xBFhello").at(0).line, "hello");
  read.batch().sequence = 7;
  EXPECT_EQ(read("\xEF\xBB\xBFhello").at(0).line, "\xEF\xBB\xBFhello");
}

TEST(TextReader, refuses_a_line_over_the_limit_and_keeps_its_start) {
  TextReading read;
  const std::string longest(Reader::kMaxLine, 'x');
  EXPECT_EQ(read.error(longest + "\r\n"), "");
  EXPECT_EQ(read.error(longest + "x"), "the line has more than 1048576 bytes");
  EXPECT_EQ(read(longest + "x").at(0).event.fields()[0].raw_text(), longest);
}

TEST(TextReader, cuts_a_message_between_characters) {
  TextReading read;
  // The limit falls within the second byte of an e with acute accent.
  const std::string start(Reader::kMaxLine - 1, 'x');
  EXPECT_EQ(read(start + "\xC3\xA9 and more").at(0).event.fields()[0].raw_text(), start);
  // Each bad byte becomes three.
  const std::string_view cleaned =
      read(std::string(Reader::kMaxLine, '\xFF')).at(0).event.fields()[0].raw_text();
  EXPECT_LE(cleaned.size(), Reader::kMaxLine);
  EXPECT_GT(cleaned.size(), Reader::kMaxLine - 4);
  EXPECT_EQ(valid_utf8_prefix(cleaned), cleaned.size());
}

}  // namespace
}  // namespace logbraid
