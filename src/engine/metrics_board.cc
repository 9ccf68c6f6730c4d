#include "engine/metrics_board.h"

#include <algorithm>
#include <utility>

#include "engine/engine_plan.h"
#include "engine/plan_runner.h"

namespace logbraid {
namespace {

// Caches and limits go with their runner; what it has counted stays.
void forget_what_is_gone(RunMetrics& metrics) {
  for (EnricherMetrics& enricher : metrics.enrichers) {
    if (!enricher.lookup) continue;
    enricher.lookup->limit = 0;
    enricher.lookup->cache_entries = 0;
    enricher.lookup->cache_bytes = 0;
  }
}

}  // namespace

std::uint32_t MetricsBoard::reserve_activities(std::uint32_t enrichers) {
  const std::lock_guard lock(mutex_);
  // Comes round after four thousand million; nobody keeps a plan for so long.
  return std::exchange(next_activity_, next_activity_ + enrichers);
}

void MetricsBoard::enter(const EnginePlan& plan) {
  const std::lock_guard lock(mutex_);
  plans_.push_back(&plan);
}

void MetricsBoard::leave(const EnginePlan& plan) {
  const std::lock_guard lock(mutex_);
  std::erase(plans_, &plan);
  add(plan, left_);
}

MetricsBoard::Entry::Entry(MetricsBoard& board, const EnginePlan& plan, const PlanRunner& runner)
    : board_(board), runner_(runner) {
  const std::lock_guard lock(board_.mutex_);
  board_.runners_.push_back({&plan, &runner});
}

MetricsBoard::Entry::~Entry() {
  const std::lock_guard lock(board_.mutex_);
  const auto at = std::find_if(board_.runners_.begin(), board_.runners_.end(),
                               [this](const Runner& each) { return each.runner == &runner_; });
  RunMetrics metrics = at->runner->metrics();
  forget_what_is_gone(metrics);
  add(*at->plan, metrics, board_.left_);
  board_.runners_.erase(at);
}

std::optional<std::string> MetricsBoard::count_stall(std::uint32_t activity) {
  const std::lock_guard lock(mutex_);
  for (const EnginePlan* const plan : plans_) {
    const std::uint32_t node = activity - plan->first_activity;
    if (node >= plan->plan->size()) continue;
    plan->state.node(node).stalls.fetch_add(1, std::memory_order_relaxed);
    return (*plan->plan)[node].name;
  }
  return std::nullopt;
}

// What all runners of a plan share.
void MetricsBoard::add(const EnginePlan& plan, Left& to) {
  for (std::uint32_t node = 0; node < plan.plan->size(); ++node) {
    const PlanNode& enricher = (*plan.plan)[node];
    const EnricherState state = plan.state.state_of(node, enricher.placement);
    Gone& sum = to.enrichers[enricher.name];
    const std::uint64_t stalls = sum.metrics.state.stalls + state.stalls;
    const std::uint64_t opened = sum.metrics.state.breaker_opened + state.breaker_opened;
    sum.metrics.state = state;
    sum.metrics.state.stalls = stalls;
    sum.metrics.state.breaker_opened = opened;
    sum.placement = enricher.placement;
  }
}

void MetricsBoard::add(const EnginePlan& plan, const RunMetrics& metrics, Left& to) {
  for (std::uint32_t node = 0; node < metrics.enrichers.size(); ++node) {
    to.enrichers[(*plan.plan)[node].name].metrics.merge(metrics.enrichers[node]);
  }
  to.events.merge(metrics.events);
  to.in_sequence.merge(metrics.in_sequence);
  to.in_flight_peak = std::max(to.in_flight_peak, metrics.in_flight_peak);
}

EngineMetrics MetricsBoard::read(const EnginePlan& current) const {
  const std::lock_guard lock(mutex_);
  Left all = left_;
  EngineMetrics read;
  read.groups.resize(current.plan->groups().size());
  // The current plan last: how its enrichers stand is how they stand.
  for (const EnginePlan* const plan : plans_) {
    if (plan != &current) add(*plan, all);
  }
  add(current, all);
  for (const Runner& runner : runners_) {
    const RunMetrics metrics = runner.runner->metrics();
    add(*runner.plan, metrics, all);
    if (runner.plan != &current) continue;
    for (std::size_t level = 0; level < metrics.groups.size(); ++level) {
      read.groups[level].merge(metrics.groups[level]);
    }
  }
  const auto take = [&](const std::string& name) {
    auto found = all.enrichers.extract(name);
    EngineMetrics::Enricher& enricher = read.enrichers.emplace_back();
    static_cast<EnricherMetrics&>(enricher) = std::move(found.mapped().metrics);
    enricher.name = std::move(found.key());
    enricher.placement = found.mapped().placement;
  };
  for (const PlanNode& node : current.plan->nodes()) take(node.name);
  while (!all.enrichers.empty()) take(all.enrichers.begin()->first);
  read.events = std::move(all.events);
  read.in_sequence = std::move(all.in_sequence);
  read.in_flight_peak = all.in_flight_peak;
  return read;
}

}  // namespace logbraid
