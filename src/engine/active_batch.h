#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/batch_run.h"
#include "engine/event_release.h"
#include "engine/finished_part.h"
#include "logbraid/clock.h"

namespace logbraid {

// A batch on a shard, and what has left it already.
struct ActiveBatch : BatchRun {
  using BatchRun::BatchRun;

  std::size_t place = 0;  // among the shard's
  // What is put last: all that was not put before.
  FinishedPart rest;
  std::uint32_t written = 0;  // events into `rest`, while all that were admitted are done
  // From the first event on that was not done when it was admitted.
  std::optional<EventRelease> release;
  std::vector<std::uint8_t> lanes;  // of each event, with by_key
  bool ended_some = false;          // since something was released
  bool in_output = false;           // its last part was put

  struct Admission {
    std::uint32_t first;
    TimePoint at;
  };
  std::vector<Admission> admissions;  // where `hold` is set
  // When an event was let into the window; the far future for one that was not.
  TimePoint admitted_at(std::uint32_t event) const {
    if (event >= admitted) return TimePoint::max();
    TimePoint at{};
    for (const Admission& each : admissions) {
      if (each.first <= event) at = each.at;
    }
    return at;
  }
};

}  // namespace logbraid
