#pragma once

#include <postgresql/libpq-fe.h>

#include <cstddef>
#include <string>
#include <vector>

#include "clients/sql_row.h"
#include "logbraid/result.h"

namespace logbraid {

// What the rows of a statement look like, as a server describes them.
struct PostgresShape {
  SqlShape row;
  std::vector<unsigned> types;  // of each column
  std::size_t key = 0;          // the column that says which key a row is for
};

// A query of the configuration. Its text never changes: what events say goes into parameters.
//
// Threads: immutable.
struct PostgresStatement {
  std::string text;
  std::size_t parameters = 1;
  bool takes_array = false;          // `any($1)`: one run is for many keys
  std::vector<std::string> columns;  // see sql_shape()
  std::string key_column;            // empty: the first

  // Of a result of PQdescribePrepared().
  Result<PostgresShape> shape(const PGresult* description) const;
  // Tells statements apart.
  std::string identity() const;
};

}  // namespace logbraid
