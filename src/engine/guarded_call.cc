#include "engine/guarded_call.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/call_one.h"

namespace logbraid {
namespace {

// One that is empty says so by having no words: then nobody looks for a patch.
AncestorSet ancestors_of(const ExecutionPlan& plan, std::uint32_t node) {
  const AncestorSet all = plan.ancestors(node);
  const auto is_empty = [](std::uint64_t word) { return word == 0; };
  return std::all_of(all.words, all.words + all.word_count, is_empty) ? AncestorSet() : all;
}

constexpr std::uint32_t bit(Outcome outcome) {
  return std::uint32_t{1} << static_cast<unsigned>(outcome);
}

// Outcomes for which the fallback's fields are set. (resilience.md, "Fallback fields")
std::uint32_t fallback_outcomes(const EnricherMetadata& metadata) {
  if (metadata.fallback == nullptr) return 0;
  std::uint32_t bits = metadata.fallback_on_no_match ? bit(Outcome::no_match) : 0;
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (is_failure(outcome)) bits |= bit(outcome);
  }
  return bits;
}

}  // namespace

GuardedCall::GuardedCall(const ExecutionPlan& plan, std::uint32_t node, const LocalHour& local_hour,
                         PlanState& state)
    : plan_node_(plan.nodes()[node]),
      node_(node),
      ancestors_(ancestors_of(plan, node)),
      local_hour_(local_hour),
      shared_(state.node(node)),
      health_(shared_.health.get()),
      falls_back_(fallback_outcomes(plan_node_.metadata)),
      checks_(!plan_node_.required.empty() || !plan_node_.conditions.always() ||
              plan_node_.metadata.when.has_value() || health_ != nullptr),
      breaker_(shared_.breaker) {
  for (const std::uint32_t required : plan_node_.required) {
    requirements_.push_back(
        {required, bit(Outcome::ok) | fallback_outcomes(plan.nodes()[required].metadata)});
  }
}

std::optional<Outcome> GuardedCall::check(const Slot& slot, Arena& arena) const {
  for (const Requirement& required : requirements_) {
    if ((required.fine & bit(slot.outcomes[required.node])) == 0) return Outcome::dependency_unmet;
  }
  if (!plan_node_.conditions.holds(EventView(*slot.event, arena), local_hour_)) {
    return Outcome::condition_false;
  }
  const auto& when = plan_node_.metadata.when;
  if (when && !(*when)(view(slot, arena))) return Outcome::condition_false;
  if (unhealthy()) return Outcome::unhealthy;
  return std::nullopt;
}

void GuardedCall::run(std::span<const Slot> slots, Arena& arena, const Clock& clock,
                      TimePoint loop_now, Activity& activity) {
  activity.enter(shared_.activity);
  if (const auto* sync = std::get_if<std::shared_ptr<SyncEnricher>>(&plan_node_.enricher)) {
    run_sync(**sync, slots, arena, clock, loop_now);
  } else if (const auto* batch =
                 std::get_if<std::shared_ptr<BatchEnricher>>(&plan_node_.enricher)) {
    run_batch(**batch, slots, arena, clock);
  }
  activity.leave();
}

void GuardedCall::run_sync(SyncEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                           const Clock& clock, TimePoint loop_now) {
  std::uint32_t fine = 0;  // calls the breaker has not been told of
  std::uint64_t well = 0;  // ok, counted once for all
  for (const Slot& slot : slots) {
    if (const auto refused = refusal(slot, arena)) {
      settle(slot, *refused);
      continue;
    }
    if (!breaker_.closed()) [[unlikely]] {
      run_with_permit(slot, arena, clock);
      continue;
    }
    const EventView seen = view(slot, arena);
    Patch& patch = slot.patches[node_];
    const auto call = [&] { return enricher.enrich(seen, patch); };
    const bool timed = until_timed_ == 0 || slot.times != nullptr;
    until_timed_ = timed ? kTimedShare - 1 : until_timed_ - 1;
    const TimePoint start = timed ? clock.now() : TimePoint();
    // Made in place. Copied, it would be read in wider pieces than it was just written in, for
    // which the core waits: half of the cost of a cheap call. (benchmarks/micro/recording_bench.cc)
    const EnrichStatus status = protect(arena, call);
    Duration took{};
    if (timed) [[unlikely]] {
      took = clock.now() - start;
      record(took);
      if (slot.times != nullptr) slot.times[node_] = took;
    }
    if (status.result == CallResult::ok && !patch.overflowed()) [[likely]] {
      slot.outcomes[node_] = Outcome::ok;
      ++well;
      ++fine;
      continue;
    }
    if (is_failure(status, patch)) {
      const TimePoint now = clock.now();
      breaker_.successes(std::exchange(fine, 0), now);
      breaker_.failure(took, now);
    } else {
      ++fine;
    }
    settle(slot, status);
  }
  metrics_.count(Outcome::ok, well);
  if (fine != 0) breaker_.successes(fine, loop_now);
}

// The breaker is not closed: it decides about each call.
void GuardedCall::run_with_permit(const Slot& slot, Arena& arena, const Clock& clock) {
  const TimePoint start = clock.now();
  BreakerPermit permit = breaker_.try_acquire(start);
  if (permit.admission() == Admission::refused) {
    settle(slot, Outcome::breaker_open);
    return;
  }
  Patch& patch = slot.patches[node_];
  const EnrichStatus status = call_one(plan_node_.enricher, view(slot, arena), patch, arena);
  const TimePoint end = clock.now();
  record(end - start);
  if (is_failure(status, patch)) {
    breaker_.failure(std::move(permit), end - start, end);
  } else {
    breaker_.success(std::move(permit), end - start, end);
  }
  // An inline probe has ended before its event could go on: its result counts.
  settle(slot, status);
}

void GuardedCall::run_batch(BatchEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                            const Clock& clock) {
  calls_.clear();
  called_.clear();
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    if (const auto refused = refusal(slots[i], arena)) {
      settle(slots[i], *refused);
    } else if (!breaker_.closed()) [[unlikely]] {
      run_with_permit(slots[i], arena, clock);
    } else {
      calls_.push_back({view(slots[i], arena), &slots[i].patches[node_], {}});
      called_.push_back(i);
    }
  }
  if (calls_.empty()) return;
  const TimePoint start = clock.now();
  const EnrichStatus thrown = protect(arena, [&]() -> EnrichStatus {
    enricher.enrich(calls_);
    return {};
  });
  const TimePoint end = clock.now();
  const Duration share = (end - start) / static_cast<std::int64_t>(calls_.size());
  record(share);
  std::uint32_t fine = 0;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const Slot& slot = slots[called_[i]];
    const EnrichStatus& own = calls_[i].status;
    const bool lost = thrown.result == CallResult::error && own.result == CallResult::ok;
    const EnrichStatus& status = lost ? thrown : own;
    if (slot.times != nullptr) slot.times[node_] = share;
    if (is_failure(status, slot.patches[node_])) {
      breaker_.successes(std::exchange(fine, 0), end);
      breaker_.failure(share, end);
    } else {
      ++fine;
    }
    settle(slot, status);
  }
  breaker_.successes(fine, end);
}

void GuardedCall::settle(const Slot& slot, const EnrichStatus& status) {
  if (status.result != CallResult::error && !slot.patches[node_].overflowed()) [[likely]] {
    settle(slot, status.result == CallResult::ok ? Outcome::ok : Outcome::no_match);
    return;
  }
  const std::string_view why =
      status.result == CallResult::error ? status.reason : "its patch is over 1 MiB";
  metrics_.first_error.set(why);
  if (slot.reasons != nullptr) slot.reasons[node_] = why;
  settle(slot, Outcome::error);
}

void GuardedCall::settle(const Slot& slot, Outcome outcome) {
  // A patch is seen whole or never.
  if (outcome != Outcome::ok && outcome != Outcome::no_match) slot.patches[node_].clear();
  if ((falls_back_ & bit(outcome)) != 0) {
    slot.patches[node_].clear();
    plan_node_.metadata.fallback->set_on(slot.patches[node_]);
  }
  slot.outcomes[node_] = outcome;
  metrics_.count(outcome);
}

EnrichStatus GuardedCall::describe_exception(Arena& arena) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& exception) {
      return EnrichStatus::error(arena.copy(exception.what()));
    } catch (...) {
      return EnrichStatus::error("threw something that is no std::exception");
    }
  } catch (...) {  // no memory for the text, or what() of a stranger throws
    return EnrichStatus::error("threw an exception that cannot be described");
  }
}

}  // namespace logbraid
