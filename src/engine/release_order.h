#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "engine/finished_part.h"
#include "logbraid/clock.h"

namespace logbraid {

// Says which finished parts may be written: in each lane those of the first batch that is not
// through with it. One lane keeps the order of the source; none lets everything go at once; many
// keep it for each key.
//
// Invariants: a lane is at the first batch that has not closed it; a batch that nothing is known of
//             has not, nor has one of which a part of that lane waits; parts of one batch and lane
//             go in the order they were put.
// Threads:    one at a time.
class ReleaseOrder {
 public:
  explicit ReleaseOrder(unsigned lanes) : at_(lanes, 0) {}

  // A batch has events in these lanes only. Not needed where its parts close all lanes in the end.
  void announce(std::uint64_t sequence, Lanes lanes, TimePoint now);
  void put(FinishedPart part, TimePoint now);
  // The next one that may be written.
  std::optional<FinishedPart> pop();

  bool released() const { return !released_.empty(); }

  // Since when others have waited for a batch to be through with one of `lanes`; nothing when none
  // do. Costs a look at each batch under way.
  std::optional<TimePoint> waited_for_since(std::uint64_t sequence, Lanes lanes) const;

 private:
  struct BatchState {
    Lanes open = ~Lanes{0};
    Lanes closing = 0;  // to be closed when nothing of them waits any more
    std::vector<FinishedPart> waiting;
  };

  BatchState& state_of(std::uint64_t sequence);
  bool may_go(const FinishedPart& part) const;
  void release(FinishedPart part, TimePoint now);
  void work_off(TimePoint now);
  void close(std::uint64_t sequence, Lanes lanes);
  void advance(unsigned lane);
  void look_again(std::uint64_t sequence, TimePoint now);

  std::vector<std::uint64_t> at_;     // by lane: the batch whose turn it is
  std::uint64_t first_ = 0;           // the sequence number of batches_[0]
  std::deque<BatchState> batches_;    // those that are not through
  std::vector<std::uint64_t> moved_;  // batches whose turn has come
  std::deque<FinishedPart> released_;
};

}  // namespace logbraid
