#include "logbraid/explain.h"

namespace logbraid {
namespace {

// Who of a node's ancestors writes what its `when` reads: "reads user.plan, which profile writes".
std::string written_by_others(const ExecutionPlan& plan, std::uint32_t node) {
  for (const FieldPath& read : plan[node].metadata.when->reads()) {
    for (std::uint32_t ancestor = 0; ancestor < node; ++ancestor) {
      if (!plan.is_ancestor(ancestor, node)) continue;
      for (const FieldPath& written : plan[ancestor].metadata.writes) {
        if (overlap(read, written)) {
          return "reads " + read.to_string() + ", which " + plan[ancestor].name + " writes";
        }
      }
    }
  }
  return {};
}

EventVerdict verdict_of(const ExecutionPlan& plan, std::uint32_t node,
                        const std::vector<EventVerdict>& before, const EventView& input,
                        const LocalHour& hour) {
  using What = EventVerdict::What;
  const PlanNode& self = plan[node];
  if (std::string why = self.conditions.why_not(input, hour); !why.empty()) {
    return {self.name, What::skips, std::move(why)};
  }
  for (const std::uint32_t required : self.required) {
    if (before[required].what == What::skips) {
      return {self.name, What::skips, "requires " + plan[required].name + ", which does not run"};
    }
  }
  if (self.metadata.when) {
    const bool now = (*self.metadata.when)(input);
    const std::string written = written_by_others(plan, node);
    if (!written.empty()) {
      return {self.name, What::open,
              std::string("when is ") + (now ? "true" : "false") + " on the input event, but it " +
                  written + ": decided at the call"};
    }
    if (!now) return {self.name, What::skips, "when is false"};
  }
  for (const std::uint32_t required : self.required) {
    if (before[required].what == What::open) {
      return {self.name, What::open, "requires " + plan[required].name + ", which is open"};
    }
  }
  return {self.name, What::runs, {}};
}

}  // namespace

std::vector<EventVerdict> explain_event(const ExecutionPlan& plan, const EventView& input,
                                        const LocalHour& hour) {
  std::vector<EventVerdict> verdicts;
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    verdicts.push_back(verdict_of(plan, node, verdicts, input, hour));
  }
  for (const DisabledEnricher& left_out : plan.disabled()) {
    verdicts.push_back({left_out.name, EventVerdict::What::skips, left_out.because});
  }
  return verdicts;
}

}  // namespace logbraid
