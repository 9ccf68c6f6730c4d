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
  // over that of the url; empty: none.
  static Result<PostgresTarget> parse(const std::string& url, const std::string& password);

  // For messages: "db.example:5432/shop". Holds no secret.
  const std::string& name() const { return name_; }
  // Tells targets apart. Holds the password: not to be shown.
  std::string identity() const;

  // One of the list; empty where the url gives addresses itself (hostaddr).
  struct Host {
    std::string name;     // what a certificate is for
    std::string address;  // empty: of a name, or a socket
    std::string port;
    bool is_name = false;  // its address is to be found
  };
  const std::vector<Host>& hosts() const { return hosts_; }

  // The parameters, but for those that come from hosts(), of connections whose statements may only
  // read, and take no longer than that.
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  Parameters session(Duration statement_timeout) const;

 private:
  void set(const std::string& keyword, std::string value);
  const std::string& get(const std::string& keyword) const;  // "" where unset
  Result<void> take_hosts();

  Parameters parameters_;
  std::vector<Host> hosts_;
  std::string name_;
};

}  // namespace logbraid
