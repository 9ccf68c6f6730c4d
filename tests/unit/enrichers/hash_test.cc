#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::enrich_one;
using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

TEST(HashTest, gives_the_digests_other_tools_give) {
  // xxhsum -H3, xxhsum -H2; RFC 4231, test cases 1 and 6.
  const std::string short_key(20, '\x0b');
  const std::string long_key(131, '\xaa');
  const struct {
    std::string settings;
    std::string text;
    const char* digest;
  } rows[] = {
      {R"({"input": "x"})", "", "2d06800538d394c2"},
      {R"({"input": "x"})", "hello", "9555e8555c62dcfd"},
      {R"({"input": "x", "algorithm": "xxh3_128"})", "hello", "b5e9c1ad071b3e7fc779cfaa5e523818"},
      {R"({"input": "x", "algorithm": "hmac_sha256", "key": ")" + short_key + "\"}", "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {R"({"input": "x", "algorithm": "hmac_sha256", "key": ")" + long_key + "\"}",
       "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(enrich_one(hash_enricher(), row.settings, R"({"x":")" + row.text + "\"}").fields,
              R"({"hash":")" + std::string(row.digest) + "\"}")
        << row.text;
  }
}

TEST(HashTest, several_fields_are_joined) {
  const auto joined = enrich_one(hash_enricher(), R"({"input": ["a", "b.c", "d"]})",
                                 R"({"a":"x","b":{"c":-7},"d":true})");
  EXPECT_EQ(joined.fields,
            enrich_one(hash_enricher(), R"({"input": "t"})", R"({"t":"x|-7|true"})").fields);
  const auto other = enrich_one(hash_enricher(), R"({"input": ["a", "b"], "separator": ""})",
                                R"({"a":"he","b":"llo"})");
  EXPECT_EQ(other.fields, R"({"hash":"9555e8555c62dcfd"})");
}

TEST(HashTest, what_is_no_string_is_hashed_as_json_spells_it) {
  const std::pair<const char*, const char*> rows[] = {
      {"12", "12"},
      {"-0.50", "-0.50"},
      {"1e400", "1e400"},
      {"true", "true"},
      {"[1, 2]", "[1, 2]"},
      {R"("\u0041")", "A"},
      {"18446744073709551615", "18446744073709551615"},
  };
  for (const auto& [value, text] : rows) {
    EXPECT_EQ(
        enrich_one(hash_enricher(), R"({"input": "x"})", R"({"x":)" + std::string(value) + "}")
            .fields,
        enrich_one(hash_enricher(), R"({"input": "x"})", R"({"x":")" + std::string(text) + "\"}")
            .fields)
        << value;
  }
}

TEST(HashTest, absent_and_null_are_no_match) {
  for (const char* event : {"{}", R"({"a":null,"b":1})", R"({"a":1})", R"({"a":1,"b":null})"}) {
    const auto enriched = enrich_one(hash_enricher(), R"({"input": ["a", "b"]})", event);
    EXPECT_EQ(enriched.result, CallResult::no_match) << event;
    EXPECT_EQ(enriched.fields, "{}") << event;
  }
  EXPECT_EQ(enrich_one(hash_enricher(), R"({"input": "a"})", R"({"a":null})").result,
            CallResult::no_match);
}

TEST(HashTest, encodes_and_truncates) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"input": "x", "truncate": 4})", "9555e855"},
      {R"({"input": "x", "encoding": "base64"})", "lVXoVVxi3P0="},
      {R"({"input": "x", "encoding": "base64", "truncate": 6})", "lVXoVVxi"},
      {R"({"input": "x", "truncate": 8})", "9555e8555c62dcfd"},
  };
  for (const auto& [settings, digest] : rows) {
    EXPECT_EQ(enrich_one(hash_enricher(), settings, R"({"x":"hello"})").fields,
              R"({"hash":")" + std::string(digest) + "\"}");
  }
}

TEST(HashTest, a_megabyte_is_hashed_whole) {
  const std::string long_text(1'000'000, 'a');
  const auto one =
      enrich_one(hash_enricher(), R"({"input": "x"})", R"({"x":")" + long_text + "\"}");
  const auto other =
      enrich_one(hash_enricher(), R"({"input": "x"})", R"({"x":")" + long_text + "b\"}");
  EXPECT_EQ(one.result, CallResult::ok);
  EXPECT_NE(one.fields, other.fields);
}

TEST(HashTest, one_key_serves_many_threads) {
  const auto instance = make_enricher(
      hash_enricher(),
      R"({"input": "x", "algorithm": "hmac_sha256", "key": "0123456789abcdef", "output": "h"})");
  ASSERT_TRUE(instance.has_value());
  std::vector<std::string> alone;
  for (int i = 0; i < 50; ++i) {
    alone.push_back(enrich_one(*instance, R"({"x":)" + std::to_string(i) + "}").fields);
  }
  std::vector<std::vector<std::string>> found(24);  // more than there are contexts kept
  std::vector<std::thread> threads;
  for (auto& list : found) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        list.push_back(enrich_one(*instance, R"({"x":)" + std::to_string(i) + "}").fields);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& list : found) EXPECT_EQ(list, alone);
}

TEST(HashTest, refuses_settings_that_do_not_fit) {
  const std::pair<const char*, const char*> rows[] = {
      {"{}", "input"},
      {R"({"input": []})", "names no field"},
      {R"({"input": "x", "algorithm": "md5"})", "xxh3"},
      {R"({"input": "x", "algorithm": "hmac_sha256"})", "at least 16"},
      {R"({"input": "x", "algorithm": "hmac_sha256", "key": "hunter2"})", "7 bytes"},
      {R"({"input": "x", "key": "0123456789abcdef"})", "only hmac_sha256"},
      {R"({"input": "x", "truncate": 0})", "truncate"},
      {R"({"input": "x", "truncate": 9})", "truncate"},
      {R"({"input": "x", "encoding": "hexx"})", "hex"},
  };
  for (const auto& [settings, message] : rows) {
    EXPECT_THAT(make_error(hash_enricher(), settings), HasSubstr(message)) << settings;
    EXPECT_THAT(make_error(hash_enricher(), settings), Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace logbraid
