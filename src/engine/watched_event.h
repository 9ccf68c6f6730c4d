#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "logbraid/event_view.h"
#include "logbraid/path.h"

namespace logbraid {

// Which paths each enricher looked up in one event.
//
// Threads:  each node's part is its call's own until the call has ended.
// Lifetime: the batch's: a call that is late still looks things up.
class WatchedEvent {
 public:
  explicit WatchedEvent(std::uint32_t nodes) : reads_(nodes) {}

  ReadObserver& observer(std::uint32_t node) { return reads_[node]; }
  // Each path once. Only where the node's call has ended.
  std::span<const FieldPath> reads(std::uint32_t node) const { return reads_[node].paths; }

 private:
  struct Reads final : ReadObserver {
    void looked_up(PathView path) override {
      for (const FieldPath& known : paths) {
        if (known.view() == path) return;
      }
      // A copy: a path may be made for one look-up and die with it.
      FieldPath kept = FieldPath::literal(path.front().key);
      for (const PathSegment& segment : path.without_front()) kept = kept.child(segment.key);
      paths.push_back(std::move(kept));
    }
    std::vector<FieldPath> paths;
  };

  std::vector<Reads> reads_;
};

}  // namespace logbraid
