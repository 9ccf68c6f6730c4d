#include "clients/postgres_query_text.h"

#include <gtest/gtest.h>

namespace logbraid {
namespace {

TEST(postgres_query_text, finds_parameters_where_postgresql_does) {
  const struct {
    const char* query;
    std::size_t most;
    bool any_of_1;
  } rows[] = {
      {"select 1", 0, false},
      {"select * from t where a = $1 and b = $2", 2, false},
      {"select * from t where a = $12", 12, false},
      {"select * from t where a = any($1)", 1, true},
      {"select * from t where a = ANY ( $1::int[] )", 1, true},
      {"select * from t where a = some($1)", 1, true},
      {"select * from t where a = any(/* all */ $1)", 1, true},
      {"select * from t where a = any($2) and b = $1", 2, false},
      {"select * from t where a = any($10)", 10, false},
      {"select many($1)", 1, false},
      {"select any_value($1)", 1, false},
      {"select any, ($1)", 1, false},
      {"select '$1', \"$2\", 'it''s $3' from t", 0, false},
      {R"(select e'\'$1' from t where a = $2)", 2, false},
      {R"(select '\', $1, ')", 1, false},
      {"select $$ $1 $$, $q$ $2 $$ $3 $q$, $4", 4, false},
      {"select a$1 from t", 0, false},
      {"select 1 -- $1\n, $2", 2, false},
      {"select 1 /* $1 /* $2 */ $3 */, $4", 4, false},
      {"select 'never closed $1", 0, false},
      {"select /* never closed $1", 0, false},
      {"select $q$ never closed $1", 0, false},
      {"select e'\\", 0, false},
      {"select $99999999999999999999999", 65536, false},
      {"$", 0, false},
      {"", 0, false},
  };
  for (const auto& row : rows) {
    const PostgresParameters found = postgres_parameters(row.query);
    EXPECT_EQ(found.most, row.most) << row.query;
    EXPECT_EQ(found.any_of_1, row.any_of_1) << row.query;
  }
}

}  // namespace
}  // namespace logbraid
