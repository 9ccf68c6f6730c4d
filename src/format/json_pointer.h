#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/result.h"

namespace logbraid {

// A place in a JSON text as RFC 6901 writes it: "" is the whole, "/user/name", "/items/0/id"; `~1`
// stands for a slash in a key, `~0` for a tilde.
//
// Threads: immutable.
class JsonPointer {
 public:
  static Result<JsonPointer> parse(std::string_view text);

  // What stands there, as JSON text; nullopt where nothing does. Of duplicate keys the last counts.
  // `json` must be valid. Costs a walk over what stands before it; takes no memory.
  std::optional<std::string_view> find(std::string_view json) const;

  bool empty() const { return steps_.empty(); }

 private:
  struct Step {
    std::string key;
    std::optional<std::size_t> index;  // where it can be one of an array
  };
  std::vector<Step> steps_;
};

}  // namespace logbraid
