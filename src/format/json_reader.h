#pragma once

#include <string_view>

#include "format/json_walk.h"
#include "format/reader.h"
#include "format/structural_index.h"

namespace logbraid {

// Format `json`: one JSON object (RFC 8259) a line; its members are the fields.
//
// Every byte is checked, and what is valid is never refused: 1e400, integers of any length, -0,
// duplicate keys, lone surrogates ("\ud800") pass and keep their spelling. Blanks may stand around
// and within an object, CRLF ends lines too, a byte order mark may stand at the very start of the
// input. Refused are lines that are no object, and those over the limits of Reader.
class JsonReader : public Reader {
 public:
  // Not implicit, or JsonReader() would set its 130 KiB of memory to 0 first: 4 us an event where
  // one is read at a time.
  JsonReader();
  void read(Batch& batch) override;

 private:
  void read_lines(Batch& batch, std::string_view lines);
  void walk_lines(Batch& batch, std::string_view lines);

  StructuralIndex index_;
  JsonWalk walk_;
};

}  // namespace logbraid
