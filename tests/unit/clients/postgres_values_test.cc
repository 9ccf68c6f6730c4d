#include "clients/postgres_values.h"

#include <gtest/gtest.h>

#include "core/json_text.h"

namespace logbraid {
namespace {

using namespace postgres_type;

TEST(postgres_values, have_the_types_of_their_columns) {
  constexpr unsigned kInet = 869;
  const struct {
    unsigned type;
    const char* text;
    const char* json;
  } rows[] = {
      {kBool, "t", "true"},
      {kBool, "f", "false"},
      {kBool, "?", R"("?")"},
      {kInt2, "-32768", "-32768"},
      {kInt8, "9223372036854775807", "9223372036854775807"},
      {kInt4, "12x", R"("12x")"},
      {kOid, "4294967295", "4294967295"},
      {kFloat8, "0.1", "0.1"},
      {kFloat8, "1e+300", "1e+300"},
      {kFloat8, "NaN", R"("NaN")"},
      {kFloat4, "-Infinity", R"("-Infinity")"},
      {kNumeric, "1.10", "1.10"},
      {kNumeric, "123456789012345678901234567890.5", "123456789012345678901234567890.5"},
      {kJson, "{\"a\" :\n [1, 2]}", R"({"a" :  [1, 2]})"},
      {kJsonb, R"(["x"])", R"(["x"])"},
      {kJsonb, R"("a\"\u00e9")", "\"a\\\"\u00e9\""},
      {kJsonb, "null", "null"},
      {kJsonb, "1.50", "1.50"},
      {kJson, "{broken", R"("{broken")"},
      {kText, "", R"("")"},
      {kText, "a\"b", R"("a\"b")"},
      {kText, "\xff", "\"\uFFFD\""},
      {kInet, "10.0.0.1/32", R"("10.0.0.1/32")"},
  };
  PostgresValues values;
  for (const auto& row : rows) {
    std::string json;
    append_json(json, values.value(row.type, row.text));
    EXPECT_EQ(json, row.json) << row.type << ' ' << row.text;
  }
}

TEST(postgres_values, of_an_array_are_quoted_whatever_is_in_them) {
  std::string literal;
  begin_postgres_array(literal);
  for (const char* const text : {"a", "", "NULL", "{}", "a,b", "\"", "\\", " x ", "{"}) {
    append_postgres_element(literal, text);
  }
  end_postgres_array(literal);
  EXPECT_EQ(literal, R"({"a","","NULL","{}","a,b","\"","\\"," x ","{"})");
}

TEST(postgres_values, know_how_keys_are_spelled) {
  const struct {
    unsigned type;
    const char* key;
    bool same;
  } rows[] = {
      {kText, " Any ", true},
      {kInt4, "0", true},
      {kInt4, "-17", true},
      {kInt8, "007", false},
      {kInt4, "-0", false},
      {kInt4, "+1", false},
      {kInt4, " 1", false},
      {kInt4, "", false},
      {kInt4, "-", false},
      {kUuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", true},
      {kUuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", false},
      {kUuid, "a0eebc999c0b4ef8bb6d6bb9bd380a11", false},
      {kNumeric, "1", false},
  };
  for (const auto& row : rows) EXPECT_EQ(is_spelled_like(row.type, row.key), row.same) << row.key;
}

}  // namespace
}  // namespace logbraid
