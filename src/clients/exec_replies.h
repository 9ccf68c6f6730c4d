#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/batch.h"
#include "format/json_reader.h"

namespace logbraid {

// One answer of a child: {"id": 17, "set": {...}}, {"id": 17, "remove": ["a.b"]}, both of them,
// {"id": 17, "no_match": true} or {"id": 17, "error": "why"}, with "bad_event": true where the
// event is to blame. Other members mean nothing.
struct ExecReply {
  enum class What : std::uint8_t {
    set,  // or remove
    no_match,
    error,
    unreadable,  // no JSON object, or one without an id: nobody knows whose answer it is
  };
  std::uint64_t id = 0;
  What what = What::unreadable;
  // set: the object's JSON, empty where there is none. error, unreadable: why.
  std::string_view text;
  // error: it says nothing about the child.
  bool blames_event = false;
  // set: a JSON array of paths, empty where there is none.
  std::string_view remove;
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
  void read_fields(const Event& event, ExecReply& reply);

  JsonReader reader_;
  Batch batch_{4096};
};

}  // namespace logbraid
