#include "engine/status_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/json_text.h"

namespace logbraid {
namespace {

enum class StatusPart : std::uint8_t { succeeded, failed, skipped };

StatusPart status_part(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
    case Outcome::no_match:
      return StatusPart::succeeded;
    case Outcome::condition_false:
    case Outcome::dependency_unmet:
      return StatusPart::skipped;
    default:
      return StatusPart::failed;
  }
}

}  // namespace

StatusField::StatusField(const ExecutionPlan& plan, const StatusOptions& options)
    : plan_(plan), options_(options) {
  for (const PlanNode& node : plan.nodes()) {
    append_json_string(quoted_names_.emplace_back(), node.name);
  }
}

void StatusField::write(const Slot& slot) const {
  const auto failed_one = [](Outcome outcome) {
    return status_part(outcome) == StatusPart::failed;
  };
  if (options_.when == StatusOptions::When::failed &&
      std::none_of(slot.outcomes, slot.outcomes + plan_.size(), failed_one)) {
    return;
  }
  std::string succeeded;
  std::string failed;
  std::string skipped;
  std::string times;
  for (std::uint32_t n = 0; n < plan_.size(); ++n) {
    const Outcome outcome = slot.outcomes[n];
    const std::string& name = quoted_names_[n];
    const auto separate = [](std::string& text) { return text.empty() ? "" : ","; };
    if (options_.times && slot.times[n] != Duration::zero()) {
      fmt::format_to(std::back_inserter(times), "{}{}:{:.3f}", separate(times), name,
                     std::chrono::duration<double, std::milli>(slot.times[n]).count());
    }
    if (status_part(outcome) == StatusPart::succeeded) {
      succeeded.append(separate(succeeded)).append(name);
      continue;
    }
    std::string& part = status_part(outcome) == StatusPart::failed ? failed : skipped;
    part.append(separate(part)).append(name).append(":");
    std::string reason(to_string(outcome));
    if (!slot.reasons[n].empty()) reason.append(": ").append(slot.reasons[n]);
    append_json_string(part, reason);
  }
  std::string text = "{\"succeeded\":[" + succeeded + "]";
  if (!failed.empty()) text += ",\"failed\":{" + failed + "}";
  if (!skipped.empty()) text += ",\"skipped\":{" + skipped + "}";
  if (!times.empty()) text += ",\"ms\":{" + times + "}";
  text += "}";
  slot.patches[plan_.size()].set(options_.field, Value::object(text));
}

}  // namespace logbraid
