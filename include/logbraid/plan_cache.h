#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/plan.h"
#include "logbraid/registry.h"
#include "logbraid/result.h"

namespace logbraid {

// Plans by registry generation and the names asked for: each is resolved once.
//
// Threads:  get() from any thread at once.
// Lifetime: borrows the registry, which must outlive it. Plans live as long as somebody holds them.
// Errors:   those of Registry::resolve(); an error is not kept.
// Blocking: a lock; while a plan is resolved others wait, since most want the same one.
class PlanCache {
 public:
  // Lists of names that are kept at once; a further one takes the place of all.
  static constexpr std::size_t kMaxPlans = 256;

  explicit PlanCache(const Registry& registry, PlanOptions options = {})
      : registry_(registry), options_(std::move(options)) {}

  Result<std::shared_ptr<const ExecutionPlan>> get(std::span<const std::string> names);
  const Registry& registry() const { return registry_; }
  // How often a plan had to be resolved, with or without success.
  std::uint64_t resolved() const { return resolved_.load(std::memory_order_relaxed); }

 private:
  const Registry& registry_;
  const PlanOptions options_;
  std::atomic<std::uint64_t> resolved_{0};
  std::mutex mutex_;
  std::uint64_t generation_ = 0;  // of all that is kept
  std::map<std::vector<std::string>, std::shared_ptr<const ExecutionPlan>> plans_;
};

// One reader's plan for one list of names: what a shard holds.
//
// Threads:  one at a time; each thread has its own.
// Lifetime: borrows the cache.
// Errors:   when the registry no longer resolves, get() stays at the last plan that did (null when
//           there never was one) and error() says why.
// Cost:     one atomic load and a comparison while the registry stands still.
class PlanSnapshot {
 public:
  PlanSnapshot(PlanCache& cache, std::vector<std::string> names)
      : cache_(cache), names_(std::move(names)) {}

  const std::shared_ptr<const ExecutionPlan>& get() {
    if (cache_.registry().generation() != seen_) [[unlikely]] {
      refresh();
    }
    return plan_;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  void refresh();

  PlanCache& cache_;
  std::vector<std::string> names_;
  std::uint64_t seen_ = UINT64_MAX;
  std::shared_ptr<const ExecutionPlan> plan_;
  std::optional<Error> error_;
};

}  // namespace logbraid
