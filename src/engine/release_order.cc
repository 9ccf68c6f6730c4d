#include "engine/release_order.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace logbraid {

ReleaseOrder::BatchState& ReleaseOrder::state_of(std::uint64_t sequence) {
  while (sequence - first_ >= batches_.size()) batches_.emplace_back();
  return batches_[sequence - first_];
}

bool ReleaseOrder::may_go(const FinishedPart& part) const {
  for (Lanes lanes = part.lanes; lanes != 0; lanes &= lanes - 1) {
    if (at_[static_cast<unsigned>(std::countr_zero(lanes))] != part.sequence) return false;
  }
  return true;
}

void ReleaseOrder::announce(std::uint64_t sequence, Lanes lanes, TimePoint now) {
  if (at_.empty()) return;
  close(sequence, ~lanes);
  work_off(now);
}

void ReleaseOrder::put(FinishedPart part, TimePoint now) {
  part.put_at = now;
  // Of a batch that all lanes are through with only what is in no lane can come.
  if (at_.empty() || part.sequence < first_) {
    release(std::move(part), now);
    return;
  }
  BatchState& state = state_of(part.sequence);
  if (state.waiting.empty() && may_go(part)) {
    release(std::move(part), now);
  } else {
    const std::uint64_t sequence = part.sequence;
    state.waiting.push_back(std::move(part));
    look_again(sequence, now);
  }
  work_off(now);
}

void ReleaseOrder::work_off(TimePoint now) {
  while (!moved_.empty()) {
    const std::uint64_t next = moved_.back();
    moved_.pop_back();
    look_again(next, now);
  }
}

void ReleaseOrder::release(FinishedPart part, TimePoint now) {
  part.released_at = now;
  const std::uint64_t sequence = part.sequence;
  const Lanes closes = part.closes;
  released_.push_back(std::move(part));
  if (at_.empty() || sequence < first_) return;
  BatchState& state = state_of(sequence);
  state.closing |= closes;
  Lanes closed = state.closing & state.open;
  for (const FinishedPart& each : state.waiting) closed &= ~each.lanes;
  if (closed != 0) close(sequence, closed);
}

void ReleaseOrder::close(std::uint64_t sequence, Lanes lanes) {
  if (sequence < first_) return;
  state_of(sequence).open &= ~lanes;
  for (unsigned lane = 0; lane < at_.size(); ++lane) {
    if (at_[lane] == sequence && (lanes >> lane & 1) != 0) advance(lane);
  }
  // A batch that no lane is at any more is forgotten.
  const std::uint64_t slowest = *std::min_element(at_.begin(), at_.end());
  while (first_ < slowest && !batches_.empty() && batches_.front().waiting.empty()) {
    batches_.pop_front();
    ++first_;
  }
}

void ReleaseOrder::advance(unsigned lane) {
  std::uint64_t& at = at_[lane];
  while (at - first_ < batches_.size() && (batches_[at - first_].open >> lane & 1) == 0) ++at;
  if (at - first_ < batches_.size() && !batches_[at - first_].waiting.empty()) {
    moved_.push_back(at);
  }
}

// Lets go what waits of a batch, as far as it may.
void ReleaseOrder::look_again(std::uint64_t sequence, TimePoint now) {
  if (sequence < first_) return;
  std::vector<FinishedPart>& parts = batches_[sequence - first_].waiting;
  Lanes blocked = 0;  // one that may go stays behind one of its lane that may not
  std::vector<FinishedPart> go;
  auto kept = parts.begin();
  for (auto part = parts.begin(); part != parts.end(); ++part) {
    if ((part->lanes & blocked) == 0 && may_go(*part)) {
      go.push_back(std::move(*part));
      continue;
    }
    blocked |= part->lanes;
    if (kept != part) *kept = std::move(*part);
    ++kept;
  }
  parts.erase(kept, parts.end());
  for (FinishedPart& part : go) release(std::move(part), now);
}

std::optional<FinishedPart> ReleaseOrder::pop() {
  if (released_.empty()) return std::nullopt;
  FinishedPart part = std::move(released_.front());
  released_.pop_front();
  return part;
}

std::optional<TimePoint> ReleaseOrder::waited_for_since(std::uint64_t sequence, Lanes lanes) const {
  Lanes awaited = 0;
  for (unsigned lane = 0; lane < at_.size(); ++lane) {
    if (at_[lane] == sequence) awaited |= lanes & (Lanes{1} << lane);
  }
  std::optional<TimePoint> since;
  if (awaited == 0) return since;
  for (const BatchState& batch : batches_) {
    for (const FinishedPart& part : batch.waiting) {
      if ((part.lanes & awaited) == 0 || part.sequence == sequence) continue;
      if (!since || part.put_at < *since) since = part.put_at;
    }
  }
  return since;
}

}  // namespace logbraid
