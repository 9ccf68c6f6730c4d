#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "logbraid/enricher.h"
#include "logbraid/kind.h"
#include "logbraid/metadata.h"
#include "logbraid/plan.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

using EnrichFunction = std::function<EnrichStatus(const EventView&, Patch&)>;

// Names in the order they run, and the groups that can run at once.
struct Resolution {
  std::vector<std::string> order;
  std::vector<std::vector<std::string>> groups;
};

// The enrichers and kinds that a program knows by name. An object like any other: two registries
// share nothing.
//
// Threads:  any function from any thread at once.
// Lifetime: plans hold the enrichers they run; a PlanCache borrows its registry.
// Errors:   a name that is empty or taken, an enricher that is null, a placement that does not fit
//           the kind of enricher, a retry of an inline one, times for a life cycle that is none, a
//           number out of its range, settings that the kind refuses.
// Blocking: a lock for the time of a look-up; never while an enricher is made.
class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // An enricher under metadata.name. What the instance reads and writes is added to what the
  // metadata declare, and so are the fields of a fallback. An async enricher is placed on the loop
  // wherever `instance.placement` is.
  Result<void> add(EnricherMetadata metadata, EnricherInstance instance);
  // A plain function; placed `auto` unless the metadata say where. Called from several threads at
  // once.
  Result<void> add(EnricherMetadata metadata, EnrichFunction function);
  // With default metadata: priority 100, no dependencies, no conditions.
  Result<void> add(std::string name, EnrichFunction function);

  // A kind, under its name and its aliases.
  Result<void> add_kind(EnricherKind kind);
  // An enricher made by the kind of that name (or alias) from settings.
  Result<void> add_instance(EnricherMetadata metadata, std::string_view kind,
                            const Setting& settings, const MakeContext& context);

  // Forgets every enricher; kinds stay.
  void clear();

  // In the order of registration.
  std::vector<std::string> names() const;
  // In the order of registration, without aliases.
  std::vector<EnricherKind> kinds() const;
  std::optional<EnricherKind> kind(std::string_view name_or_alias) const;
  // Null where there is none of that name. What the plan will use: reads and writes of the instance
  // included.
  std::shared_ptr<const EnricherMetadata> metadata(std::string_view name) const;

  // Order and groups of the enrichers named, taken as enabled: conditions are not looked at.
  Result<Resolution> resolve_dependencies(std::span<const std::string> names) const;
  // The plan for the enrichers named. The order of `names` decides between enrichers of the same
  // priority.
  // Errors: a name that is not registered or listed twice, a ring of declared dependencies, a
  //         condition that cannot be compiled.
  Result<std::shared_ptr<const ExecutionPlan>> resolve(std::span<const std::string> names,
                                                       const PlanOptions& options = {}) const;

  // Raised by each change. One load; a plan whose generation is the same is up to date.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  struct Entry;
  struct Selection;
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };

  Result<void> insert(std::string kind, EnricherMetadata metadata, EnricherInstance instance);
  Result<Selection> select(std::span<const std::string> names) const;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Entry>, NameHash, std::equal_to<>> entries_;
  std::vector<std::string> order_;
  std::vector<std::shared_ptr<const EnricherKind>> kinds_;
  // Written under the mutex after the change it stands for, so that whoever sees the number and
  // then takes the mutex sees the change.
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace logbraid
