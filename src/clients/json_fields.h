#pragma once

#include <string_view>
#include <vector>

#include "format/json_pointer.h"
#include "logbraid/arena.h"
#include "logbraid/path.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"
#include "lookup/request.h"

namespace logbraid {

// Which parts of a JSON document become fields of the event: chosen ones, or all of it as one field
// or as members of the event itself.
//
// Threads: immutable.
class JsonFields {
 public:
  // `fields: {user.plan: /plan, user.org: /org/name}`.
  static Result<JsonFields> parse(const Setting& fields);
  // The whole document: a field; empty: the event itself.
  explicit JsonFields(FieldPath whole) : paths_{std::move(whole)}, pointers_(1) {}

  // For LookupParts::fields.
  const std::vector<FieldPath>& paths() const { return paths_; }
  // Whether it is members of the event itself.
  bool is_event() const { return paths_.front().empty(); }
  // The values found in `json` for the row that is begun; what is not there is left out.
  void read(std::string_view json, Request& request, Arena& arena) const;

 private:
  JsonFields() = default;
  std::vector<FieldPath> paths_;
  std::vector<JsonPointer> pointers_;
};

}  // namespace logbraid
