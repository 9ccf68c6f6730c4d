#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "logbraid/metrics.h"

namespace logbraid {

struct EnginePlan;
class PlanRunner;

// Where an engine's numbers are gathered: plans and runners come and go with the registry, what
// they counted stays, by the enrichers' names.
//
// Threads:  any.
// Lifetime: a plan and a runner leave before they are destroyed.
// Blocking: a lock; never for what an enricher does, since runners are read while they run.
class MetricsBoard {
 public:
  // Numbers for the enrichers of a plan that no other plan that is here has.
  std::uint32_t reserve_activities(std::uint32_t enrichers);

  void enter(const EnginePlan& plan);
  void leave(const EnginePlan& plan);

  // A runner, for as long as it lives.
  class Entry {
   public:
    Entry(MetricsBoard& board, const EnginePlan& plan, const PlanRunner& runner);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    MetricsBoard& board_;
    const PlanRunner& runner_;
  };

  // Counts that the code with that number held up a loop, and says whose it is; nothing: its plan
  // has gone.
  std::optional<std::string> count_stall(std::uint32_t activity);

  // All that was counted; what is told in a plan's order is told in `current`'s, which is here.
  EngineMetrics read(const EnginePlan& current) const;

 private:
  struct Runner {
    const EnginePlan* plan;
    const PlanRunner* runner;
  };
  struct Gone {
    EnricherMetrics metrics;
    Placement placement = Placement::inline_;
  };
  // What those that are here no more have left.
  struct Left {
    std::map<std::string, Gone> enrichers;
    EventMetrics events;
    EventMetrics in_sequence;
    std::uint64_t in_flight_peak = 0;
  };

  static void add(const EnginePlan& plan, Left& to);
  static void add(const EnginePlan& plan, const RunMetrics& metrics, Left& to);

  mutable std::mutex mutex_;  // guards everything below
  std::uint32_t next_activity_ = 0;
  std::vector<const EnginePlan*> plans_;
  std::vector<Runner> runners_;
  Left left_;
};

}  // namespace logbraid
