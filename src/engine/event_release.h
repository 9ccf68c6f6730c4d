#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/finished_part.h"
#include "logbraid/clock.h"
#include "logbraid/execution.h"

namespace logbraid {

// Says which finished events of one batch may be written: with `preserve` the unbroken prefix, with
// `by_key` that of each lane, with `any` all of them. What other batches have to do with it is
// ReleaseOrder's.
//
// Threads: the shard's.
class EventRelease {
 public:
  // `lanes`: of each event, with by_key; else empty.
  EventRelease(Order order, std::uint32_t events, std::span<const std::uint8_t> lanes);

  // The event is done, each one once.
  void done(std::uint32_t event, TimePoint at);

  // Calls take(lane, event, waited) for each event that may be written now, in order within a lane.
  // `waited` is what it lost behind earlier events of the batch.
  template <class Take>
  void release(Take&& take) {
    for (const std::uint32_t event : ready_) take(0u, event, Duration::zero());
    ready_.clear();
    for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
      Lane& at = lanes_[lane];
      for (; at.next != at.end; ++at.next) {
        const std::uint32_t event = event_at(at.next);
        if (!is_done(event)) break;
        at.latest = std::max(at.latest, done_at_[event]);
        take(lane, event, at.latest - done_at_[event]);
      }
    }
  }

  // Lanes in which events have not been released yet.
  Lanes open() const;

  // Calls blocking(event) for each event that is not done while a later one of its lane has been
  // since `limit` or longer, and for all in `awaited`, lanes that other batches wait for.
  template <class Blocking>
  void find_blocking(TimePoint limit, Lanes awaited, Blocking&& blocking) const {
    for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
      const Lane& at = lanes_[lane];
      std::uint32_t end = at.end;
      if ((awaited >> lane & 1) == 0) {
        while (end != at.next && done_at_[event_at(end - 1)] > limit) --end;
      }
      for (std::uint32_t i = at.next; i < end; ++i) {
        if (!is_done(event_at(i))) blocking(event_at(i));
      }
    }
  }

 private:
  struct Lane {
    std::uint32_t next = 0;  // places in `sequence_`
    std::uint32_t end = 0;
    TimePoint latest{};  // when the last of those released was done, at the latest
  };
  static constexpr TimePoint kOpenYet = TimePoint::max();

  std::uint32_t event_at(std::uint32_t place) const {
    return sequence_.empty() ? place : sequence_[place];
  }
  bool is_done(std::uint32_t event) const { return done_at_[event] != kOpenYet; }

  std::vector<Lane> lanes_;              // none with `any`
  std::vector<std::uint32_t> sequence_;  // events lane by lane; empty: as they are
  std::vector<TimePoint> done_at_;       // by event
  std::vector<std::uint32_t> ready_;     // with `any`
};

}  // namespace logbraid
