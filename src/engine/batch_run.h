#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "engine/guarded_call.h"
#include "engine/watched_event.h"
#include "logbraid/execution.h"
#include "logbraid/patch.h"

namespace logbraid {

struct EventRun;

// A batch on its way through the plan: for each event a row of patches and outcomes in the batch's
// arena, event by event, in plan order.
//
// Invariant: the batch's memory may be used again when `open` is 0 (every event has all its
//            outcomes and was written) and `held` is 0 (no started call can touch it any more). A
//            call that is late holds its batch, never the event.
// Threads:   the shard's. Pool threads read the event and the patches of ancestors that are done,
//            which nobody changes any more; what they write is their own.
class BatchRun {
 public:
  // `status`: what is told in the event about the enrichers; null: nothing.
  // `keeps_reasons`: whether slots have a place for what failed calls say, also without a status.
  BatchRun(std::unique_ptr<Batch> batch, std::uint32_t nodes, const StatusOptions* status = nullptr,
           bool keeps_reasons = false)
      : batch_(std::move(batch)),
        nodes_(nodes),
        width_(nodes + (status != nullptr ? 1 : 0)),
        event_runs_(batch_->records().size()) {
    Arena& arena = batch_->arena();
    const std::size_t cells = batch_->records().size() * width_;
    patches_ = static_cast<Patch*>(arena.allocate(cells * sizeof(Patch) + 1, alignof(Patch)));
    outcomes_ = arena.allocate_array<Outcome>(cells);
    for (std::size_t i = 0; i < cells; ++i) {
      new (patches_ + i) Patch(&arena);
      outcomes_[i] = kOpen;
    }
    if (status != nullptr || keeps_reasons) {
      reasons_ = arena.allocate_array<std::string_view>(cells);
      std::uninitialized_value_construct_n(reasons_, cells);
    }
    if (status != nullptr && status->times) {
      times_ = arena.allocate_array<Duration>(cells);
      std::uninitialized_fill_n(times_, cells, Duration::zero());
    }
    open = events();
  }

  std::uint32_t events() const { return static_cast<std::uint32_t>(batch_->records().size()); }
  Slot slot(std::uint32_t event) const {
    const std::size_t first = std::size_t{event} * width_;
    return {&batch_->records()[event].event,
            patches_ + first,
            outcomes_ + first,
            reasons_ == nullptr ? nullptr : reasons_ + first,
            times_ == nullptr ? nullptr : times_ + first,
            watched_.empty() ? nullptr : watched_[event].get()};
  }
  // Keeps what is looked up in this event; before it is admitted.
  void watch(std::uint32_t event) {
    if (watched_.empty()) watched_.resize(events());
    watched_[event] = std::make_unique<WatchedEvent>(nodes_);
  }
  bool any_watched() const { return !watched_.empty(); }
  // All that is written of an event: the patches in plan order, then the status.
  std::span<const Patch> row(std::uint32_t event) const {
    return {patches_ + std::size_t{event} * width_, width_};
  }
  // Where the event is in the window; null before and afterwards.
  EventRun* event_run(std::uint32_t event) const { return event_runs_[event]; }
  void set_event_run(std::uint32_t event, EventRun* run) { event_runs_[event] = run; }
  Batch& batch() { return *batch_; }
  const Batch& batch() const { return *batch_; }
  std::unique_ptr<Batch> take_batch() { return std::move(batch_); }

  std::uint32_t open = 0;      // events that have not all their outcomes
  std::uint32_t held = 0;      // started calls that may still touch the batch
  std::uint32_t admitted = 0;  // events that were let into the window
  // Events in the order in which they were done; with `lists_inline` also those that were while
  // admit() ran, which nobody needs to be told of one by one.
  std::vector<std::uint32_t> ended;
  std::size_t ended_seen = 0;  // those of them that were looked at
  bool lists_inline = false;
  bool written = false;

 private:
  std::unique_ptr<Batch> batch_;
  std::uint32_t nodes_;
  std::uint32_t width_;  // of a row: a patch for each node and for the status
  std::vector<EventRun*> event_runs_;
  Patch* patches_;
  Outcome* outcomes_;
  std::string_view* reasons_ = nullptr;
  Duration* times_ = nullptr;
  std::vector<std::unique_ptr<WatchedEvent>> watched_;  // by event; empty: none is
};

}  // namespace logbraid
