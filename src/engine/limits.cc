#include "engine/limits.h"

#include <algorithm>

namespace logbraid {

Limits limits_of(const ExecutionPlan& plan, const ExecutionOptions& options) {
  using Options = ExecutionOptions;
  Limits limits;
  const std::size_t levels = plan.groups().size();
  std::vector<Duration> budget(levels, options.group_timeout.value_or(Options::kGroupTimeout));
  Duration widest =
      std::max(Options::kEventTimeout, options.group_timeout.value_or(Duration::zero()));

  for (const PlanNode& node : plan.nodes()) {
    const auto set = node.metadata.timeout ? node.metadata.timeout : options.enricher_timeout;
    if (set) {
      if (!options.group_timeout) budget[node.level] = std::max(budget[node.level], *set);
      widest = std::max(widest, *set);
    }
    const Duration group = options.group_timeout.value_or(Duration::max());
    const Duration event = options.event_timeout.value_or(Duration::max());
    limits.enricher.push_back(set.value_or(std::min({Options::kEnricherTimeout, group, event})));
  }
  limits.event = options.event_timeout.value_or(widest);
  Duration end{};
  for (const Duration& group : budget) {
    // Saturates at the event's limit, so a thousand groups do not overflow.
    end = std::min(limits.event, end + std::min(group, limits.event));
    limits.group_end.push_back(end);
  }
  return limits;
}

}  // namespace logbraid
