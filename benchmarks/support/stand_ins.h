#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "logbraid/enricher.h"
#include "logbraid/metadata.h"
#include "logbraid/plan.h"

// Enrichers that stand in for slow dependencies, and plans of them. What a call does follows from
// the number of its event, so that whoever reads the output knows what each event has met.
namespace logbraid::bench {

struct Act {
  enum class How : std::uint8_t { answer, fail, hang };
  Duration time{};
  How how = How::answer;
};
// What becomes of event number n; called from several threads.
using Script = std::function<Act(std::uint64_t number)>;

// Waits on the shard's loop; one that hangs ends when it is told to stop.
std::shared_ptr<AsyncEnricher> waiting(std::string field, Script script);
// Sleeps on a pool thread; one that hangs sleeps for its time and hears nothing.
std::shared_ptr<SyncEnricher> blocking(std::string field, Script script);
// Computes, without a wait, for about its time on an idle core.
std::shared_ptr<SyncEnricher> computing(std::string field, Duration time);

struct Part {
  std::string name;  // and the field that it writes
  EnricherPtr enricher;
  Placement placement;
  std::vector<std::string> dependencies = {};
  EnricherMetadata more = {};  // name and dependencies aside
};
std::shared_ptr<const ExecutionPlan> plan_of(const std::vector<Part>& parts);

// The number of the event, from its field "n".
std::uint64_t number_of(const EventView& event);

// Computes for about so long on an idle core: what computing() does in a call.
void compute_for(Duration time);

}  // namespace logbraid::bench
