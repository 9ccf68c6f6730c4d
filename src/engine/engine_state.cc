#include "engine/engine_state.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "engine/idle_cores.h"
#include "engine/pipeline.h"

namespace logbraid {
namespace {

// After a cancellation the shards answer within a turn of their loops, unless enrichers' code keeps
// one from it: no reason to wait for that longer than a deadline may be overrun.
constexpr Duration kHeldUp = std::chrono::milliseconds(20);
// A busy machine may keep a shard from it, too. That is waited for, or nobody could say what runs
// there; but not for ever, since a caller's `done` that blocks looks the same.
constexpr Duration kAnswer = std::chrono::seconds(5);
constexpr Duration kLookEvery = std::chrono::milliseconds(2);

int hour_of_utc() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<int>(std::chrono::duration_cast<std::chrono::hours>(now).count() % 24);
}

EngineOptions completed(EngineOptions options) {
  if (!options.local_hour) options.local_hour = hour_of_utc;
  if (options.execution.shards == 0) options.execution.shards = usable_cores();
  return options;
}

}  // namespace

EngineState::EngineState(const Registry& registry, std::vector<std::string> names,
                         EngineOptions options)
    : options_(completed(std::move(options))),
      names_(std::move(names)),
      cores_(usable_cores()),
      plans_(registry, options_.plan),
      told_(options_.execution.shards),
      pool_({.most = options_.execution.max_parallel_threads,
             .most_stuck = options_.execution.max_stuck_threads,
             .cores_left = [this] { return cores_without_shard(cores_, shards_); }}) {
  const EngineShard::Parts parts{
      options_.execution,
      clock_,
      options_.local_hour,
      pool_,
      [this] { return idle_cores(cores_, shards_, pool_); },
      [this](unsigned shard, EngineShard::Remainder left) { tell(shard, std::move(left)); }};
  for (unsigned i = 0; i < options_.execution.shards; ++i) {
    shards_.push_back(std::make_unique<EngineShard>(parts, i));
  }
  // A thread that wakes a hundred times a second is only for who wants to know.
  if (!options_.on_stall) return;
  watchdog_.emplace([this](const Stall& stall) { report(stall); });
  for (const auto& shard : shards_) watchdog_->add(shard->activity());
  watchdog_->start(clock_);
}

void EngineState::report(const Stall& stall) {
  const auto enricher = board_->count_stall(stall.node);
  if (enricher) options_.on_stall(*enricher, stall.lasted);
}

Result<std::shared_ptr<const ExecutionPlan>> EngineState::resolve() {
  {
    const std::lock_guard lock(lanes_mutex_);
    ++plan_uses_;
  }
  return plans_.get(names_);
}

EngineMetrics EngineState::metrics() {
  std::shared_ptr<const EnginePlan> plan;
  PlanUses uses;
  // Before the uses: each that was resolved is one of them.
  uses.cache_misses = plans_.resolved();
  {
    const std::lock_guard lock(lanes_mutex_);
    plan = newest_.plan;
    uses.cache_hits = plan_uses_ - uses.cache_misses;
  }
  EngineMetrics metrics = board_->read(*plan);
  for (const auto& shard : shards_) metrics.in_flight += shard->outstanding();
  metrics.shards = options_.execution.shards;
  metrics.pool = pool_.metrics();
  metrics.plan_uses = uses;
  metrics.process = ProcessMetrics::now();
  return metrics;
}

EngineState::~EngineState() {
  if (!gate_.closed()) close(Duration::max());
  wait_until_quiet(TimePoint::max());
  for (const auto& shard : shards_) shard->stop();
}

std::unique_ptr<InlineLane> EngineState::take_lane() {
  std::unique_ptr<InlineLane> lane;
  {
    const std::lock_guard lock(lanes_mutex_);
    ++plan_uses_;
    if (!lanes_.empty()) {
      lane = std::move(lanes_.back());
      lanes_.pop_back();
    }
  }
  if (lane == nullptr) {
    lane = std::make_unique<InlineLane>(
        InlineLane::Parts{plans_, names_, options_.execution, clock_, options_.local_hour, pool_});
  }
  const auto& current = lane->current();
  if (lane->plan() == nullptr || lane->plan()->plan != current) {
    LeasedPlan leased = shared(current);
    if (leased.plan != lane->plan()) lane->set_plan(std::move(leased));
  }
  return lane;
}

void EngineState::give_back(std::unique_ptr<InlineLane> lane) {
  const std::lock_guard lock(lanes_mutex_);
  // After the end none keeps an enricher from being stopped.
  if (lane->plan() == newest_.plan && !gate_.closed()) lanes_.push_back(std::move(lane));
}

Result<void> EngineState::open() {
  auto plan = resolve();
  if (!plan) return plan.error();
  LeasedPlan first = lease(*plan);
  if (first.lease != nullptr) lifecycle_->wait_until_started(*first.lease);
  const std::lock_guard lock(lanes_mutex_);
  newest_ = std::move(first);
  return {};
}

// One EnginePlan a plan, whoever meets it first. A lane that finds the registry as it cannot be
// resolved, or has not seen the last one that could, takes the newest there is.
LeasedPlan EngineState::shared(const std::shared_ptr<const ExecutionPlan>& current) {
  const std::lock_guard lock(lanes_mutex_);
  const auto& latest = coming_.plan != nullptr ? coming_.plan : newest_.plan;
  if (current != nullptr && latest->plan->generation() < current->generation() && !gate_.closed()) {
    offer(current);
  }
  return newest_;
}

LeasedPlan EngineState::lease(const std::shared_ptr<const ExecutionPlan>& plan) {
  PlanState::OnBreakerChange on_breaker_change;
  if (options_.on_breaker_change) {
    on_breaker_change = [tell = options_.on_breaker_change](std::string_view enricher,
                                                            const BreakerChange& change) {
      tell(enricher, to_string(change.to), to_string(change.cause));
    };
  }
  auto shared =
      std::make_shared<const EnginePlan>(plan, options_.execution, board_, on_breaker_change);
  if (!LifecycleThread::needed_for(*plan)) return {std::move(shared), nullptr};
  if (!lifecycle_) lifecycle_.emplace(clock_);
  auto lease = lifecycle_->take(*plan);
  for (std::uint32_t node = 0; node < plan->size(); ++node) {
    shared->state.node(node).health = lease->health(node);
  }
  return {std::move(shared), std::move(lease)};
}

// A newer plan. Where it has enrichers to start, events go on with the one before until they are:
// nobody who brings an event waits for a start.
void EngineState::offer(const std::shared_ptr<const ExecutionPlan>& current) {
  try {
    LeasedPlan newer = lease(current);
    const auto started = [this, plan = newer.plan] {
      const std::lock_guard lock(lanes_mutex_);
      if (coming_.plan == plan) take_over(std::exchange(coming_, {}));
    };
    coming_ = {};
    if (newer.lease != nullptr && !lifecycle_->is_started_or(newer.lease, started)) {
      coming_ = std::move(newer);
    } else {
      take_over(std::move(newer));
    }
  } catch (const std::system_error&) {
    // No thread can be made for its life cycles now. The last plan goes on; the next event tries
    // again.
  }
}

void EngineState::take_over(LeasedPlan newest) {
  newest_ = std::move(newest);
  lanes_.clear();
}

void EngineState::submit(const InlineLane& lane, std::shared_ptr<EnrichRun> run) {
  run->lease = lane.lease();
  const auto least = std::min_element(
      shards_.begin(), shards_.end(),
      [](const auto& a, const auto& b) { return a->outstanding() < b->outstanding(); });
  (*least)->submit(std::move(run));
}

TimePoint EngineState::after(Duration duration) const {
  const TimePoint now = clock_.now();
  return duration < TimePoint::max() - now ? now + duration : TimePoint::max();
}

void EngineState::tell(unsigned shard, EngineShard::Remainder remainder) {
  const std::lock_guard lock(quiet_mutex_);
  told_[shard] = std::move(remainder);
  quiet_.notify_all();
}

bool EngineState::shards_are_quiet() const {
  return std::all_of(told_.begin(), told_.end(),
                     [](const auto& told) { return told.has_value() && told->empty(); });
}

bool EngineState::wait_until_uncalled(TimePoint deadline) {
  if (!gate_.wait_until(deadline)) return false;
  std::unique_lock lock(quiet_mutex_);
  return quiet_.wait_until(lock, deadline, [this] { return shards_are_quiet(); });
}

bool EngineState::wait_until_quiet(TimePoint deadline) {
  if (!wait_until_uncalled(deadline)) return false;
  give_leases_back();
  LifecycleThread* const lives = lifecycle();
  return lives == nullptr || lives->wait_until_quiet(deadline);
}

// Once the gate is closed none is made any more.
LifecycleThread* EngineState::lifecycle() {
  const std::lock_guard lock(lanes_mutex_);
  return lifecycle_ ? &*lifecycle_ : nullptr;
}

// When nobody can begin a call any more.
void EngineState::give_leases_back() {
  LeasedPlan coming;
  std::vector<std::unique_ptr<InlineLane>> lanes;
  std::shared_ptr<const LifecycleThread::Lease> lease;
  const std::lock_guard lock(lanes_mutex_);
  coming = std::exchange(coming_, {});
  lanes.swap(lanes_);
  lease.swap(newest_.lease);
}

std::vector<CloseReport::StillRunning> EngineState::close(Duration within) {
  const TimePoint deadline = after(within);
  gate_.close();
  for (const auto& shard : shards_) shard->watch();
  std::vector<CloseReport::StillRunning> left;
  if (!wait_until_uncalled(deadline)) left = give_up_calls();
  end_lives(left, std::max(deadline, after(kHeldUp)));
  return left;
}

std::vector<CloseReport::StillRunning> EngineState::give_up_calls() {
  {
    const std::lock_guard lock(quiet_mutex_);
    for (auto& told : told_) told.reset();
  }
  for (const auto& shard : shards_) shard->cancel();
  std::vector<CloseReport::StillRunning> left;
  {
    std::unique_lock lock(quiet_mutex_);
    wait_for_answers(lock);
    bool silent = false;
    for (const auto& told : told_) {
      if (told) {
        left.insert(left.end(), told->calls.begin(), told->calls.end());
      } else {
        left.push_back({"", Placement::inline_, 1});
        silent = true;
      }
    }
    if (silent) return left;  // those inside wait for it
  }
  // Who is still inside runs inline enrichers on a thread of his own, or waits for a shard that
  // does not answer.
  if (!gate_.wait_until(after(kHeldUp)) && left.empty()) {
    left.push_back({"", Placement::inline_, static_cast<std::uint32_t>(gate_.inside())});
  }
  return left;
}

// Until each shard has said what is left on it, but for those that enrichers hold up.
void EngineState::wait_for_answers(std::unique_lock<std::mutex>& lock) {
  TimePoint now = clock_.now();
  const TimePoint last = now + kAnswer;
  std::vector<TimePoint> free_at(shards_.size(), now);  // no enricher's code was seen on it
  for (; now < last; now = clock_.now()) {
    bool waits = false;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (told_[i] && told_[i]->events == 0) continue;
      if (shards_[i]->activity().seen().node == Activity::kNobody) free_at[i] = now;
      waits |= now - free_at[i] < kHeldUp;
    }
    if (!waits) return;
    quiet_.wait_until(lock, now + kLookEvery);
  }
}

// Stops all enrichers of which no call runs. Which they are is known when no caller is inside and
// every shard has answered; else none is.
void EngineState::end_lives(std::vector<CloseReport::StillRunning>& left, TimePoint deadline) {
  LifecycleThread* const lives = lifecycle();
  if (lives == nullptr) return;
  lives->close_all_but([&](std::string_view enricher) {
    return gate_.inside() != 0 ||
           std::any_of(left.begin(), left.end(), [&](const CloseReport::StillRunning& each) {
             return each.enricher.empty() || each.enricher == enricher;
           });
  });
  lives->wait_until_settled(deadline);
  for (const HealthReport& each : lives->running()) {
    left.push_back({each.enricher, Placement::inline_, 1, each.running});
  }
}

}  // namespace logbraid
