#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "logbraid/event_view.h"
#include "logbraid/plan.h"

namespace logbraid {

// A plan for people and for other programs: what `logbraid plan` prints. Each ends with a newline.
//
// Threads: pure functions.
// Cost:    linear in the plan, but for the picture, which shows the first kMaxDrawn enrichers.

// Groups with kind, placement and what each runs after; what was left out; warnings.
std::string explain_as_text(const ExecutionPlan& plan);

// {"order": [...], "groups": [[...]], "edges": [{"from", "to", "because"}],
//  "disabled": [{"name", "because"}]}
std::string explain_as_json(const ExecutionPlan& plan);

// For Graphviz.
std::string explain_as_dot(const ExecutionPlan& plan);

// A picture that needs no other program: groups from left to right, an arrow to each enricher from
// those it runs after.
inline constexpr std::uint32_t kMaxDrawn = 120;
std::string explain_as_svg(const ExecutionPlan& plan);

// What one enricher would do with one event.
struct EventVerdict {
  enum class What : std::uint8_t {
    runs,
    skips,
    open,  // `when` reads what others write: only the call will tell
  };
  std::string name;
  What what = What::runs;
  std::string because;  // of skips and open
};

// For each enricher in plan order, then for those left out of the plan. Nothing runs: `when` is
// looked at on the input event.
std::vector<EventVerdict> explain_event(const ExecutionPlan& plan, const EventView& input,
                                        const LocalHour& hour);
std::string explain_as_text(const std::vector<EventVerdict>& verdicts);

}  // namespace logbraid
