// Batches as a source fills them, and what readers made of them as text that a test can compare.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "format/reader.h"

namespace logbraid::test {

// The bytes behind the text are whatever an earlier text left there: here the worst there is.
inline void fill(Batch& batch, std::string_view text, char behind = '}') {
  batch.reset();
  batch.reserve(text.size() + 1);
  if (!text.empty()) std::memcpy(batch.buffer(), text.data(), text.size());
  std::memset(batch.buffer() + text.size(), behind,
              batch.capacity() - text.size() + Batch::kPadding);
  batch.set_size(text.size());
}

inline std::string_view name_of(Token token) {
  switch (token) {
    case Token::null:
      return "null";
    case Token::boolean:
      return "boolean";
    case Token::number:
      return "number";
    case Token::string:
      return "string";
    case Token::object:
      return "object";
    case Token::array:
      return "array";
    case Token::text:
      return "text";
  }
  return "unknown";
}

// A line a field: "key escaped: string escaped: value".
inline std::string describe(const Event& event) {
  std::string out;
  for (const Field& field : event.fields()) {
    out += field.key_text();
    if (field.key_escaped) out += " escaped";
    out += ": ";
    out += name_of(field.token);
    if (field.raw_escaped) out += " escaped";
    out += ": ";
    out += field.raw_text();
    out += '\n';
  }
  return out;
}

// The same for a record, with its error and its line.
inline std::string describe(const Record& record) {
  std::string out = "line: " + std::string(record.line) + "\n";
  if (record.malformed()) out += "refused: " + std::string(record.parse_error) + "\n";
  return out + describe(record.event);
}

// Reads one text after the other with one reader and one batch, as a shard does.
template <class R>
class Reading {
 public:
  const std::vector<Record>& operator()(std::string_view text) {
    fill(batch_, text);
    reader_->read(batch_);
    return batch_.records();
  }
  // "" for a line that is fine, else why it was refused. The text must be one record.
  std::string error(std::string_view line) {
    const auto& records = (*this)(line);
    if (records.size() != 1) return "not one record";
    return std::string(records.front().parse_error);
  }
  Batch& batch() { return batch_; }

 private:
  std::unique_ptr<R> reader_ = std::make_unique<R>();
  Batch batch_;
};

}  // namespace logbraid::test
