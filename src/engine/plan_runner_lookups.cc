// The look-ups of a PlanRunner. A hit is answered in place; a miss waits for its flight, which the
// layer begins, limits and ends (src/lookup).

#include "core/assert.h"
#include "engine/plan_runner.h"

namespace logbraid {

void PlanRunner::open_lookups(const Parts& parts) {
  lookup_recorders_.resize(plan_.size());
  lookups_.resize(plan_.size());
  for (std::uint32_t node = 0; node < plan_.size(); ++node) {
    const auto* const enricher =
        std::get_if<std::shared_ptr<LookupEnricher>>(&plan_[node].enricher);
    if (enricher == nullptr) continue;
    LOGBRAID_ASSERT(io_ != nullptr, "a look-up needs a loop to wait on");
    const EnricherMetadata& metadata = plan_[node].metadata;
    lookups_[node] =
        (*enricher)->open({plan_[node].name, timers_, clock_, *io_, calls_[node].breaker(),
                           metadata.bulkhead, metadata.retry, limits_.enricher[node], parts.shard,
                           parts.shards, shared_, lookup_recorders_[node], parts.recording});
    open_lookups_.push_back(lookups_[node].get());
  }
}

std::size_t PlanRunner::cache_bytes() const {
  std::size_t bytes = 0;
  for (const ShardLookup* const lookup : open_lookups_) bytes += lookup->cache_bytes();
  return bytes;
}

void PlanRunner::shrink_caches(std::size_t to_bytes) {
  const std::size_t all = cache_bytes();
  if (all <= to_bytes) return;
  const double share = static_cast<double>(to_bytes) / static_cast<double>(all);
  for (ShardLookup* const lookup : open_lookups_) {
    const double bytes = static_cast<double>(lookup->cache_bytes()) * share;
    lookup->shrink_cache(static_cast<std::size_t>(bytes));
  }
}

void PlanRunner::will_look_up(EventRun& event, std::uint32_t node) {
  if (nodes_[node].asks.empty()) asking_.push_back(node);
  nodes_[node].asks.push_back(&event);
}

void PlanRunner::look_up_together() {
  for (const std::uint32_t node : asking_) {
    look_up(node, nodes_[node].asks);
    nodes_[node].asks.clear();
  }
  asking_.clear();
}

void PlanRunner::look_up(std::uint32_t node, std::span<EventRun* const> events) {
  asked_.clear();
  for (EventRun* const event : events) {
    LookupCall& call = looked_up_calls_.take(*this, &on_call_due, &on_looked_up);
    call.view = calls_[node].view(event->slot, event->run->batch().arena());
    call.patch = &event->slot.patches[node];
    asked_.push_back(&call);
  }
  ended_looked_up_.reserve(looked_up_calls_.all.capacity());  // on_looked_up() must not allocate
  lookups_[node]->look_up(asked_);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EventRun& event = *events[i];
    auto& call = static_cast<LookedUpCall&>(*asked_[i]);
    if (!call.answered) {
      prepare(call, event, node, BreakerPermit(), false);
      continue;
    }
    settle_answer(event, node, call);
    if (event.slot.times != nullptr) event.slot.times[node] = Duration::zero();
    looked_up_calls_.give_back(call);
    settled(event, node);
  }
}

void PlanRunner::settle_answer(EventRun& event, std::uint32_t node, const LookupCall& answer) {
  GuardedCall& guarded = calls_[node];
  switch (answer.outcome) {
    case Outcome::ok:
      guarded.settle(event.slot, EnrichStatus());
      break;
    case Outcome::error:
      guarded.settle(event.slot, EnrichStatus::error(answer.reason));
      break;
    default:
      guarded.settle(event.slot, answer.outcome);
  }
}

void PlanRunner::on_looked_up(LookupCall& answered) noexcept {
  auto& call = static_cast<LookedUpCall&>(answered);
  call.runner.ended_looked_up_.push_back(&call);
}

void PlanRunner::drain_looked_up() {
  for (std::size_t i = 0; i < ended_looked_up_.size(); ++i) {
    LookedUpCall& call = *ended_looked_up_[i];
    if (call.event != nullptr) {
      EventRun& event = *call.event;
      const std::uint32_t node = call.node;
      const TimePoint now = timers_.now();
      call.unlink();
      calls_[node].record(now - call.started);
      if (event.slot.times != nullptr) event.slot.times[node] = now - call.started;
      if (event.sampled) event.times.add_waiting(plan_[node], node, call.started, now);
      settle_answer(event, node, call);
      settled(event, node);
    }
    let_go(call);
  }
  ended_looked_up_.clear();
}

}  // namespace logbraid
