#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/batch.h"
#include "format/json_reader.h"

namespace logbraid {

// One answer of a child: {"id": 17, "set": {...}}, {"id": 17, "no_match": true} or
// {"id": 17, "error": "why"}. Other members mean nothing.
struct ExecReply {
  enum class What : std::uint8_t {
    set,
    no_match,
    error,
    unreadable,  // no JSON object, or one without an id: nobody knows whose answer it is
  };
  std::uint64_t id = 0;
  What what = What::unreadable;
  // set: the object's JSON. error, unreadable: why.
  std::string_view text;
};

// Reads answers, of one child after the other.
//
// Threads: one.
class ExecReplies {
 public:
  // Calls `take` for each line that is not blank, until it is false. Views last as long as a call.
  void read(std::string_view lines, const std::function<bool(const ExecReply&)>& take);
  // Memory for whoever takes; empty again with the next read().
  Arena& arena() { return batch_.arena(); }

 private:
  ExecReply reply_of(const Record& record);

  JsonReader reader_;
  Batch batch_{4096};
};

}  // namespace logbraid
