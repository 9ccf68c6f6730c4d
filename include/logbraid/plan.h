#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/enricher.h"
#include "logbraid/event_view.h"
#include "logbraid/metadata.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// Whose rules a plan follows.
enum class Compat : std::uint8_t {
  none,  // logbraid's
  // fapilog's, for a configuration that leans on them: one after the other in its order, each
  // seeing all that ran before it. Order comes from dependencies and priority alone, not from what
  // enrichers read and write; rings are cut by priority.
  fapilog,
};

// What resolving may ask of its surroundings, and how strict it is.
struct PlanOptions {
  // A dependency on a name that is not registered: an error, not a warning.
  bool strict = false;
  // A ring of declared dependencies is cut by (priority, order of listing) with a warning instead
  // of being refused (`cycles: by_priority`).
  bool cycles_by_priority = false;
  Compat compat = Compat::none;
  // Variables for conditions: ENVIRONMENT, FEATURE_NAME. Unset: there are none.
  std::function<std::optional<std::string>(std::string_view)> environment = {};
  // The settings' `enricher_conditions`: environment, feature_NAME, level ... They beat the fields
  // of events.
  std::vector<Setting::Member> enricher_conditions = {};
};

// The hour of local time, 0 to 23. Asked only where a condition has a time range.
using LocalHour = std::function<int()>;

// What of an enricher's conditions depends on the event: compiled once, evaluated on the input
// event before any enricher runs. The part that no event can change is decided when the plan is
// made.
//
// Threads: immutable; copies share one state.
// Cost:    no allocation, but for fields whose strings must be decoded (in the view's arena).
class EventConditions {
 public:
  EventConditions() = default;  // always holds

  // No event makes a difference: holds() is true.
  bool always() const { return state_ == nullptr; }
  // `input`: the event alone. A condition_func that throws counts as false.
  bool holds(const EventView& input, const LocalHour& hour) const {
    return state_ == nullptr || holds_for(input, hour);
  }
  // Why it does not hold ("level is INFO, under ERROR"); empty where it does. For people:
  // allocates.
  std::string why_not(const EventView& input, const LocalHour& hour) const;

 private:
  friend class ConditionCompiler;
  struct State;
  explicit EventConditions(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  bool holds_for(const EventView& input, const LocalHour& hour) const;

  std::shared_ptr<const State> state_;
};

// One enricher in its place. Its index in the plan is its place in plan order.
struct PlanNode {
  std::string name;
  std::string kind;  // of the instance; empty for a function
  EnricherMetadata metadata;
  EnricherPtr enricher;
  std::optional<std::uint32_t> max_in_flight;  // calls its client can carry at once, a shard
  Placement placement = Placement::inline_;    // settled: metadata's, else where its kind belongs
  std::uint32_t level = 0;                     // its group
  // Indexes, ascending. An edge is listed once, whatever its causes.
  std::vector<std::uint32_t> dependencies;  // direct edges to this node
  std::vector<std::uint32_t> required;      // those of them that must have been ok
  std::vector<std::uint32_t> dependents;    // direct edges from this node
  EventConditions conditions;
};

struct PlanEdge {
  std::uint32_t from = 0;  // runs first
  std::uint32_t to = 0;    // runs after it
  // "dependencies", "requires", "reads user.id", "compat"; lives as long as the plan.
  std::string_view because;
};

struct DisabledEnricher {
  std::string name;
  std::string because;  // "environment is development, not production"
};

// The immutable result of resolving dependencies: order, parallel groups, edges.
//
// Threads:  immutable; shared by every shard.
// Lifetime: holds the enrichers it runs: independent of the registry it came from.
class ExecutionPlan {
 public:
  std::span<const PlanNode> nodes() const { return nodes_; }
  const PlanNode& operator[](std::uint32_t node) const { return nodes_[node]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }

  // Levels 0, 1, ...; those of one group can all run at once. In plan order, one after the other.
  const std::vector<std::vector<std::uint32_t>>& groups() const { return groups_; }
  // By `to`, then `from`.
  std::span<const PlanEdge> edges() const { return edges_; }
  // Left out, because of what no event can change; in the order asked for.
  std::span<const DisabledEnricher> disabled() const { return disabled_; }
  std::span<const std::string> warnings() const { return warnings_; }

  // All that run before this node, over edges of every cause.
  AncestorSet ancestors(std::uint32_t node) const {
    return {ancestor_words_.data() + ancestor_rows_[node].first, ancestor_rows_[node].words};
  }
  bool is_ancestor(std::uint32_t ancestor, std::uint32_t node) const;

  // That of the registry when the plan was made.
  std::uint64_t generation() const { return generation_; }

 private:
  friend class PlanBuilder;
  struct AncestorRow {
    std::size_t first = 0;
    std::uint32_t words = 0;  // trailing words without a bit are left out
  };
  ExecutionPlan() = default;

  std::vector<PlanNode> nodes_;
  std::vector<std::vector<std::uint32_t>> groups_;
  std::vector<PlanEdge> edges_;
  std::shared_ptr<const std::string> causes_;  // what PlanEdge::because points into
  std::vector<DisabledEnricher> disabled_;
  std::vector<std::string> warnings_;
  std::vector<AncestorRow> ancestor_rows_;
  std::vector<std::uint64_t> ancestor_words_;
  std::uint64_t generation_ = 0;
};

}  // namespace logbraid
