#pragma once

#include <maxminddb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/arena.h"
#include "logbraid/result.h"
#include "logbraid/value.h"
#include "support/cidr.h"

namespace logbraid {

// A MaxMind database (.mmdb), of any type, read into memory.
//
// libmaxminddb maps the file it opens, and a mapped file that somebody replaces in place
// (`cp new.mmdb old.mmdb`) ends the process with SIGBUS. So the file is copied into anonymous
// memory (a sealed memfd), and the library is given that: what happens to the file afterwards
// touches nobody.
//
// Threads:  immutable; look-ups from any thread.
// Lifetime: strings it gives are views of its memory.
// Errors:   open() names the file and what is wrong; a look-up gives libmaxminddb's reason, a
//           literal, where the data turn out to be corrupt.
// Memory:   the size of the file.
class GeoipDatabase {
 public:
  // Where a value lies in an entry: keys of maps and places in arrays, "subdivisions/0/iso_code".
  class Path {
   public:
    static Result<Path> parse(std::string_view text);

   private:
    friend class GeoipDatabase;
    std::unique_ptr<std::string> text_;  // keys, each with its final NUL
    std::vector<const char*> keys_;      // and a final null
  };

  struct Found {
    const char* error = nullptr;  // not null: the database is corrupt
    bool found = false;
    std::uint32_t entry = 0;  // equal for addresses that share their data
  };
  struct Read {
    const char* error = nullptr;
    Value value = {};  // absent where the entry has nothing there
  };

  static Result<GeoipDatabase> open(const std::string& file, std::uint64_t max_bytes);

  // Looks up an IPv4 address in an IPv6 database, too.
  Found find(const IpAddress& address) const;
  // Maps and arrays become JSON text in `arena`; binary data count as absent.
  Read read(std::uint32_t entry, const Path& path, Arena& arena) const;

  std::string_view type() const { return database_->metadata.database_type; }  // "GeoLite2-City"

 private:
  struct Close {
    void operator()(MMDB_s* database) const;
  };
  using Handle = std::unique_ptr<MMDB_s, Close>;
  explicit GeoipDatabase(Handle database) : database_(std::move(database)) {}

  Handle database_;
};

}  // namespace logbraid
