#include "logbraid/enriched_event.h"

#include <vector>

#include "engine/enrich_run.h"
#include "format/json_writer.h"

namespace logbraid {

const ExecutionPlan& EnrichedEvent::plan() const { return *run_->plan->plan; }

void EnrichedEvent::append_json(std::string& out) const {
  JsonWriter().write(*run_->slot(event_).event, run_->row(event_), out);
  out.pop_back();  // the line end
}

std::string EnrichedEvent::to_json() const {
  std::string json;
  append_json(json);
  return json;
}

Value EnrichedEvent::get(PathView path) const {
  const auto row = run_->row(event_);
  const auto words = static_cast<std::uint32_t>((row.size() + 63) / 64);
  auto* const all = decoded_.allocate_array<std::uint64_t>(words);
  for (std::uint32_t i = 0; i < words; ++i) all[i] = ~std::uint64_t{0};
  if (row.size() % 64 != 0) all[words - 1] = (std::uint64_t{1} << row.size() % 64) - 1;
  return EventView(*run_->slot(event_).event, row.data(), {all, words}, decoded_).get(path);
}

EnricherOutcome EnrichedEvent::outcome(std::size_t enricher) const {
  const Slot slot = run_->slot(event_);
  return {plan().nodes()[enricher].name, slot.outcomes[enricher], slot.reasons[enricher]};
}

std::optional<EnricherOutcome> EnrichedEvent::outcome(std::string_view enricher) const {
  for (std::size_t i = 0; i < enrichers(); ++i) {
    if (plan().nodes()[i].name == enricher) return outcome(i);
  }
  return std::nullopt;
}

bool EnrichedEvent::complete() const {
  const Slot slot = run_->slot(event_);
  for (std::size_t i = 0; i < enrichers(); ++i) {
    if (is_failure(slot.outcomes[i])) return false;
  }
  return true;
}

}  // namespace logbraid
