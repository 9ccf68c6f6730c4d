#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/overlay.h"
#include "logbraid/arena.h"
#include "logbraid/event.h"
#include "logbraid/patch.h"

namespace logbraid {

// Writes events as JSON, one a line. What no patch touches comes out byte for byte, blanks between
// fields included (but for those of an object in which something is changed below, and where a
// field is removed); a field keeps its place, new ones follow in plan
// order. Records that were no JSON are written as objects.
//
// Threads:  one writer a shard; not thread-safe.
// Cost:     no allocation in a steady load.
class JsonWriter {
 public:
  // Appends one line. `patches` is the event's row: one patch a node, in plan order.
  void write(const Event& event, std::span<const Patch> patches, std::string& out);

  // Scalars replaced because a patch set a field below them.
  std::uint64_t conflicts() const { return overlay_.conflicts() + conflicts_; }

 private:
  struct Change {
    const Field* field;
    Overlay::Node* node;
  };

  // Whether the patches only add fields that are new, each once: the usual case, which needs no
  // sum.
  bool only_adds(const Event& event, std::span<const Patch> patches);
  void write_adding(const Event& event, std::span<const Patch> patches, std::string& out);
  void find_changes(const Event& event);
  void write_spliced(const Event& event, std::string& out);
  void write_by_member(const Event& event, std::string& out);
  static bool write_open(const Event& event, const char* copied, std::string& out);
  void write_additions(const char* separator, std::string& out);
  Overlay::Node* change_of(const Field& field) const;

  std::size_t added_bound_ = 0;  // of only_adds(): the most bytes of what is added; 0: nothing is
  std::vector<char> scratch_;
  Overlay overlay_;
  Arena nodes_;
  ArenaVector<Change> changes_;  // in order of the fields
  ArenaVector<Overlay::Node*> additions_;
  bool removes_ = false;
  std::uint64_t conflicts_ = 0;  // scalars of the input replaced by objects
};

}  // namespace logbraid
