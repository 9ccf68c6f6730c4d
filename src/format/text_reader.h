#pragma once

#include "format/reader.h"

namespace logbraid {

// Format `text`: each line as it stands is the field `message`. Any UTF-8 will do, control
// characters too; refused are lines that are not UTF-8 or over kMaxLine. A byte order mark at the
// very start of the input is no part of the first message, and the '\r' of CRLF of none.
class TextReader : public Reader {
 public:
  void read(Batch& batch) override;
};

}  // namespace logbraid
