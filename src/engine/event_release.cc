#include "engine/event_release.h"

namespace logbraid {

EventRelease::EventRelease(Order order, std::uint32_t events, std::span<const std::uint8_t> lanes) {
  if (order == Order::any) return;
  done_at_.assign(events, kOpenYet);
  if (order == Order::preserve) {
    lanes_.resize(1);
    lanes_[0].end = events;
    return;
  }
  // Sorted by lane, in order within each: counted first, then placed.
  lanes_.resize(kMostLanes);
  for (const std::uint8_t lane : lanes) ++lanes_[lane].end;
  std::uint32_t before = 0;
  for (Lane& lane : lanes_) {
    const std::uint32_t count = lane.end;
    lane.next = lane.end = before;
    before += count;
  }
  sequence_.resize(events);
  for (std::uint32_t event = 0; event < events; ++event) {
    sequence_[lanes_[lanes[event]].end++] = event;
  }
}

void EventRelease::done(std::uint32_t event, TimePoint at) {
  if (lanes_.empty()) {
    ready_.push_back(event);
  } else {
    done_at_[event] = at;
  }
}

Lanes EventRelease::open() const {
  Lanes open = 0;
  for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].next != lanes_[lane].end) open |= Lanes{1} << lane;
  }
  return open;
}

}  // namespace logbraid
