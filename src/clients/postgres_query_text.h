#pragma once

#include <cstddef>
#include <string_view>

namespace logbraid {

// What the text of a query says of its parameters.
struct PostgresParameters {
  std::size_t most = 0;   // the n of the highest $n
  bool any_of_1 = false;  // `any($1)`: one array stands for many keys
};

// Looks for $n outside of quotes and comments, as PostgreSQL's lexer would.
PostgresParameters postgres_parameters(std::string_view query);

}  // namespace logbraid
