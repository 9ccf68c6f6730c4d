#include "engine/guarded_call.h"

#include <algorithm>
#include <exception>

namespace logbraid {
namespace {

// One that is empty says so by having no words: then nobody looks for a patch.
AncestorSet ancestors_of(const ExecutionPlan& plan, std::uint32_t node) {
  const AncestorSet all = plan.ancestors(node);
  const auto is_empty = [](std::uint64_t word) { return word == 0; };
  return std::all_of(all.words, all.words + all.word_count, is_empty) ? AncestorSet() : all;
}

}  // namespace

GuardedCall::GuardedCall(const ExecutionPlan& plan, std::uint32_t node, const LocalHour& local_hour)
    : plan_node_(plan.nodes()[node]),
      node_(node),
      ancestors_(ancestors_of(plan, node)),
      local_hour_(local_hour),
      checks_(!plan_node_.required.empty() || !plan_node_.conditions.always() ||
              plan_node_.metadata.when.has_value()) {}

std::optional<Outcome> GuardedCall::check(const Slot& slot, Arena& arena) const {
  for (const std::uint32_t required : plan_node_.required) {
    if (slot.outcomes[required] != Outcome::ok) return Outcome::dependency_unmet;
  }
  if (!plan_node_.conditions.holds(EventView(*slot.event, arena), local_hour_)) {
    return Outcome::condition_false;
  }
  const auto& when = plan_node_.metadata.when;
  if (when && !(*when)(view(slot, arena))) return Outcome::condition_false;
  return std::nullopt;
}

void GuardedCall::run(std::span<const Slot> slots, Arena& arena, const Clock& clock) {
  if (const auto* sync = std::get_if<std::shared_ptr<SyncEnricher>>(&plan_node_.enricher)) {
    run_sync(**sync, slots, arena, clock);
  } else if (const auto* batch =
                 std::get_if<std::shared_ptr<BatchEnricher>>(&plan_node_.enricher)) {
    run_batch(**batch, slots, arena, clock);
  }
}

void GuardedCall::run_sync(SyncEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                           const Clock& clock) {
  std::uint64_t well = 0;
  for (const Slot& slot : slots) {
    if (const auto refused = refusal(slot, arena)) {
      settle(slot, *refused);
      continue;
    }
    const EventView seen = view(slot, arena);
    Patch& patch = slot.patches[node_];
    const auto call = [&] { return enricher.enrich(seen, patch); };
    if (until_timed_ != 0) {
      --until_timed_;
      const EnrichStatus status = protect(arena, call);
      if (status.result == CallResult::ok && !patch.overflowed()) [[likely]] {
        slot.outcomes[node_] = Outcome::ok;
        ++well;  // counted once for all
      } else {
        settle(slot, status);
      }
      continue;
    }
    until_timed_ = kTimedShare - 1;
    const TimePoint start = clock.now();
    const EnrichStatus status = protect(arena, call);
    record(clock.now() - start);
    settle(slot, status);
  }
  metrics_.outcomes[static_cast<std::size_t>(Outcome::ok)] += well;
}

void GuardedCall::run_batch(BatchEnricher& enricher, std::span<const Slot> slots, Arena& arena,
                            const Clock& clock) {
  calls_.clear();
  called_.clear();
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    if (const auto refused = refusal(slots[i], arena)) {
      settle(slots[i], *refused);
      continue;
    }
    calls_.push_back({view(slots[i], arena), &slots[i].patches[node_], {}});
    called_.push_back(i);
  }
  if (calls_.empty()) return;
  const TimePoint start = clock.now();
  const EnrichStatus thrown = protect(arena, [&]() -> EnrichStatus {
    enricher.enrich(calls_);
    return {};
  });
  record((clock.now() - start) / static_cast<std::int64_t>(calls_.size()));
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const EnrichStatus& own = calls_[i].status;
    const bool lost = thrown.result == CallResult::error && own.result == CallResult::ok;
    settle(slots[called_[i]], lost ? thrown : own);
  }
}

void GuardedCall::settle(const Slot& slot, const EnrichStatus& status) {
  if (status.result != CallResult::error && !slot.patches[node_].overflowed()) [[likely]] {
    settle(slot, status.result == CallResult::ok ? Outcome::ok : Outcome::no_match);
    return;
  }
  if (metrics_.first_error.empty()) {
    metrics_.first_error =
        status.result == CallResult::error ? std::string(status.reason) : "its patch is over 1 MiB";
  }
  settle(slot, Outcome::error);
}

void GuardedCall::settle(const Slot& slot, Outcome outcome) {
  // A patch is seen whole or never.
  if (outcome != Outcome::ok && outcome != Outcome::no_match) slot.patches[node_].clear();
  slot.outcomes[node_] = outcome;
  ++metrics_.outcomes[static_cast<std::size_t>(outcome)];
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
