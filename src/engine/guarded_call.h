#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/watched_event.h"
#include "logbraid/clock.h"
#include "logbraid/event_view.h"
#include "logbraid/outcome.h"
#include "logbraid/plan.h"
#include "metrics/run_metrics.h"

namespace logbraid {

// The place of a node that has no outcome yet.
inline constexpr Outcome kOpen = static_cast<Outcome>(0xFF);

// One event on its way through the plan: what was read, a patch and an outcome a node.
struct Slot {
  const Event* event = nullptr;
  Patch* patches = nullptr;
  Outcome* outcomes = nullptr;
  WatchedEvent* watched = nullptr;  // of the few events of which it is
};

// One enricher on one shard: everything that stands between "its dependencies are done" and its
// code, and between its code and its outcome: requirements, conditions, `when`, exceptions, the cap
// of a patch, counting. The only place that catches what an enricher throws.
//
// Threads: the shard's. protect() also from pool threads.
class GuardedCall {
 public:
  GuardedCall(const ExecutionPlan& plan, std::uint32_t node, const LocalHour& local_hour);

  // The outcome of a call that is not made; nothing: make it.
  std::optional<Outcome> refusal(const Slot& slot, Arena& arena) const {
    return checks_ ? check(slot, arena) : std::nullopt;
  }

  // What this node sees of an event.
  EventView view(const Slot& slot, Arena& arena) const {
    EventView seen(*slot.event, slot.patches, ancestors_, arena);
    if (slot.watched != nullptr) [[unlikely]]
      seen.observe(&slot.watched->observer(node_));
    return seen;
  }

  // Calls an inline enricher for each slot in turn, refusals included, and settles each.
  void run(std::span<const Slot> slots, Arena& arena, const Clock& clock);

  // Gives the node its outcome for this event; a patch of a failed call is forgotten.
  void settle(const Slot& slot, const EnrichStatus& status);
  void settle(const Slot& slot, Outcome outcome);

  // Runs code of an enricher; whatever it throws becomes an error whose text lives in `arena`.
  template <class Code>
  static EnrichStatus protect(Arena& arena, Code&& code) noexcept {
    try {
      return code();
    } catch (...) {
      return describe_exception(arena);
    }
  }

  std::uint32_t node() const { return node_; }
  const PlanNode& plan_node() const { return plan_node_; }
  EnricherMetrics& metrics() { return metrics_; }
  const EnricherMetrics& metrics() const { return metrics_; }
  void record(Duration latency) {
    ++metrics_.timed_calls;
    metrics_.busy += latency;
    metrics_.latency.record(latency);
  }

 private:
  // One inline call in so many is timed on its own.
  static constexpr std::uint32_t kTimedShare = 64;

  std::optional<Outcome> check(const Slot& slot, Arena& arena) const;
  void run_sync(SyncEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                const Clock& clock);
  void run_batch(BatchEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                 const Clock& clock);
  static EnrichStatus describe_exception(Arena& arena) noexcept;

  const PlanNode& plan_node_;
  const std::uint32_t node_;
  const AncestorSet ancestors_;
  const LocalHour& local_hour_;
  const bool checks_;  // whether refusal() has anything to look at
  std::uint32_t until_timed_ = 0;
  EnricherMetrics metrics_;
  std::vector<BatchCall> calls_;       // of run_batch(), kept for their memory
  std::vector<std::uint32_t> called_;  // their slots
};

}  // namespace logbraid
