#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "async/activity.h"
#include "engine/plan_state.h"
#include "engine/watched_event.h"
#include "logbraid/clock.h"
#include "logbraid/event_view.h"
#include "logbraid/outcome.h"
#include "logbraid/plan.h"
#include "metrics/recorder.h"
#include "resilience/breaker_front.h"

namespace logbraid {

// The place of a node that has no outcome yet, and of one whose call waits for its turn.
inline constexpr Outcome kOpen = static_cast<Outcome>(0xFF);
inline constexpr Outcome kWaiting = static_cast<Outcome>(0xFE);
constexpr bool is_open(Outcome outcome) { return outcome >= kWaiting; }

// One event on its way through the plan: what was read, a patch and an outcome a node.
struct Slot {
  const Event* event = nullptr;
  Patch* patches = nullptr;
  Outcome* outcomes = nullptr;
  std::string_view* reasons = nullptr;  // of errors, by node; null: nobody wants to know
  Duration* times = nullptr;            // of calls, by node; null: nobody wants to know
  WatchedEvent* watched = nullptr;      // of the few events of which it is
};

// One enricher on one shard: everything that stands between "its dependencies are done" and its
// code, and between its code and its outcome: requirements, conditions, `when`, health, breaker,
// exceptions, the cap of a patch, fallback, counting. The only place that catches what an enricher
// throws.
//
// Threads: the shard's. protect() also from pool threads.
class GuardedCall {
 public:
  GuardedCall(const ExecutionPlan& plan, std::uint32_t node, const LocalHour& local_hour,
              PlanState& state);

  // The outcome of a call that is not made; nothing: make it, if the breaker agrees.
  std::optional<Outcome> refusal(const Slot& slot, Arena& arena) const {
    return checks_ ? check(slot, arena) : std::nullopt;
  }
  // It must not be called now: it is not started, or its health check fails.
  bool unhealthy() const { return health_ != nullptr && !health_->may_be_called(); }
  BreakerFront& breaker() { return breaker_; }

  // What this node sees of an event.
  EventView view(const Slot& slot, Arena& arena, const std::stop_token* stop = nullptr) const {
    EventView seen(*slot.event, slot.patches, ancestors_, arena, stop);
    if (slot.watched != nullptr) [[unlikely]]
      seen.observe(&slot.watched->observer(node_));
    return seen;
  }

  // Calls an inline enricher for each slot in turn, refusals included, and settles each.
  // `loop_now`: the time of this turn of the loop, for what needs no better.
  void run(std::span<const Slot> slots, Arena& arena, const Clock& clock, TimePoint loop_now,
           Activity& activity);

  // Gives the node its outcome for this event. A patch of a failed call is forgotten; where there
  // is a fallback for the outcome it takes its place.
  void settle(const Slot& slot, const EnrichStatus& status);
  void settle(const Slot& slot, Outcome outcome);
  // Whether such an end of a call speaks against the enricher, not against the event.
  bool is_failure(const EnrichStatus& status, const Patch& patch) const {
    return (status.result == CallResult::error && !status.blames_event) || patch.overflowed();
  }

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
  PlanState::Node& shared() { return shared_; }
  EnricherRecorder& metrics() { return metrics_; }
  const EnricherRecorder& metrics() const { return metrics_; }
  void record(Duration latency) { metrics_.record(latency); }

 private:
  // One inline call in so many is timed on its own.
  static constexpr std::uint32_t kTimedShare = 64;

  // What must have become of one it requires.
  struct Requirement {
    std::uint32_t node;
    std::uint32_t fine;  // bits by outcome: ok, and those its fallback stands in for
  };

  std::optional<Outcome> check(const Slot& slot, Arena& arena) const;
  void run_sync(SyncEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                const Clock& clock, TimePoint loop_now);
  void run_batch(BatchEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                 const Clock& clock);
  void run_with_permit(const Slot& slot, Arena& arena, const Clock& clock);
  static EnrichStatus describe_exception(Arena& arena) noexcept;

  const PlanNode& plan_node_;
  const std::uint32_t node_;
  const AncestorSet ancestors_;
  const LocalHour& local_hour_;
  PlanState::Node& shared_;
  const EnricherHealth* const health_;  // null: it has no life cycle
  std::vector<Requirement> requirements_;
  const std::uint32_t falls_back_;  // bits by outcome
  bool checks_;                     // whether refusal() has anything to look at
  std::uint32_t until_timed_ = 0;
  BreakerFront breaker_;
  EnricherRecorder metrics_;
  std::vector<BatchCall> calls_;       // of run_batch(), kept for their memory
  std::vector<std::uint32_t> called_;  // their slots
};

}  // namespace logbraid
