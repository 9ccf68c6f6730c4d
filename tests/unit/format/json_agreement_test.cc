// JsonReader against a second parser over seeded mutants of good lines, on each of simdjson's
// kernels that this machine can run.
#include "tests/support/json_agreement.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "format/json_reader.h"
#include "tests/support/reading.h"

namespace logbraid {
namespace {

using test::describe;
using test::disagreement;

const std::vector<std::string> kGoodLines = {
    R"({"a":1})",
    R"({"text":"a b c","none":null,"yes":true,"no":false,"count":-1.50e+3,"list":[1,"2",[]]})",
    R"({ "o" : { "p" : [ { "q" : "\u00e9\ud83d\ude00" } , 0.5 , -0 ] } , "z" : {} })",
    R"({"\u0061":"\"\\\/\b\f\n\r\t","":"","a\"b":[[[["deep"]]]]})",
    "{\"utf\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\",\"n\":12345678901234567890}",
    R"({"msg":"could not open \"C:\\x\\y\"","code":404,"t":1e10,"d":{"a":{"b":{"c":null}}}})",
    R"({"a":1,"a":2,"a":[true,false,null,"x"]})",
};

std::string mutant(std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return random() % limit; };
  static constexpr std::string_view kPieces[] = {"\"",
                                                 "\\",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 ":",
                                                 " ",
                                                 "\t",
                                                 "\r",
                                                 "0",
                                                 "1",
                                                 "-",
                                                 ".",
                                                 "e",
                                                 "E+",
                                                 "u",
                                                 "\\u",
                                                 "\\ud800",
                                                 "\\udc00",
                                                 "\\\"",
                                                 "tru",
                                                 "true",
                                                 "null",
                                                 "false",
                                                 "\x01",
                                                 "\x0c",
                                                 "\x1a",
                                                 "\x7f",
                                                 "\xC3",
                                                 "\xA4",
                                                 "\xED\xA0\x80",
                                                 "\xC0\x80",
                                                 "\xF4\x90\x80\x80",
                                                 "\xEF\xBB\xBF",
                                                 "//"};
  std::string line = kGoodLines[below(kGoodLines.size())];
  for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
    const std::size_t at = below(line.size() + 1);
    const std::size_t size = below(4);
    switch (below(6)) {
      case 0:
        line.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 1:
        line.erase(at, size + 1);
        break;
      case 2:
        line.replace(at, size, kPieces[below(std::size(kPieces))]);
        break;
      case 3:
        line.insert(at, line.substr(below(line.size() + 1), 1 + below(12)));
        break;
      case 4:
        if (at < line.size()) line[at] = static_cast<char>(below(256));
        break;
      case 5:
        if (at < line.size()) line[at] = static_cast<char>(line[at] ^ (1 << below(8)));
        break;
    }
    if (line.empty()) line = "x";
  }
  for (char& c : line) {
    if (c == '\n') c = '\0';
  }
  // A '\r' at the end would be taken for a part of the line end, a blank line for none.
  if (line.back() == '\r' || line.find_first_not_of(" \t\r") == line.npos) line += 'x';
  return line;
}

class JsonAgreement : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    chosen_ = simdjson::get_active_implementation();
    const auto* wanted = simdjson::get_available_implementations()[GetParam()];
    if (wanted == nullptr || !wanted->supported_by_runtime_system()) {
      GTEST_SKIP() << "this processor has no " << GetParam();
    }
    simdjson::get_active_implementation() = wanted;
  }
  void TearDown() override { simdjson::get_active_implementation() = chosen_; }

 private:
  const simdjson::implementation* chosen_ = nullptr;
};

TEST_P(JsonAgreement, agrees_with_a_second_parser_on_mutants_and_spares_their_neighbours) {
  constexpr int kBatches = 1000;
  constexpr std::size_t kMutants = 50;  // a batch
  const std::string good = R"({"before":"x\n","list":[1,{"a":"b"}],"end":true})";
  test::Reading<JsonReader> read;
  const std::string expected = describe(read(good).at(0));
  read.batch().sequence = 1;  // no byte order mark is skipped
  std::mt19937 random(20240601);
  int valid = 0;
  for (int b = 0; b < kBatches; ++b) {
    std::vector<std::string> mutants;
    std::string text;
    for (std::size_t i = 0; i < kMutants; ++i) {
      mutants.push_back(mutant(random));
      text += mutants.back() + "\n" + good + (i % 3 == 0 ? "\r\n" : "\n");
    }
    const auto& records = read(text);
    ASSERT_EQ(records.size(), 2 * kMutants);
    for (std::size_t i = 0; i < kMutants; ++i) {
      const Record& record = records[2 * i];
      ASSERT_EQ(record.line, mutants[i]);
      ASSERT_EQ(disagreement(record), "") << testing::PrintToString(mutants[i]);
      ASSERT_EQ(describe(records[2 * i + 1]), expected) << testing::PrintToString(mutants[i]);
      valid += record.malformed() ? 0 : 1;
    }
  }
  // Both kinds must occur in numbers, or nothing was tested.
  EXPECT_GT(valid, kBatches);
  EXPECT_LT(valid, kBatches * static_cast<int>(kMutants) / 2);
}

TEST_P(JsonAgreement, survives_a_line_that_ends_in_a_backslash) {
  test::Reading<JsonReader> read;
  for (const std::string_view bad :
       {"\\", "{\"a\":\"\\", "x \"\\", "{\"a\":1} \\", "{\"a\":1} \"\\"}) {
    const auto& records =
        read("{\"a\":\"b\"}\n" + std::string(bad) + "\n{\"a\":\"b\"}\n{\"a\":\"b\"}\n");
    ASSERT_EQ(records.size(), 4u) << bad;
    EXPECT_EQ(records[1].line, bad);
    for (const std::size_t i : {0u, 1u, 2u, 3u}) {
      EXPECT_EQ(records[i].malformed(), i == 1) << bad << ": " << records[i].parse_error;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, JsonAgreement,
                         testing::Values("icelake", "haswell", "westmere", "fallback"),
                         [](const auto& param) { return param.param; });

TEST(SecondJsonParser, refuses_and_passes_what_it_should) {
  const auto opinion = [](std::string_view line) {
    return test::read_with_second_parser(line).opinion;
  };
  for (const std::string& line : kGoodLines) EXPECT_EQ(opinion(line), test::SecondOpinion::valid);
  for (const std::string_view line : {R"({"a":"\ud800"})", R"({"a":"\udc00\ud800x"})"}) {
    EXPECT_EQ(opinion(line), test::SecondOpinion::valid) << line;
  }
  for (const std::string_view line :
       {"[1]", "1", "{\"a\":tru}", "{\"a\":01}", "{\"a\":\"\xED\xA0\x80\"}", "{\"a\":\"\\q\"}",
        "{} {}", "{\"a\":[1 2]}", "{\"a\":\"\t\"}"}) {
    EXPECT_EQ(opinion(line), test::SecondOpinion::invalid) << line;
  }
  EXPECT_EQ(opinion({"{}\0", 3}), test::SecondOpinion::invalid);
  EXPECT_EQ(opinion("{\"a\":1e400}"), test::SecondOpinion::none);
}

}  // namespace
}  // namespace logbraid
