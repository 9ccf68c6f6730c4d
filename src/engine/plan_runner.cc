#include "engine/plan_runner.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/assert.h"

namespace logbraid {
namespace {

// Sampled for the times of groups: the first events, then one in so many.
constexpr std::uint64_t kSampledFirst = 100;
constexpr std::uint64_t kSampledShare = 16;
constexpr std::uint32_t kTimedSlices = 8;

// Events that are begun together in a plan that waits: what runs in place is over soon, whatever
// the size of the window.
constexpr std::uint32_t kBegunTogether = 256;

// Blocking calls that may be queued at once: enough that no thread finds the queue empty before the
// shard has looked again, which takes some 20 us.
constexpr std::uint32_t kCallsAThread = 4;

// The pool's own threads are the limit of what runs in it, where no other is set.
std::uint32_t client_limit(const PlanNode& node) {
  if (node.placement != Placement::async) return std::numeric_limits<std::uint32_t>::max();
  return node.max_in_flight.value_or(Bulkhead::kDefaultLimit);
}

bool runs_together(const PlanNode& node, Placement placement) {
  return placement == Placement::inline_ ||
         std::holds_alternative<std::shared_ptr<AsyncBatchEnricher>>(node.enricher);
}

}  // namespace

PlanRunner::PlanRunner(Parts parts)
    : plan_(parts.plan),
      state_(parts.state),
      limits_(limits_of(parts.plan, parts.options)),
      timers_(parts.timers),
      clock_(parts.clock),
      pool_(parts.pool),
      post_(std::move(parts.post)),
      events_(parts.events),
      activity_(parts.activity),
      io_(parts.io),
      in_place_(parts.in_place),
      idle_cores_(std::move(parts.idle_cores)),
      thread_time_(std::move(parts.thread_time)),
      most_calls_(parts.options.max_calls),
      most_at_once_(kBegunTogether),
      sequential_share_(parts.options.mode == Mode::sequential ? 0
                                                               : parts.options.sequential_share),
      status_(parts.options.status
                  ? std::optional<StatusField>(std::in_place, parts.plan, *parts.options.status)
                  : std::nullopt),
      merge_(*this, &on_merge_due),
      nudge_(*this, &on_nudge_due),
      groups_(parts.plan.groups().size()) {
  calls_.reserve(plan_.size());
  const std::vector<Placement> placements =
      in_place_ ? std::vector<Placement>(plan_.size(), Placement::inline_)
                : first_placements(plan_);
  for (std::uint32_t i = 0; i < plan_.size(); ++i) {
    calls_.emplace_back(plan_, i, parts.local_hour, state_);
    nodes_.emplace_back(plan_[i], placements[i], parts.shard, parts.shards);
  }
  open_lookups(parts);
  for (std::uint32_t i = 0; i < plan_.size(); ++i) {
    if (placements[i] == Placement::inline_) continue;
    if (lookups_[i] != nullptr) {
      const auto keys = std::min<std::size_t>(lookups_[i]->most_keys(), most_at_once_);
      most_at_once_ = static_cast<std::uint32_t>(keys);
      continue;
    }
    // In the pool by `auto`: it may turn out cheap, then many share a thread's wake-up.
    if (plan_[i].placement == Placement::pool) {
      most_at_once_ = std::min(most_at_once_, kCallsAThread * parts.pool.most());
    }
    most_at_once_ = std::min(most_at_once_, nodes_[i].bulkhead.limit());
  }
  graphs_.push_back(std::make_unique<const StartGraph>(plan_, placements, parts.options.mode,
                                                       parts.options.schedule));
  graph_ = graphs_.back().get();
  if (sequential_share_ > 0) {
    sequence_ = std::make_unique<const StartGraph>(plan_, placements, Mode::sequential,
                                                   parts.options.schedule);
  }
}

PlanRunner::Node::Node(const PlanNode& node, Placement at_first, unsigned shard, unsigned shards)
    : placement(at_first),
      bulkhead(Bulkhead::limit_of_shard(node.metadata.bulkhead, shard, shards, client_limit(node))),
      retry(node.metadata.retry, shards, std::hash<std::string>{}(node.name) + shard) {}

PlanRunner::~PlanRunner() {
  timers_.remove(merge_);
  timers_.remove(nudge_);
  const auto remove = [this](const auto& stock) {
    for (const auto& each : stock.all) timers_.remove(*each);
  };
  remove(event_runs_);
  remove(async_calls_);
  remove(batched_calls_);
  remove(pool_calls_);
  remove(looked_up_calls_);
}

bool PlanRunner::accepts() const {
  for (const std::uint32_t node : lines_) {
    if (nodes_[node].line.size() > nodes_[node].bulkhead.limit()) return false;
  }
  for (const ShardLookup* const lookup : open_lookups_) {
    if (!lookup->accepts()) return false;
  }
  // Other shards' calls fill the queue too, and nobody tells this one when they are done: it may
  // wait only while calls of its own come back. One that is stuck may never do.
  return pool_out_ == stuck_out_ || pool_.queued() <= pool_.most();
}

void PlanRunner::admit(BatchRun& run, std::uint32_t count) {
  const std::uint32_t first = run.admitted;
  LOGBRAID_ASSERT(count <= run.events() - first, "an event is admitted once");
  run.admitted += count;
  if (!merge_.waiting()) timers_.set(merge_, BreakerFront::kMergeEvery);
  if (!in_place_ && placements_ != state_.placements()) take_placements();
  if (graph_->all_inline()) {
    in_flight_peak_.raise_to(count);
    admit_inline(run, first, count);
    return;
  }
  admitted_.clear();
  admitted_in_sequence_.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    EventRun& event = begin(run, first + i);
    (event.in_sequence ? admitted_in_sequence_ : admitted_).push_back(&event);
  }
  in_flight_peak_.raise_to(in_flight_);
  if (!admitted_.empty()) start_admitted(*graph_, admitted_);
  if (!admitted_in_sequence_.empty()) start_admitted(*sequence_, admitted_in_sequence_);
}

// `events` is not empty. Admission may be called from drain()'s caller only, so the list is ours
// while calls start.
void PlanRunner::start_admitted(const StartGraph& graph, std::span<EventRun* const> events) {
  for (EventRun* const event : events) {
    for (const std::uint32_t node : graph.at_once()) ready(*event, node);
  }
  // They wait while the prefix runs. What one of them makes ready by being refused is left for
  // drain(): it may depend on the prefix, which nobody counts.
  start_ready();
  submit_to_pool();
  for (const std::uint32_t node : graph.prefix()) run_inline(node, events);
  const auto prefix = static_cast<std::uint32_t>(graph.prefix().size());
  for (EventRun* const event : events) {
    // What waits for the prefix was counted without it. Without one, settled() has seen the last.
    event->open -= prefix;
    if (prefix != 0 && event->open == 0) done_.push_back(event);
    for (const std::uint32_t node : graph.after_prefix()) ready(*event, node);
  }
}

// A plan of inline enrichers only: node by node over the slice, nothing to count or to wait for.
// One slice in so many is timed.
void PlanRunner::admit_inline(BatchRun& run, std::uint32_t first, std::uint32_t count) {
  slots_.clear();
  for (std::uint32_t i = 0; i < count; ++i) slots_.push_back(run.slot(first + i));
  Arena& arena = run.batch().arena();
  if (slices_until_timed_ != 0) {
    --slices_until_timed_;
    for (const std::uint32_t node : graph_->prefix()) {
      calls_[node].run(slots_, arena, clock_, timers_.now(), activity_);
    }
  } else {
    slices_until_timed_ = kTimedSlices - 1;
    const TimePoint start = clock_.now();
    TimePoint before = start;
    for (const std::uint32_t node : graph_->prefix()) {
      calls_[node].run(slots_, arena, clock_, timers_.now(), activity_);
      const TimePoint after = clock_.now();
      groups_[plan_[node].level].add({0, after - before, after - before});
      if (plan_[node].placement == Placement::automatic) check_cost(node, after - before, count);
      before = after;
    }
    for (GroupRecorder& group : groups_) group.events.add(count);
    event_times_.add(count, before - start, before - start, before - start);
  }
  if (status_) {
    for (const Slot& slot : slots_) status_->write(slot);
  }
  for (std::uint32_t i = 0; run.lists_inline && i < count; ++i) run.ended.push_back(first + i);
  run.open -= count;
  if (run.open == 0) events_.batch_done(run);
}

// An enricher with `placement: auto` has moved: events from now on start with another graph. Those
// under way go on with theirs; it only says when a node starts, not where.
void PlanRunner::take_placements() {
  placements_ = state_.placements();
  std::vector<Placement> placements;
  for (std::uint32_t i = 0; i < plan_.size(); ++i) {
    if (plan_[i].placement == Placement::automatic) {
      const bool in_line = state_.node(i).placement.where() == AutoPlacement::Where::in_line;
      nodes_[i].placement = in_line ? Placement::inline_ : Placement::pool;
    }
    placements.push_back(nodes_[i].placement);
  }
  graphs_.push_back(
      std::make_unique<const StartGraph>(plan_, placements, graph_->mode(), graph_->schedule()));
  graph_ = graphs_.back().get();
  if (sequence_ != nullptr) {
    graphs_.push_back(std::move(sequence_));  // events may use it still
    sequence_ =
        std::make_unique<const StartGraph>(plan_, placements, Mode::sequential, graph_->schedule());
  }
}

bool PlanRunner::takes_sequence() {
  sequence_due_ += sequential_share_;
  if (sequence_due_ < 1) return false;
  sequence_due_ -= 1;
  return true;
}

EventRun& PlanRunner::begin(BatchRun& run, std::uint32_t index) {
  EventRun& event = event_runs_.take(*this, &on_event_due);
  event.run = &run;
  event.index = index;
  event.slot = run.slot(index);
  event.open = plan_.size();
  event.calls = nullptr;
  event.admitted = timers_.now();
  event.in_sequence = sequential_share_ > 0 && takes_sequence();
  event.graph = event.in_sequence ? sequence_.get() : graph_;
  event.pending.assign(event.graph->pending().begin(), event.graph->pending().end());
  // All that run in sequence are sampled: there are few.
  event.sampled = event.in_sequence || begun_ < kSampledFirst || begun_ % kSampledShare == 0;
  ++begun_;
  if (event.sampled) event.times.begin(plan_);
  event.level = 0;
  watch(event);
  ++in_flight_;
  run.set_event_run(index, &event);
  return event;
}

// Waits for the end of the next group, taking those that end together as one.
void PlanRunner::watch(EventRun& event) {
  const auto& ends = limits_.group_end;
  const Duration begin = event.level == 0 ? Duration::zero() : ends[event.level - 1];
  while (event.level + 1 < ends.size() && ends[event.level + 1] == ends[event.level]) ++event.level;
  timers_.set(event, ends[event.level] - begin);
}

void PlanRunner::on_event_due(Timer& timer) noexcept {
  auto& event = static_cast<EventRun&>(timer);
  PlanRunner& runner = event.runner;
  runner.give_up(event, event.level, Outcome::timeout);
  ++event.level;
  if (event.open != 0) runner.watch(event);
}

void PlanRunner::on_merge_due(Timer& timer) noexcept {
  PlanRunner& runner = static_cast<Tick&>(timer).runner;
  const TimePoint now = runner.timers_.now();
  for (GuardedCall& call : runner.calls_) call.breaker().merge(now);
  // An idle shard sleeps: admit() sets it again.
  if (runner.in_flight_ != 0) runner.timers_.set(timer, BreakerFront::kMergeEvery);
}

void PlanRunner::expire(BatchRun& run, std::uint32_t event) {
  EventRun* const open = run.event_run(event);
  if (open == nullptr) return;
  give_up(*open, static_cast<std::uint32_t>(groups_.size()), Outcome::timeout);
}

// Every node up to a level that has no outcome gets this one, started or not.
void PlanRunner::give_up(EventRun& event, std::uint32_t last_level, Outcome outcome) {
  for (Call* call = event.calls; call != nullptr;) {
    Call* const next = call->next_call;
    const std::uint32_t node = call->node;
    if (plan_[node].level <= last_level) {
      if (event.sampled) {
        event.times.add_waiting(plan_[node], node, call->started, timers_.now());
      }
      calls_[node].settle(event.slot, outcome);
      abandon(*call);
      settled(event, node);
    }
    call = next;
  }
  for (std::uint32_t node = 0; node < plan_.size(); ++node) {
    const Outcome before = event.slot.outcomes[node];
    if (!is_open(before) || plan_[node].level > last_level) continue;
    calls_[node].settle(event.slot, outcome);
    if (before == kWaiting) leave_line(node);
    settled(event, node);
  }
}

// Every node it waited for is done.
void PlanRunner::ready(EventRun& event, std::uint32_t node) {
  if (!runs_together(plan_[node], nodes_[node].placement)) {
    ready_waiting_.emplace_back(&event, node);
    return;
  }
  if (nodes_[node].ready.empty()) ready_together_.push_back(node);
  nodes_[node].ready.push_back(&event);
}

// The node has its outcome: those that waited for it alone are ready.
void PlanRunner::settled(EventRun& event, std::uint32_t node) {
  if (--event.open == 0) done_.push_back(&event);
  barrier_stack_.push_back(node);
  while (!barrier_stack_.empty()) {
    const std::uint32_t ended_node = barrier_stack_.back();
    barrier_stack_.pop_back();
    for (const std::uint32_t next : event.graph->successors(ended_node)) {
      if (--event.pending[next] != 0) continue;
      if (next >= plan_.size()) {
        barrier_stack_.push_back(next);
      } else if (is_open(event.slot.outcomes[next])) {
        ready(event, next);
      }
    }
  }
}

void PlanRunner::run_inline(std::uint32_t node, std::span<EventRun* const> events) {
  const TimePoint start = clock_.now();
  // Each batch has its own arena: one run a stretch of events of one batch.
  for (std::size_t i = 0; i < events.size();) {
    BatchRun* const run = events[i]->run;
    slots_.clear();
    for (; i < events.size() && events[i]->run == run; ++i) slots_.push_back(events[i]->slot);
    calls_[node].run(slots_, run->batch().arena(), clock_, timers_.now(), activity_);
  }
  const TimePoint end = clock_.now();
  timers_.refresh(end);
  ran_here_ += end - start;
  const Duration share = (end - start) / static_cast<std::int64_t>(events.size());
  for (EventRun* const event : events) {
    if (event->sampled) event->times.add_inline(plan_[node], node, share);
  }
  if (plan_[node].placement == Placement::automatic) {
    check_cost(node, end - start, static_cast<std::uint32_t>(events.size()));
  }
}

// An enricher that moved inline by itself and is not worth it any more goes back to the pool.
void PlanRunner::check_cost(std::uint32_t node, Duration took, std::uint32_t calls) {
  if (!nodes_[node].cost.dear_after(took, calls)) return;
  const bool stalled = took >= kStall;
  const Duration mean = stalled ? took : nodes_[node].cost.mean();
  if (state_.node(node).placement.move_back(mean, stalled)) state_.placement_changed();
}

void PlanRunner::start_ready() {
  starting_.swap(ready_waiting_);
  for (const auto& [event, node] : starting_) start(*event, node);
  starting_.clear();
  look_up_together();
}

void PlanRunner::drain_starting() {
  while (!ready_waiting_.empty()) start_ready();
  submit_to_pool();
}

// Of those that run over many events at once the first in plan order; false when there is none, or
// when the turn has taken long enough.
bool PlanRunner::drain_ready_together() {
  if (ready_together_.empty() || ran_here_ >= kTurn) return false;
  const auto first = std::min_element(ready_together_.begin(), ready_together_.end());
  const std::uint32_t node = *first;
  *first = ready_together_.back();
  ready_together_.pop_back();
  running_together_.clear();
  running_together_.swap(nodes_[node].ready);
  std::erase_if(running_together_,
                [&](EventRun* event) { return !is_open(event->slot.outcomes[node]); });
  if (running_together_.empty()) return true;
  if (nodes_[node].placement == Placement::inline_) {
    run_in_slices(node);
  } else if (nodes_[node].placement == Placement::async) {
    start_batches(node, running_together_);
  } else {  // moved to the pool meanwhile
    for (EventRun* const event : running_together_) ready_waiting_.emplace_back(event, node);
  }
  return true;
}

// Those of running_together_, until the turn has taken long enough; the others are ready again.
void PlanRunner::run_in_slices(std::uint32_t node) {
  std::span<EventRun* const> left = running_together_;
  while (!left.empty() && ran_here_ < kTurn) {
    const auto slice = left.first(std::min<std::size_t>(left.size(), kInlineSlice));
    run_inline(node, slice);
    for (EventRun* const event : slice) settled(*event, node);
    left = left.subspan(slice.size());
  }
  for (EventRun* const event : left) ready(*event, node);
}

// What is still ready when the turn is over must not point at an event that is done.
void PlanRunner::forget_given_up() {
  std::erase_if(ready_together_, [this](std::uint32_t node) {
    std::erase_if(nodes_[node].ready,
                  [node](EventRun* event) { return !is_open(event->slot.outcomes[node]); });
    return nodes_[node].ready.empty();
  });
}

void PlanRunner::drain() {
  ran_here_ = {};
  do {
    drain_ended();
    drain_ended_batches();
    drain_looked_up();
    drain_lines();
    drain_starting();
  } while (!ready_waiting_.empty() || drain_ready_together() || !ended_async_.empty() ||
           !ended_batches_.empty() || !ended_looked_up_.empty() || run_one_here());
  // Nothing ready points at an event that is done any more: it can be used again.
  if (!ready_together_.empty() && !done_.empty()) forget_given_up();
  for (std::size_t i = 0; i < done_.size(); ++i) end(*done_[i]);
  done_.clear();
}

void PlanRunner::end(EventRun& event) {
  timers_.remove(event);
  if (event.sampled) {
    GroupMetrics whole{1, timers_.now() - event.admitted, {}};
    for (std::size_t level = 0; level < groups_.size(); ++level) {
      const GroupMetrics group = event.times.group(level);
      if (!event.in_sequence) groups_[level].add(group);
      whole.sum += group.sum;
    }
    (event.in_sequence ? sequence_times_ : event_times_)
        .add(1, whole.wall, whole.sum, event.times.critical_path(plan_));
  }
  if (status_) status_->write(event.slot);
  BatchRun& run = *event.run;
  run.set_event_run(event.index, nullptr);
  event.run = nullptr;
  ++event.use;
  event_runs_.give_back(event);
  --in_flight_;
  run.ended.push_back(event.index);
  if (run.ended.size() == run.ended_seen + 1) events_.event_done(run);
  if (--run.open == 0) events_.batch_done(run);
}

void PlanRunner::cancel_all() {
  for (std::size_t i = 0; i < event_runs_.all.size(); ++i) {
    EventRun& event = *event_runs_.all[i];
    if (event.run != nullptr && event.open != 0) {
      give_up(event, static_cast<std::uint32_t>(groups_.size()), Outcome::cancelled);
    }
  }
  drain();
}

RunMetrics PlanRunner::metrics() const {
  RunMetrics metrics;
  for (const GuardedCall& call : calls_) {
    metrics.enrichers.push_back(call.metrics().read());
    const std::uint32_t node = call.node();
    if (lookups_[node] != nullptr) {
      metrics.enrichers.back().lookup = lookup_recorders_[node].read();
    }
  }
  for (const GroupRecorder& group : groups_) metrics.groups.push_back(group.read());
  metrics.events = event_times_.read();
  metrics.in_sequence = sequence_times_.read();
  metrics.in_flight_peak = in_flight_peak_.get();
  return metrics;
}

}  // namespace logbraid
