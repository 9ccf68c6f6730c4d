// Calls that pool threads and the shard share: those of enrichers that were measured to compute and
// not to wait. All are queued in the pool; the shard takes back, one by one, what no thread has
// taken before it. So a hop is paid only for what runs at the same time, and never where nobody
// helps.

#include <algorithm>

#include "engine/plan_runner.h"

namespace logbraid {
namespace {

// A thread is woken for work that outlasts the wake-up: 5 us in the median while threads come and
// go, some 80 us after 2 ms of rest, when cores sleep and the kernel puts it behind its waker.
// (architecture.md, "Parallelism must never lose")
constexpr Duration kRested = std::chrono::milliseconds(1);
constexpr Duration kWorthSharing = std::chrono::microseconds(40);
constexpr Duration kWorthWaking = std::chrono::milliseconds(1);

// The shard waits for a helper's result awake for so long: falling asleep and being woken takes
// some 20 us. Half as long again as the calls that are worth it: with three of 100 us the helper
// has most of the last one left when the shard is done. (1.17 and 1.30 times sequential, with 50
// us 1.08 and 1.14, in turn on a busy machine)
constexpr Duration kAwake = std::chrono::microseconds(150);

// Places that were taken from the front are freed when they are more than these and half of all.
constexpr std::size_t kSpare = 64;

}  // namespace

// One that may be called again is left to the pool: in place there is no pause between attempts.
bool PlanRunner::is_shared(std::uint32_t node) const {
  return idle_cores_ && nodes_[node].cost.shareable() && plan_[node].metadata.retry.retries == 0 &&
         state_.node(node).placement.where() == AutoPlacement::Where::pool;
}

void PlanRunner::offer(PoolCall& call) {
  ++shared_out_;
  ++newly_offered_;
  newly_offered_work_ += nodes_[call.node].cost.mean();
  offered_.push_back({&call, call.use});
}

// Pool threads to wake for what was offered since the last time: at most one for each core on which
// nothing runs. The shard takes one itself.
unsigned PlanRunner::helpers_for_offered() {
  const std::uint32_t calls = std::exchange(newly_offered_, 0);
  const Duration work = std::exchange(newly_offered_work_, Duration());
  if (calls == 0) return 0;
  const bool rested = timers_.now() - shared_at_ > kRested;
  const bool worth = calls > 1 && work >= (rested ? kWorthWaking : kWorthSharing);
  const unsigned helpers = worth ? std::min(calls - 1, idle_cores_()) : 0;
  helped_ = helpers != 0;
  return helpers;
}

// Runs the first call that no thread of the pool has taken; false when there is none, or when the
// turn has taken long enough.
bool PlanRunner::run_one_here() {
  while (first_offered_ < offered_.size() && ran_here_ < kTurn) {
    const auto [call, use] = offered_[first_offered_++];
    if (call->use != use || !pool_.cancel(*call)) continue;
    activity_.enter(state_.node(call->node).activity);
    run_code(*call);
    activity_.leave();
    timers_.refresh(call->finished);
    const Duration took = call->finished - call->begun;
    ran_here_ += took;
    if (took >= kStall) {
      state_.node(call->node).placement.stay_in_pool(nodes_[call->node].cost.mean());
    }
    on_pool_returned(*call);
    return true;
  }
  if (first_offered_ == offered_.size() ||
      (first_offered_ > kSpare && first_offered_ > offered_.size() / 2)) {
    offered_.erase(offered_.begin(),
                   offered_.begin() + static_cast<std::ptrdiff_t>(first_offered_));
    first_offered_ = 0;
  }
  return false;
}

bool PlanRunner::has_more() const {
  return !ready_together_.empty() || first_offered_ < offered_.size() ||
         (helped_ && shared_out_ != 0 && timers_.now() - shared_at_ < kAwake);
}

}  // namespace logbraid
