#pragma once

#include <string>
#include <utility>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/result.h"

namespace logbraid {

// Where a PostgreSQL is and how to sign in there, as libpq wants to know it.
//
// Threads: immutable.
class PostgresTarget {
 public:
  // `url`: postgresql://user:password@host:port/db?sslmode=..., or key=value pairs. `password`:
  // over that of the url; empty: none. A host that is a name is looked up here, once, and this may
  // block: libpq itself would do it on the shard's loop, at each connection.
  static Result<PostgresTarget> parse(const std::string& url, const std::string& password);

  // For messages: "db.example:5432/shop". Holds no secret.
  const std::string& name() const { return name_; }
  // Tells targets apart. Holds the password: not to be shown.
  std::string identity() const;

  // The parameters of connections whose statements may only read, and take no longer than that.
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  Parameters session(Duration statement_timeout) const;

 private:
  void set(const std::string& keyword, std::string value);
  const std::string& get(const std::string& keyword) const;  // "" where unset
  Result<void> resolve();

  Parameters parameters_;
  std::string name_;
};

}  // namespace logbraid
