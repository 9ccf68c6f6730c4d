#include "logbraid/plan_cache.h"

namespace logbraid {

Result<std::shared_ptr<const ExecutionPlan>> PlanCache::get(std::span<const std::string> names) {
  std::vector<std::string> key(names.begin(), names.end());
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = registry_.generation();
  if (now != generation_) {
    plans_.clear();
    generation_ = now;
  }
  if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
  resolved_.fetch_add(1, std::memory_order_relaxed);
  auto plan = registry_.resolve(names, options_);
  // The registry may have changed meanwhile: such a plan is good, but not of this generation.
  if (plan && (*plan)->generation() == generation_) {
    if (plans_.size() == kMaxPlans) plans_.clear();
    plans_.emplace(std::move(key), *plan);
  }
  return plan;
}

void PlanSnapshot::refresh() {
  const std::uint64_t before = cache_.registry().generation();
  auto plan = cache_.get(names_);
  if (plan) {
    seen_ = (*plan)->generation();
    plan_ = *std::move(plan);
    error_.reset();
  } else {
    seen_ = before;  // not again until the registry changes
    error_ = plan.error();
  }
}

}  // namespace logbraid
