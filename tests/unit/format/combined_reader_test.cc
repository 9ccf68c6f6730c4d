#include "format/combined_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/reading.h"
#include "tests/support/shared_data.h"

namespace logbraid {
namespace {

using test::describe;
using CombinedReading = test::Reading<CombinedReader>;

struct Case {
  std::string name;
  std::string input;
  std::string expected;
};

// The raw text of a field, "(none)" where it is missing.
std::string field(const Record& record, std::string_view name) {
  const Field* found = record.event.find(FieldPath::literal(name).view().front());
  return found == nullptr ? "(none)" : std::string(found->raw_text());
}

const std::string kStart = "192.0.2.7 - - [17/May/2015:10:05:03 +0200] ";

TEST(CombinedReader, reads_combined_log_format) {
  CombinedReading read;
  const std::string line =
      "192.0.2.7 id frank [17/May/2015:10:05:03 -0730] \"GET /a/b?c=d&e HTTP/1.1\" 200 203023 "
      "\"http://example.org/x\" \"Mozilla/5.0 (X11; Linux x86_64)\"";
  const auto& records = read(line + "\r\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(describe(records[0]), "line: " + line +
                                      "\n"
                                      "client_ip: text: 192.0.2.7\n"
                                      "ident: text: id\n"
                                      "user: text: frank\n"
                                      "time: text: 17/May/2015:10:05:03 -0730\n"
                                      "timestamp: text: 2015-05-17T10:05:03-07:30\n"
                                      "method: text: GET\n"
                                      "path: text: /a/b?c=d&e\n"
                                      "protocol: text: HTTP/1.1\n"
                                      "status: number: 200\n"
                                      "bytes: number: 203023\n"
                                      "referer: text: http://example.org/x\n"
                                      "user_agent: text: Mozilla/5.0 (X11; Linux x86_64)\n");
  EXPECT_EQ(records[0].event.json(), "");
  EXPECT_EQ(records[0].event.fields()[0].raw, read.batch().buffer());
}

TEST(CombinedReader, reads_common_log_format) {
  CombinedReading read;
  for (const std::string_view end : {"", " ", "\r\n"}) {
    const auto& records = read(kStart + "\"GET / HTTP/1.0\" 304 17" + std::string(end));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(describe(records[0].event),
              "client_ip: text: 192.0.2.7\n"
              "time: text: 17/May/2015:10:05:03 +0200\n"
              "timestamp: text: 2015-05-17T10:05:03+02:00\n"
              "method: text: GET\n"
              "path: text: /\n"
              "protocol: text: HTTP/1.0\n"
              "status: number: 304\n"
              "bytes: number: 17\n");
  }
}

TEST(CombinedReader, leaves_out_what_the_log_has_as_a_dash) {
  CombinedReading read;
  const auto& records = read("- - - [17/May/2015:10:05:03 +0200] \"-\" - - \"-\" \"-\" \"-\"");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(describe(records[0].event),
            "time: text: 17/May/2015:10:05:03 +0200\n"
            "timestamp: text: 2015-05-17T10:05:03+02:00\n");
  EXPECT_EQ(field(records[0], "user"), "(none)");
}

TEST(CombinedReader, keeps_empty_quoted_columns_as_empty_text) {
  CombinedReading read;
  const auto& records = read(kStart + "\"\" 400 0 \"\" \"\"");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(field(records[0], "request"), "");
  EXPECT_EQ(field(records[0], "referer"), "");
  EXPECT_EQ(field(records[0], "user_agent"), "");
}

TEST(CombinedReader, takes_a_request_apart_only_where_it_has_three_parts) {
  CombinedReading read;
  for (const std::string_view request :
       {"GET /", "GET", "GET / ", " / HTTP/1.1", "GET  HTTP/1.1", "GET /a b HTTP/1.1",
        "GET / FTP/1", "\\x16\\x03\\x01", "GET /  HTTP/1.1"}) {
    const auto& records = read(kStart + "\"" + std::string(request) + "\" 400 0");
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(field(records[0], "request"), request);
    EXPECT_EQ(field(records[0], "path"), "(none)") << request;
  }
}

TEST(CombinedReader, decodes_escaped_quotes_and_backslashes_and_keeps_other_escapes) {
  const std::vector<Case> cases = {
      {"quotes", R"(say \"hi\")", R"(say "hi")"},
      {"backslash", R"(a\\b)", R"(a\b)"},
      {"backslash at the end", R"(a\\)", R"(a\)"},
      {"backslash and quote", R"(a\\\"b)", R"(a\"b)"},
      {"bytes", R"(\xe4\xe5 \x22)", R"(\xe4\xe5 \x22)"},
      {"others", R"(a\tb\n)", R"(a\tb\n)"},
  };
  CombinedReading read;
  for (const Case& c : cases) {
    const auto& records = read(kStart + "\"GET /" + c.input + " HTTP/1.1\" 200 1 \"" + c.input +
                               "\" \"" + c.input + "\"");
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].parse_error, "") << c.name;
    EXPECT_EQ(field(records[0], "referer"), c.expected) << c.name;
    EXPECT_EQ(field(records[0], "user_agent"), c.expected) << c.name;
    if (c.input.find(' ') == std::string::npos) {
      EXPECT_EQ(field(records[0], "path"), "/" + c.expected) << c.name;
    }
  }
}

TEST(CombinedReader, keeps_further_columns) {
  const std::vector<Case> cases = {
      {"one in quotes", "\"203.0.113.9, 10.0.0.1\"",
       "forwarded_for: text: 203.0.113.9, 10.0.0.1\n"},
      {"a dash in quotes", "\"-\"", ""},
      {"two in quotes", "\"a\" \"b\"", "extra: text: \"a\" \"b\"\n"},
      {"no quotes", "0.005 127.0.0.1:80", "extra: text: 0.005 127.0.0.1:80\n"},
      {"open quote", "\"a b", "extra: text: \"a b\n"},
      {"glued", "\"a\"b", "extra: text: \"a\"b\n"},
  };
  CombinedReading read;
  const std::string line = kStart + "\"GET / HTTP/1.1\" 200 1 \"r\" \"u\"";
  const std::string expected = describe(read(line).at(0).event);
  for (const Case& c : cases) {
    const auto& records = read(line + " " + c.input);
    ASSERT_EQ(records.size(), 1u) << c.name;
    EXPECT_EQ(records[0].parse_error, "") << c.name;
    EXPECT_EQ(describe(records[0].event), expected + c.expected) << c.name;
  }
}

TEST(CombinedReader, reads_addresses_users_and_numbers_as_servers_write_them) {
  CombinedReading read;
  const std::string end = " [29/Feb/2024:23:59:60 +0000] \"GET / HTTP/2.0\" 009 000 \"-\" \"x\"";
  for (const std::string_view client : {"2001:db8::1", "www.example.org", "unix:"}) {
    const auto& records = read(std::string(client) + " - John von Doe" + end);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(field(records[0], "client_ip"), client);
    EXPECT_EQ(field(records[0], "user"), "John von Doe");
    EXPECT_EQ(field(records[0], "timestamp"), "2024-02-29T23:59:60+00:00");
    EXPECT_EQ(field(records[0], "status"), "9");
    EXPECT_EQ(field(records[0], "bytes"), "0");
  }
}

TEST(CombinedReader, says_where_and_why_a_line_is_refused) {
  const std::string request = "\"GET / HTTP/1.1\"";
  const std::vector<Case> cases = {
      {"other text", "hello", "byte 6: expected the identity"},
      {"blanks first", " 192.0.2.7 - -", "byte 1: expected the client's address"},
      {"no time", "192.0.2.7 - - x", "byte 13: expected the user, and the time in brackets"},
      {"no user", "192.0.2.7 -  [17/May/2015:10:05:03 +0200] ",
       "byte 13: expected the user, and the time in brackets"},
      {"time cut short", "192.0.2.7 - - [17/May/2015",
       "byte 16: expected a time like 17/May/2015:10:05:03 +0000"},
      {"ends behind the time", kStart, "byte 44: expected the request in quotes"},
      {"no quotes", kStart + "GET / HTTP/1.1 200 1", "byte 44: expected the request in quotes"},
      {"open quote", kStart + "\"GET / HTTP/1.1 200 1",
       "byte 44: a quoted column without closing quote"},
      {"backslash at the end", kStart + "\"GET \\",
       "byte 44: a quoted column without closing quote"},
      {"quote in the middle", kStart + "\"GET /\"x HTTP/1.1\" 200 1",
       "byte 51: expected a blank between two columns"},
      {"no status", kStart + request, "byte 60: expected the status"},
      {"letters as status", kStart + request + " 2x0 1", "byte 62: expected the status"},
      {"no bytes", kStart + request + " 200 ", "byte 65: expected the number of bytes"},
      {"negative bytes", kStart + request + " 200 -1", "byte 65: expected the number of bytes"},
      {"bare referer", kStart + request + " 200 1 x", "byte 67: expected the referer in quotes"},
      {"no user agent", kStart + request + " 200 1 \"x\"",
       "byte 70: expected the user agent in quotes"},
      {"open user agent", kStart + request + " 200 1 \"x\" \"y",
       "byte 71: a quoted column without closing quote"},
      {"not UTF-8", kStart + "\"GET /\xE4 HTTP/1.1\" 200 1", "byte 50: not UTF-8"},
  };
  CombinedReading read;
  const std::string good = kStart + request + " 200 1";
  for (const Case& c : cases) {
    const auto& records = read(good + "\n" + c.input + "\n" + good + "\n");
    ASSERT_EQ(records.size(), 3u) << c.name;
    EXPECT_FALSE(records[0].malformed()) << c.name;
    EXPECT_EQ(records[1].parse_error, c.expected) << c.name;
    EXPECT_EQ(field(records[1], "parse_error"), c.expected) << c.name;
    EXPECT_FALSE(records[2].malformed()) << c.name;
  }
}

TEST(CombinedReader, refuses_times_that_are_none) {
  CombinedReading read;
  for (const std::string_view time :
       {"", "17/may/2015:10:05:03 +0200", "17/Foo/2015:10:05:03 +0200",
        "00/May/2015:10:05:03 +0200", "32/May/2015:10:05:03 +0200", "31/Apr/2015:10:05:03 +0200",
        "29/Feb/2015:10:05:03 +0200", "29/Feb/1900:10:05:03 +0200", "17/May/2015:24:05:03 +0200",
        "17/May/2015:10:60:03 +0200", "17/May/2015:10:05:61 +0200", "17/May/2015:10:05:03 +2400",
        "17/May/2015:10:05:03 +0260", "17/May/2015:10:05:03  0200", "17/May/2015 10:05:03 +0200",
        "1x/May/2015:10:05:03 +0200", "2015-05-17T10:05:03+02:00", "17/May/2015:10:05:03 +02000"}) {
    EXPECT_EQ(read.error("h - - [" + std::string(time) + "] \"GET / HTTP/1.1\" 200 1"),
              "byte 8: expected a time like 17/May/2015:10:05:03 +0000")
        << time;
  }
}

TEST(CombinedReader, refuses_every_prefix_that_lacks_a_column) {
  CombinedReading read;
  const std::string line = kStart + "\"GET / HTTP/1.1\" 200 17 \"r\\\"\" \"u\"";
  const std::size_t common = line.find("17 \"r");
  for (std::size_t size = 1; size < line.size(); ++size) {
    // Cut within the number of bytes or right behind it, it is common log format.
    const bool fine = size > common && size <= common + 3;
    EXPECT_EQ(read.error(line.substr(0, size)).empty(), fine) << line.substr(0, size);
  }
}

TEST(CombinedReader, survives_empty_input_nul_bytes_and_long_lines) {
  CombinedReading read;
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\r\n \n\n").empty());
  EXPECT_NE(read.error(std::string("\0\0\0", 3)), "");
  const std::string start = kStart + "\"GET / HTTP/1.1\" 200 1 \"-\" \"";
  const std::string longest = start + std::string(Reader::kMaxLine - start.size() - 1, 'x') + "\"";
  EXPECT_EQ(read.error(longest), "");
  EXPECT_EQ(read.error(longest + "x"), "the line has more than 1048576 bytes");
  EXPECT_EQ(read("\xEF\xBB\xBF" + kStart + "\"-\" 408 0").at(0).parse_error, "");
}

TEST(CombinedReader, reads_a_real_access_log) {
  LOGBRAID_SHARED_OR_SKIP(path, "data/logs/apache_access.log");
  CombinedReading read;
  const auto& records = read(test::bytes_of(path));
  ASSERT_EQ(records.size(), 10'000u);
  std::map<std::string, int> fields;
  for (const Record& record : records) {
    if (record.malformed()) continue;
    for (const Field& f : record.event.fields()) ++fields[std::string(f.key_text())];
  }
  // Line 8899 is cut off within its user agent; all others have the full shape.
  const std::map<std::string, int> expected = {
      {"bytes", 9330},     {"client_ip", 9999},  {"method", 9999}, {"path", 9999},
      {"protocol", 9999},  {"referer", 5927},    {"status", 9999}, {"time", 9999},
      {"timestamp", 9999}, {"user_agent", 9809},
  };
  EXPECT_EQ(fields, expected);
  EXPECT_EQ(records[8898].parse_error, "byte 111: a quoted column without closing quote");
  EXPECT_EQ(field(records[5850], "referer"),
            R"(http://\xe4\xe5\xe3\xf2\xff\xf0\xed\xee\xe5-\xec\xfb\xeb\xee.\xf0\xf4/)");
  EXPECT_EQ(field(records[0], "timestamp"), "2015-05-17T10:05:03+00:00");
}

}  // namespace
}  // namespace logbraid
