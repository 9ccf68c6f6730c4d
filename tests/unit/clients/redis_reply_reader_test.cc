#include "clients/redis_reply_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace logbraid {
namespace {

using State = RedisReplyReader::State;
using Kind = RedisReplyReader::Kind;

constexpr RedisReplyLimits kLimits = {.value = 100, .items = 4, .reply = 250};

void add(RedisReplyReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = reader.room();
    const std::size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    reader.add(size);
    bytes.remove_prefix(size);
  }
}

// "[+OK]" for a status, "[$abc,null]" for an array.
std::string text_of(const RedisReplyReader& reader) {
  std::string text = reader.is_array() ? "*[" : "[";
  for (std::size_t i = 0; i < reader.size(); ++i) {
    if (i != 0) text += ',';
    switch (reader.kind(i)) {
      case Kind::status:
        text += '+';
        break;
      case Kind::error:
        text += '-';
        break;
      case Kind::integer:
        text += ':';
        break;
      case Kind::string:
        text += '$';
        break;
      case Kind::null:
        text += "null";
        continue;
      case Kind::too_long:
        text += "too long";
        break;
    }
    text += reader.text(i);
  }
  if (reader.size() != reader.announced()) {
    text += " of " + std::to_string(reader.announced());
  }
  return text + "]";
}

// All that can be read, and how it ends.
std::string read_all(RedisReplyReader& reader, const RedisReplyLimits& limits = kLimits) {
  std::string text;
  for (;;) {
    switch (reader.next(limits)) {
      case State::reply:
        text += text_of(reader);
        continue;
      case State::more:
        return text;
      case State::malformed:
        return text + "malformed: " + std::string(reader.why());
      case State::oversize:
        return text + "oversize: " + std::string(reader.why());
    }
  }
}

struct Row {
  std::string_view bytes;
  std::string_view read;
};

constexpr Row kReplies[] = {
    {"+OK\r\n", "[+OK]"},
    {"-ERR no\r\n", "[-ERR no]"},
    {":-12\r\n", "[:-12]"},
    {"$3\r\nabc\r\n", "[$abc]"},
    {"$0\r\n\r\n", "[$]"},
    {"$-1\r\n", "[null]"},
    {"$2\r\n\r\n\r\n", "[$\r\n]"},
    {"*0\r\n", "*[]"},
    {"*-1\r\n", "[null]"},
    {"*3\r\n$1\r\na\r\n$-1\r\n$2\r\nbc\r\n", "*[$a,null,$bc]"},
    {"*2\r\n:1\r\n-WRONGTYPE\r\n", "*[:1,-WRONGTYPE]"},
    {"+a\r\n+b\r\n*1\r\n$1\r\nx\r\n:7\r\n", "[+a][+b]*[$x][:7]"},
};

TEST(RedisReplyReaderTest, reads_each_kind_of_reply) {
  for (const Row& row : kReplies) {
    RedisReplyReader reader;
    add(reader, row.bytes);
    EXPECT_EQ(read_all(reader), row.read) << row.bytes;
    EXPECT_FALSE(reader.has_more());
  }
}

TEST(RedisReplyReaderTest, reads_the_same_however_the_bytes_are_cut) {
  std::string all;
  std::string expected;
  for (const Row& row : kReplies) {
    all += row.bytes;
    expected += row.read;
  }
  for (std::size_t size = 1; size < all.size(); ++size) {
    RedisReplyReader reader;
    std::string read;
    for (std::size_t at = 0; at < all.size(); at += size) {
      add(reader, std::string_view(all).substr(at, size));
      read += read_all(reader);
    }
    EXPECT_EQ(read, expected) << "in pieces of " << size;
  }
}

TEST(RedisReplyReaderTest, refuses_what_is_no_reply) {
  const Row rows[] = {
      {"HTTP/1.1 400\r\n", "malformed: bytes that are no reply (RESP2)"},
      {"_\r\n", "malformed: bytes that are no reply (RESP2)"},  // null of RESP3
      {"%1\r\n", "malformed: bytes that are no reply (RESP2)"},
      {"$x\r\n", "malformed: a length that is no number"},
      {"$-\r\n", "malformed: a length that is no number"},
      {"$1x\r\n", "malformed: a length that is no number"},
      {"$1\rx", "malformed: a length that is no number"},
      {"$ 1\r\n", "malformed: a length that is no number"},
      {"$-2\r\n", "malformed: a string of a length below 0"},
      {"*-2\r\n", "malformed: an array of a length below 0"},
      {"$3\r\nabcd\r\n", "malformed: a string longer than its length"},
      {"*1\r\n*1\r\n", "malformed: an array within an array"},
      {"+a\rb\r\n", "malformed: a line without end"},
  };
  for (const Row& row : rows) {
    RedisReplyReader reader;
    add(reader, row.bytes);
    EXPECT_EQ(read_all(reader), row.read) << row.bytes;
  }
}

TEST(RedisReplyReaderTest, forged_counts_are_refused_at_once) {
  const Row rows[] = {
      {"*2147483647\r\n", "malformed: an array of more items than were asked for"},
      {"*5\r\n", "malformed: an array of more items than were asked for"},
      {"*9223372036854775807\r\n", "malformed: an array of more items than were asked for"},
      {"*18446744073709551617\r\n", "malformed: a length that is no number"},
      {"*-9223372036854775808\r\n", "malformed: a length that is no number"},
      {"$99999999999999999999", "malformed: a length that is no number"},
      {"$101\r\n", "oversize: a value is over max_reply"},
      {"$2147483647\r\n", "oversize: a value is over max_reply"},
  };
  for (const Row& row : rows) {
    RedisReplyReader reader;
    add(reader, row.bytes);
    EXPECT_EQ(read_all(reader), row.read) << row.bytes;
  }
}

TEST(RedisReplyReaderTest, the_sum_of_an_arrays_values_has_a_limit) {
  RedisReplyReader reader;
  const std::string value = "$100\r\n" + std::string(100, 'x') + "\r\n";
  add(reader, "*4\r\n" + value + value);
  EXPECT_EQ(read_all(reader), "");
  add(reader, value);
  EXPECT_EQ(read_all(reader), "oversize: the values of one request are over eight times max_reply");
}

TEST(RedisReplyReaderTest, so_has_the_sum_of_its_lines) {
  RedisReplyReader reader;
  const std::string line = "+" + std::string(97, 'x') + "\r\n";
  add(reader, "*4\r\n" + line + line);
  EXPECT_EQ(read_all(reader), "");
  add(reader, line);
  EXPECT_EQ(read_all(reader), "oversize: the values of one request are over eight times max_reply");
}

TEST(RedisReplyReaderTest, what_cannot_be_understood_ends_the_stream) {
  for (const std::string& bytes : {"+" + std::string(300, 'x') + "\r\n+OK\r\n",
                                   std::string("?\r\n+OK\r\n"), std::string("$-2\r\n+OK\r\n")}) {
    RedisReplyReader reader;
    add(reader, bytes);
    const std::string ending = read_all(reader);
    EXPECT_NE(ending, "");
    EXPECT_EQ(read_all(reader), ending) << bytes;
  }
}

// What is too long, and what follows it.
constexpr RedisReplyLimits kPassing = {.value = 5, .items = 4, .reply = 40, .passed = 100};
constexpr Row kTooLong[] = {
    {"*3\r\n$1\r\na\r\n$6\r\n123456\r\n$1\r\nb\r\n+next\r\n", "*[$a,too long,$b][+next]"},
    {"$6\r\n123456\r\n+next\r\n", "[too long][+next]"},
    {"*2\r\n$6\r\n12\r\n56\r\n$7\r\n1234567\r\n+next\r\n", "*[too long,too long][+next]"},
    // In all: the last items of an array are not there, whatever they are.
    {"*4\r\n$5\r\n12345\r\n$5\r\n12345\r\n$5\r\n12345\r\n$5\r\n12345\r\n+next\r\n",
     "*[$12345,$12345,$12345 of 4][+next]"},
    {"*4\r\n+1234567890\r\n+1234567890\r\n+1234567890\r\n$0\r\n\r\n+next\r\n",
     "*[+1234567890,+1234567890 of 4][+next]"},
    {"*4\r\n+1234567890123456789012345\r\n$5\r\n12345\r\n$-1\r\n$6\r\n123456\r\n+next\r\n",
     "*[+1234567890123456789012345 of 4][+next]"},
    {"*1\r\n$6\r\n1234567\r\n", "malformed: a string longer than its length"},
    {"*3\r\n+1234567890123456789012345\r\n$5\r\n12345\r\n$1\r\nab\r\n",
     "malformed: a string longer than its length"},
};

TEST(RedisReplyReaderTest, what_is_too_long_is_read_past_however_the_bytes_are_cut) {
  for (const Row& row : kTooLong) {
    for (std::size_t size = 1; size <= row.bytes.size(); ++size) {
      RedisReplyReader reader;
      std::string read;
      for (std::size_t at = 0; at < row.bytes.size() && read != row.read; at += size) {
        add(reader, row.bytes.substr(at, size));
        read += read_all(reader, kPassing);
      }
      EXPECT_EQ(read, row.read) << row.bytes << " in pieces of " << size;
    }
  }
}

TEST(RedisReplyReaderTest, what_is_read_past_has_a_limit_of_its_own) {
  const Row rows[] = {
      // With their lengths and line ends 100 bytes, and 101.
      {"$93\r\n", ""},
      {"$94\r\n", "oversize: a value is over max_reply"},
      {"*2\r\n$9\r\n123456789\r\n$78\r\n", ""},
      {"*2\r\n$9\r\n123456789\r\n$79\r\n", "oversize: a value is over max_reply"},
  };
  for (const Row& row : rows) {
    RedisReplyReader reader;
    add(reader, row.bytes);
    EXPECT_EQ(read_all(reader, kPassing), row.read) << row.bytes;
  }
  RedisReplyReader reader;
  const std::string line = "+" + std::string(47, 'x') + "\r\n";
  add(reader, "*4\r\n" + line + line);
  EXPECT_EQ(read_all(reader, kPassing), "");
  add(reader, line);
  EXPECT_EQ(read_all(reader, kPassing),
            "oversize: the values of one request are over eight times max_reply");
}

TEST(RedisReplyReaderTest, what_is_read_past_is_not_kept) {
  constexpr std::size_t kLong = 50'000'000;
  const RedisReplyLimits limits = {
      .value = 1000, .items = 40'000'000, .reply = 2000, .passed = 400'000'000};
  const std::string part(1'000'000, '\n');
  const auto add_part = [&](RedisReplyReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = reader.room();
      ASSERT_LT(room.size(), 200'000u);
      const std::size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      reader.add(size);
      bytes.remove_prefix(size);
      ASSERT_EQ(read_all(reader, limits), "");
    }
  };
  RedisReplyReader one;
  add_part(one, "*2\r\n$" + std::to_string(kLong) + "\r\n");
  for (std::size_t i = 0; i < kLong / part.size(); ++i) add_part(one, part);
  add(one, "\r\n$1\r\na\r\n");
  EXPECT_EQ(read_all(one, limits), "*[too long,$a]");

  std::string small;
  for (int i = 0; i < 100'000; ++i) small += "$3\r\nabc\r\n";
  RedisReplyReader many;
  add_part(many, "*5000001\r\n");
  for (int i = 0; i < 50; ++i) add_part(many, small);
  add(many, ":1\r\n");
  EXPECT_EQ(many.next(limits), State::reply);
  EXPECT_EQ(many.announced(), 5'000'001u);
  EXPECT_LT(many.size(), 2000u / 9);
  EXPECT_EQ(many.text(many.size() - 1), "abc");
}

TEST(RedisReplyReaderTest, a_line_without_end_is_not_kept_for_ever) {
  for (const char type : {'+', '-', ':'}) {
    RedisReplyReader reader;
    add(reader, std::string(1, type) + std::string(4095, 'x'));
    EXPECT_EQ(read_all(reader), "");
    add(reader, "x");
    EXPECT_EQ(read_all(reader), "malformed: a line without end");
  }
}

TEST(RedisReplyReaderTest, large_replies_pass_and_their_memory_is_given_back) {
  const RedisReplyLimits large = {.value = 3'000'000, .items = 4, .reply = 8'000'000};
  const std::string value(2'000'000, 'v');
  RedisReplyReader reader;
  add(reader, "*2\r\n$2000000\r\n" + value + "\r\n$2000000\r\n" + value + "\r\n+next\r\n");
  ASSERT_EQ(reader.next(large), State::reply);
  ASSERT_EQ(reader.size(), 2u);
  EXPECT_EQ(reader.text(0), value);
  EXPECT_EQ(reader.text(1), value);
  ASSERT_EQ(reader.next(large), State::reply);
  EXPECT_EQ(text_of(reader), "[+next]");
  EXPECT_EQ(reader.next(large), State::more);
  EXPECT_LT(reader.room().size(), 200'000u);
}

}  // namespace
}  // namespace logbraid
