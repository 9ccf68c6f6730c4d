#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "format/json_reader.h"

namespace logbraid::test {

// One event read from JSON, with the batch it lives in.
class EventOf {
 public:
  explicit EventOf(std::string_view json) {
    batch_.reserve(json.size());
    json.copy(batch_.buffer(), json.size());
    batch_.set_size(json.size());
    JsonReader().read(batch_);
  }

  const Event& event() const { return batch_.records().at(0).event; }
  Arena& arena() { return batch_.arena(); }

 private:
  Batch batch_;
};

}  // namespace logbraid::test
