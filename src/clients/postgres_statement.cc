#include "clients/postgres_statement.h"

#include <algorithm>
#include <string_view>

namespace logbraid {

Result<PostgresShape> PostgresStatement::shape(const PGresult* description) const {
  PostgresShape shape;
  std::vector<std::string_view> names;
  for (int i = 0; i < PQnfields(description); ++i) {
    names.emplace_back(PQfname(description, i));
    shape.types.push_back(PQftype(description, i));
  }
  if (names.empty()) return Error("the query gives no columns; write select ...");
  auto row = sql_shape(names, columns);
  if (!row) return row.error();
  shape.row = *std::move(row);
  if (key_column.empty()) return shape;
  const auto key = std::ranges::find(names, key_column);
  if (key == names.end()) {
    return Error("the result has no column \"" + key_column + "\", which key_column names");
  }
  shape.key = static_cast<std::size_t>(key - names.begin());
  return shape;
}

std::string PostgresStatement::identity() const {
  std::string all = text + '\0' + key_column + '\0' + (takes_array ? 'a' : '1');
  for (const std::string& column : columns) all += column + '\0';
  return all;
}

}  // namespace logbraid
