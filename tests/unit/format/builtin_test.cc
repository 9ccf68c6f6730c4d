#include "format/builtin.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/reading.h"

namespace logbraid {
namespace {

TEST(BuiltinFormats, have_names_of_their_own_and_words_for_people) {
  std::set<std::string_view> names;
  for (const FormatKind& kind : builtin_formats()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
    EXPECT_FALSE(kind.help.empty()) << kind.name;
    EXPECT_TRUE(kind.input() || kind.output) << kind.name;
  }
}

TEST(BuiltinFormats, make_the_reader_of_that_name) {
  const std::string_view line = "{\"a\":1}";
  Batch batch;
  const auto read = [&](std::string_view format) -> std::string {
    test::fill(batch, line);
    make_reader(format)->read(batch);
    return test::describe(batch.records().at(0).event);
  };
  EXPECT_EQ(read("json"), "a: number: 1\n");
  EXPECT_EQ(read("text"), "message: text: {\"a\":1}\n");
  EXPECT_EQ(read("combined"),
            "message: text: {\"a\":1}\nparse_error: text: byte 8: expected the identity\n");
  EXPECT_EQ(make_reader("xml"), nullptr);
  EXPECT_EQ(make_reader(""), nullptr);
}

}  // namespace
}  // namespace logbraid
