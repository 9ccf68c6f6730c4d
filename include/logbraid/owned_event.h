#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/event.h"
#include "logbraid/path.h"
#include "logbraid/result.h"
#include "logbraid/value.h"

namespace logbraid {

class Batch;

// An event to be enriched, with the memory it stands in.
//
//   auto event = OwnedEvent::from_json(R"({"ip":"192.0.2.7"})");
//   auto event = EventBuilder().set(FieldPath("ip"), "192.0.2.7").build();
//
// Threads:  one at a time.
// Lifetime: its own; nothing it was made from is needed any more.
// Errors:   from_json() refuses what is no JSON object and says where; every byte is checked.
// Blocking: never.
class OwnedEvent {
 public:
  // One JSON object, of at most 1 MiB, 4,096 fields and 64 levels. Line ends between its parts are
  // fine.
  static Result<OwnedEvent> from_json(std::string_view json);

  ~OwnedEvent();
  OwnedEvent(OwnedEvent&& other) noexcept;
  OwnedEvent& operator=(OwnedEvent&& other) noexcept;

  const Event& event() const;

  // For the engine. What is left may only be assigned to or destroyed.
  std::unique_ptr<Batch> take_batch() &&;

 private:
  explicit OwnedEvent(std::unique_ptr<Batch> batch);
  std::unique_ptr<Batch> batch_;  // of one record
};

// Puts an event together field by field: set() in the order in which they are to stand.
//
// Threads:  one at a time.
// Lifetime: copies what it is given.
// Errors:   kept until build(). Bytes of strings that are not UTF-8 become U+FFFD.
class EventBuilder {
 public:
  EventBuilder();
  ~EventBuilder();
  EventBuilder(const EventBuilder&) = delete;
  EventBuilder& operator=(const EventBuilder&) = delete;

  // As Patch::set(): `geo.country` nests, objects merge, a later value replaces an earlier one.
  EventBuilder& set(const FieldPath& path, const Value& value);
  // The event; the builder is empty then.
  Result<OwnedEvent> build();

 private:
  struct Fields;
  std::unique_ptr<Fields> fields_;
};

}  // namespace logbraid
