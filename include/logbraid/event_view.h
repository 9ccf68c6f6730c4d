#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "logbraid/event.h"
#include "logbraid/patch.h"
#include "logbraid/value.h"

namespace logbraid {

// The ancestors of one node of a plan, as bits over the plan order.
struct AncestorSet {
  const std::uint64_t* words = nullptr;
  std::uint32_t word_count = 0;
};

// Told which paths are looked up through a view: how what enrichers read is watched.
//
// Threads: the call's own.
class ReadObserver {
 public:
  virtual void looked_up(PathView path) = 0;

 protected:
  ~ReadObserver() = default;
};

// What an enricher sees: the input event and the patches of its ancestors in the graph; nothing
// else, in every mode. Reading looks in the ancestors' patches, last in plan order first, then in
// the event.
//
// Threads:  const; several views of one event may be read at once, each with its own arena.
// Lifetime: values live as long as the call (strings that need decoding: in `arena`).
// Cost:     a few ns for a top-level field; objects that patches have changed are put together.
class EventView {
 public:
  EventView() = default;
  // `patches` is the event's row: one patch a node, in plan order; only those in `ancestors` are
  // looked at. `stop`: of a pool call, else null.
  EventView(const Event& event, const Patch* patches, AncestorSet ancestors, Arena& arena,
            const std::stop_token* stop = nullptr)
      : event_(&event), patches_(patches), ancestors_(ancestors), arena_(&arena), stop_(stop) {}
  // The event alone.
  EventView(const Event& event, Arena& arena) : event_(&event), arena_(&arena) {}

  // The value at a path; absent where there is none. Strings are decoded.
  Value get(PathView path) const;
  bool exists(PathView path) const { return !get(path).absent(); }
  // The string at a path; empty where it is absent or no string.
  std::string_view get_string(PathView path) const { return get(path).as_string().value_or(""); }

  // Appends all of it as one JSON object on one line: for code that takes whole events.
  void append_json(std::string& out) const;

  // Tells an observer, which must outlive the view and its copies, of each path looked up; null:
  // nobody. What is read through input() and append_json() it does not learn.
  void observe(ReadObserver* observer) { observer_ = observer; }

  // The event as it was read, before any enricher.
  const Event& input() const { return *event_; }
  // Scratch memory for the call.
  Arena& arena() const { return *arena_; }
  // For code in the pool that blocks: asked to stop when nobody waits for the result any more. What
  // runs inline is never asked, and a coroutine asks its AsyncContext.
  std::stop_token stop_token() const { return stop_ == nullptr ? std::stop_token() : *stop_; }

 private:
  const Event* event_ = nullptr;
  const Patch* patches_ = nullptr;
  AncestorSet ancestors_;
  Arena* arena_ = nullptr;
  ReadObserver* observer_ = nullptr;
  const std::stop_token* stop_ = nullptr;
};

}  // namespace logbraid
