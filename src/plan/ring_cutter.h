#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plan/caused_arc.h"
#include "plan/field_index.h"

namespace logbraid {

// "a -> b -> c -> a": each depends on the next. A long one is cut short.
std::string ring_text(const std::vector<plan::Node>& ring, const std::vector<PlanNode>& nodes);

// Takes out of a graph what keeps it from having an order.
struct CutResult {
  std::vector<CausedArc> arcs;  // without a ring
  std::vector<std::string> warnings;
};

// Declared rings, for `cycles: by_priority`: within each, the arcs against (priority, listing) go.
CutResult cut_declared_rings(std::vector<CausedArc> arcs, const std::vector<PlanNode>& nodes);

// Inferred arcs, where they disagree with each other or with declared ones. Of two that each read
// what the other writes, the one with the lower rank goes first. Of each ring that is left, the one
// with the lowest rank goes first: the arc of the ring that leads to it goes. Declared arcs stay.
//
// Threads: a pure function.
// Errors:  none; a graph so tangled that this would take over kMaxSteps loses every inferred arc
//          against the ranks within its rings, and says so.
class RingCutter {
 public:
  static constexpr std::size_t kMaxSteps = 20'000'000;  // arcs looked at: some 50 ms

  RingCutter(const FieldIndex& fields, const std::vector<PlanNode>& nodes,
             std::span<const std::uint32_t> ranks)
      : fields_(fields), nodes_(nodes), ranks_(ranks) {}

  CutResult cut(std::vector<CausedArc> arcs) const;

 private:
  bool against_ranks(const CausedArc& arc) const {
    return arc.cause == Cause::reads && ranks_[arc.from] > ranks_[arc.to];
  }

  const FieldIndex& fields_;
  const std::vector<PlanNode>& nodes_;
  std::span<const std::uint32_t> ranks_;
};

}  // namespace logbraid
