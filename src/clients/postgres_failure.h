#pragma once

#include <postgresql/libpq-fe.h>

#include <string>
#include <string_view>

#include "lookup/request.h"

namespace logbraid {

// Why PostgreSQL did not do what it was asked.
struct PostgresFailure {
  RequestError error = RequestError::none;
  std::string why;  // on one line; without the server's name

  explicit operator bool() const { return error != RequestError::none; }
};

// What an SQLSTATE is to whoever asked (PostgreSQL's documentation, appendix A).
RequestError postgres_error(std::string_view sqlstate);

// Of a result that is an error.
PostgresFailure failure_of(const PGresult* result);
// Of a connection that did not come to be, or broke. Its verbosity must be PQERRORS_VERBOSE: no
// function of libpq gives the SQLSTATE that a server refuses a connection with.
PostgresFailure failure_of(const PGconn* connection);
PostgresFailure connection_failure(std::string_view message);

}  // namespace logbraid
