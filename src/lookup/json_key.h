#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/event_view.h"
#include "logbraid/path.h"
#include "logbraid/result.h"
#include "lookup/key_template.h"

namespace logbraid {

// The key as a JSON object: chosen fields of the event where they stand in it, or all of it, with
// what its enricher's dependencies have added.
//
// `client_ip` and `user.id` make {"client_ip":"10.0.0.1","user":{"id":7}}. Fields that are absent
// are null; where all of them are null or absent the key is missing.
//
// Threads: immutable.
class JsonKey {
 public:
  // A whole event over this many bytes is refused. Chosen fields are for caches, and have the limit
  // of templates.
  static constexpr std::size_t kMostOfEvent = 1024 * 1024;

  // An error where there is none, or one stands there twice or within another.
  static Result<JsonKey> of(std::span<const FieldPath> fields);
  static JsonKey whole_event() { return {}; }

  // What it reads; of a whole event nothing, for that is not known.
  std::span<const FieldPath> fields() const { return fields_; }
  // As KeyTemplate::render().
  KeyResult render(const EventView& event, std::string& out, std::string_view& why) const;

 private:
  JsonKey() = default;

  std::vector<FieldPath> fields_;      // in the order they are written; none: the whole event
  std::vector<std::string> literals_;  // one before each field, one behind the last
};

}  // namespace logbraid
