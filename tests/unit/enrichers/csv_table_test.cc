#include "enrichers/csv_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logbraid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Cells = std::vector<std::vector<std::string>>;

Cells cells_of(std::string_view text, char separator = ',') {
  const auto table = CsvTable::parse(text, separator, 1000);
  if (!table) return {{table.error().message}};
  Cells rows;
  rows.emplace_back(table->columns().begin(), table->columns().end());
  for (std::size_t i = 0; i < table->rows(); ++i) {
    rows.emplace_back(table->row(i).begin(), table->row(i).end());
  }
  return rows;
}

TEST(CsvTableTest, reads_what_rfc_4180_allows) {
  const struct {
    const char* name;
    std::string_view text;
    Cells cells;
  } rows[] = {
      {"plain", "a,b\n1,2\n3,4\n", {{"a", "b"}, {"1", "2"}, {"3", "4"}}},
      {"no final line end", "a,b\n1,2", {{"a", "b"}, {"1", "2"}}},
      {"CRLF", "a,b\r\n1,2\r\n", {{"a", "b"}, {"1", "2"}}},
      {"a lone CR is a character", "a,b\n1\r,2\n", {{"a", "b"}, {"1\r", "2"}}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n1,2\n",
       {{"a", "b"}, {"1", "2"}}},
      {"quotes", "\"a\",b\n\"x,y\",\"say \"\"hi\"\"\"\n", {{"a", "b"}, {"x,y", "say \"hi\""}}},
      {"line ends in quotes", "a,b\n\"1\n2\r\n3\",4\n", {{"a", "b"}, {"1\n2\r\n3", "4"}}},
      {"empty cells", "a,b,c\n,,\n\"\",2,\n", {{"a", "b", "c"}, {"", "", ""}, {"", "2", ""}}},
      {"blank lines", "\n\r\na\n\n1\n\n", {{"a"}, {"1"}}},
      {"blanks are kept", "a, b\n 1 ,\t2\n", {{"a", " b"}, {" 1 ", "\t2"}}},
      {"formulas are text", "a,b\n=1+1,@x\n", {{"a", "b"}, {"=1+1", "@x"}}},
      {"header alone", "a,b", {{"a", "b"}}},
      {"NUL", std::string_view("a\n\0x\n", 5), {{"a"}, {std::string("\0x", 2)}}},
  };
  for (const auto& row : rows) EXPECT_EQ(cells_of(row.text), row.cells) << row.name;
}

TEST(CsvTableTest, takes_any_separator) {
  EXPECT_EQ(cells_of("a;b\n1,0;2\n", ';'), (Cells{{"a", "b"}, {"1,0", "2"}}));
  EXPECT_EQ(cells_of("a\tb\n\"x\ty\"\t2\n", '\t'), (Cells{{"a", "b"}, {"x\ty", "2"}}));
}

TEST(CsvTableTest, names_the_line_of_what_is_broken) {
  const struct {
    std::string_view text;
    const char* message;
  } rows[] = {
      {"", "is empty"},
      {"\n\n", "is empty"},
      {"\xEF\xBB\xBF", "is empty"},
      {"a,b\n1\n", "line 2: 1 cells, but the header has 2"},
      {"a,b\n1,2\n1,2,3\n", "line 3: 3 cells"},
      {"a,b\n\"1\n2\",3\n4\n", "line 4: 1 cells"},
      {"a,b\n\n1,2,\n", "line 3: 3 cells"},
      {"a,a\n", "line 1: column \"a\" stands there twice"},
      {"a,b\n1,x\"y\n", "line 2: a quote inside a cell"},
      {"a,b\n1,\"y\"z\n", "line 2: characters behind a closing quote"},
      {"a,b\n1,2\n3,\"4\n5\n6\n", "line 3: a quote is opened and never closed"},
      {"a,b\n1,\"", "line 2: a quote is opened"},
      {"a\n1\n\xFF\n", "line 3: not UTF-8"},
  };
  for (const auto& row : rows) {
    const auto table = CsvTable::parse(row.text, ',', 1000);
    ASSERT_FALSE(table.has_value()) << row.text;
    EXPECT_THAT(table.error().message, HasSubstr(row.message)) << row.text;
  }
}

TEST(CsvTableTest, a_table_cut_off_at_any_byte_is_read_or_refused) {
  const std::string_view text = "\xEF\xBB\xBF\"a\",b\r\n\"x\"\"\n\",\xC3\xA4\r\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto table = CsvTable::parse(text.substr(0, size), ',', 10);
    EXPECT_TRUE(table.has_value() || !table.error().message.empty()) << size;
  }
}

TEST(CsvTableTest, counts_rows_and_lines) {
  const auto table = CsvTable::parse("a\n\"1\n\"\n\n2\n", ',', 2);
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->rows(), 2u);
  EXPECT_EQ(table->line(0), 2u);
  EXPECT_EQ(table->line(1), 5u);
  EXPECT_EQ(table->find_column("a"), 0u);
  EXPECT_EQ(table->find_column("b"), 1u);
  const auto over = CsvTable::parse("a\n1\n2\n3\n", ',', 2);
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().message, "line 4: over 2 rows");
}

}  // namespace
}  // namespace logbraid
