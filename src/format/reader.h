#pragma once

#include <cstdint>
#include <memory>

#include "core/batch.h"

namespace logbraid {

// Turns the text of a batch into events, one a line. Blank lines are passed over. A line that is
// refused (see the format) becomes a record whose `parse_error` says why and whose event is
// {"message": the line, "parse_error": the reason}, bytes that are no UTF-8 replaced by U+FFFD:
// what `on_malformed: keep` writes.
//
// Threads:  one reader a shard; not thread-safe.
// Errors:   a bad line is a record, never an error of the batch, and does not touch its neighbours.
// Blocking: never.
class Reader {
 public:
  static constexpr std::size_t kMaxLine = 1024 * 1024;  // bytes without the line end
  static constexpr std::uint32_t kMaxFields = 4096;     // top-level members
  static constexpr std::uint32_t kMaxDepth = 64;        // nesting, the event itself counted

  virtual ~Reader() = default;
  virtual void read(Batch& batch) = 0;
};

}  // namespace logbraid
