// How events leave a shard: whole batches where nothing waits; else what is done, ahead of what is
// not, as far as the order allows.
#include <algorithm>
#include <bit>
#include <utility>

#include "engine/shard.h"

namespace logbraid {
namespace {

// Events that were done leave a batch that is not at most so often: each time costs a lock and may
// wake the output's thread, some 10 us.
constexpr Duration kReleasePeriod = std::chrono::microseconds(500);

// A straggler is found within a quarter of `hold`.
constexpr int kHoldLooks = 4;

}  // namespace

// All batches of a shard's runner are such.
ActiveBatch& Shard::active_of(BatchRun& run) { return static_cast<ActiveBatch&>(run); }

void Shard::write(ActiveBatch& active, std::uint32_t event, FinishedPart& part) {
  if (!strict_.empty() && withhold(active, event)) return;
  writer_.write(active.batch().records()[event].event, active.row(event), part.lines);
  ++part.counts.written;
}

// Whether an enricher failed that must not, so that the event does not go to the sink. It is
// counted with the rest of its batch, whenever that ends. Where several failed, the dead letters
// come before dropping.
bool Shard::withhold(ActiveBatch& active, std::uint32_t event) {
  const Slot slot = active.slot(event);
  const auto failed = [&](std::uint32_t node) { return is_failure(slot.outcomes[node]); };
  const auto buries = [&](std::uint32_t node) {
    return failed(node) && parts_.plan[node].metadata.on_failure == OnFailure::dead_letter;
  };
  const auto why = std::find_if(strict_.begin(), strict_.end(), buries);
  if (why == strict_.end()) {
    if (std::none_of(strict_.begin(), strict_.end(), failed)) return false;
    ++active.rest.counts.dropped_for(DropReason::enricher_failed);
    return true;
  }
  const std::span<const Patch> row = active.row(event);
  withheld_.assign(row.begin(), row.end());
  const std::string reason =
      parts_.plan[*why].name + ": " + std::string(to_string(slot.outcomes[*why]));
  static const FieldPath field("enrich_error");
  withheld_.emplace_back(&active.batch().arena()).set(field, Value(reason));
  writer_.write(active.batch().records()[event].event, withheld_, active.rest.dead_letters);
  ++active.rest.counts.dead_lettered;
  return true;
}

void Shard::event_done(BatchRun& run) {
  ActiveBatch& active = active_of(run);
  if (!active.release || active.ended_some) return;
  active.ended_some = true;
  with_news_.push_back(&active);
}

void Shard::note_ended(ActiveBatch& active) {
  for (; active.ended_seen < active.ended.size(); ++active.ended_seen) {
    active.release->done(active.ended[active.ended_seen], loop_.timers().now());
  }
}

// Only batches of which an event has ended are looked at: there may be a thousand that stragglers
// keep.
void Shard::release_early() {
  const TimePoint now = loop_.timers().now();
  for (ActiveBatch* const active : with_news_) note_ended(*active);
  if (now - released_early_at_ < kReleasePeriod) {
    if (!release_alarm_.waiting()) loop_.timers().set(release_alarm_, kReleasePeriod);
    return;
  }
  std::vector<FinishedPart> parts;
  for (ActiveBatch* const active : with_news_) {
    active->ended_some = false;
    release(*active, parts);
  }
  with_news_.clear();
  if (parts.empty()) return;
  released_early_at_ = now;
  parts_.output.put(parts);
}

// Parts with what may leave the batch now: one a lane.
void Shard::release(ActiveBatch& active, std::vector<FinishedPart>& parts) {
  const bool ordered = parts_.options.order != Order::any;
  const std::size_t first = parts.size();
  unsigned lane_of_last = 0;
  active.release->release([&](unsigned lane, std::uint32_t event, Duration waited) {
    if (parts.size() == first || lane_of_last != lane) {
      lane_of_last = lane;
      FinishedPart& part = parts.emplace_back();
      part.sequence = active.rest.sequence;
      part.lanes = ordered ? Lanes{1} << lane : 0;
      part.lines = parts_.output.take_buffer();
    }
    if (ordered) parts.back().waited.push_back(waited);
    write(active, event, parts.back());
  });
  if (parts.size() == first) return;
  // What had been written before anything waited stands in front of it all.
  if (active.rest.counts.written != 0) {
    FinishedPart before;
    before.sequence = active.rest.sequence;
    before.lanes = parts_.options.order == Order::by_key ? active.rest.lanes : ordered ? 1 : 0;
    before.lines = std::exchange(active.rest.lines, {});
    before.counts.written = std::exchange(active.rest.counts.written, 0);
    parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(first), std::move(before));
  }
  const Lanes open = active.release->open();
  for (std::size_t i = first; i < parts.size(); ++i) {
    FinishedPart& part = parts[i];
    part.counts.read = part.counts.written;
    active.rest.counts.read -= part.counts.read;
    // Only what is lane by lane closes early; the rest closes what is left.
    if (parts_.options.order == Order::by_key && std::has_single_bit(part.lanes)) {
      part.closes = part.lanes & ~open;
    }
  }
}

void Shard::put_rest(ActiveBatch& active) {
  FinishedPart& rest = active.rest;
  if (active.ended_some) std::erase(with_news_, &active);
  std::vector<FinishedPart> parts;
  if (active.release) {
    note_ended(active);
    release(active, parts);
    if (parts_.options.order == Order::by_key) rest.lanes = 0;  // they are in their own parts
  }
  if (parts_.options.order == Order::preserve) rest.lanes = 1;
  rest.closes = ~Lanes{0};
  rest.last = true;
  if (parts.size() == 1 && parts_.options.order != Order::by_key) {
    // One put is enough.
    rest.lines = std::move(parts[0].lines);
    rest.waited = std::move(parts[0].waited);
    rest.counts.read += parts[0].counts.read;
    rest.counts.written += parts[0].counts.written;
    parts.clear();
  }
  parts_.stock.settle(active.batch(), rest.lines.capacity());
  if (parts.empty()) {
    parts_.output.put({&rest, 1});
  } else {
    parts.push_back(std::move(rest));
    parts_.output.put(parts);
  }
  active.in_output = true;
}

void Shard::batch_done(BatchRun& run) {
  parts_.watch.ended(run);
  ActiveBatch& active = active_of(run);
  if (!active.release) {
    for (; active.written < run.events(); ++active.written) {
      write(active, active.written, active.rest);
    }
  }
  put_rest(active);
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  run.written = true;
  if (run.held == 0) released_.push_back(&run);
}

void Shard::batch_released(BatchRun& run) { released_.push_back(&run); }

// Events that others have waited behind for `hold`, and that had as long themselves, are not waited
// for any more.
void Shard::give_up_stragglers() {
  if (hold_alarm_.waiting()) return;
  const Duration hold = *parts_.options.hold;
  const TimePoint limit = loop_.timers().now() - hold;
  bool any = false;
  for (const auto& active : active_) {
    if (!active->release || active->in_output) continue;
    any = true;
    note_ended(*active);
    Lanes awaited = 0;
    for (Lanes open = active->release->open(); open != 0; open &= open - 1) {
      const Lanes lane = open & -open;
      const auto since = parts_.output.waited_for_since(active->rest.sequence, lane);
      if (since && *since <= limit) awaited |= lane;
    }
    active->release->find_blocking(limit, awaited, [&](std::uint32_t event) {
      if (active->admitted_at(event) <= limit) runner_.expire(*active, event);
    });
  }
  if (!any) return;
  loop_.timers().set(hold_alarm_, hold / kHoldLooks);
  runner_.drain();
  give_back_released();
}

}  // namespace logbraid
