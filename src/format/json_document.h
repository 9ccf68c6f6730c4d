#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "logbraid/arena.h"

namespace logbraid {

class JsonWalk;
class StructuralIndex;

// One JSON text of any kind (a reply of a service), checked as events are: what is valid by RFC
// 8259 passes and keeps its spelling, down to 63 levels. What it holds is then found by JsonPointer
// and the walks of core/json_text.h.
//
// Threads:  one at a time.
// Lifetime: json() until the next read().
// Errors:   read() is false; error() says where and why.
// Blocking: never.
class JsonDocument {
 public:
  JsonDocument();
  ~JsonDocument();

  bool read(std::string_view text);
  // The value, without blanks around it and without line ends in it: those between tokens have
  // become blanks, so that it can stand in a line.
  std::string_view json() const { return json_; }
  const std::string& error() const { return error_; }

 private:
  bool fail(const char* at, std::string_view why);

  std::unique_ptr<StructuralIndex> index_;
  std::unique_ptr<JsonWalk> walk_;
  Arena arena_;
  std::string text_;  // as the only member of an object, and the padding behind it
  std::string_view json_;
  std::string error_;
};

}  // namespace logbraid
