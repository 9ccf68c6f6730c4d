#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "logbraid/result.h"
#include "plan/caused_arc.h"
#include "plan/field_index.h"

namespace logbraid {

// The arcs that declared reads and writes imply: who reads a field runs after all who write it, or
// a part of it, or what it is a part of.
//
// Not all pairs. Those that both read and write a path follow each other by rank: a chain, its
// first after all that only write the path, its last before all that only read it. 10,000 that
// rewrite `message` are 9,999 arcs.
class InferredArcs {
 public:
  // More than these are refused: 2,000 that write a field and 2,000 others that read it.
  static constexpr std::size_t kMaxArcs = 4'000'000;

  // `ranks` must agree with the declared arcs (plan::ranks).
  InferredArcs(const FieldIndex& fields, std::span<const std::uint32_t> ranks)
      : fields_(fields), ranks_(ranks) {}

  // Enough arcs to imply every pair, as long as none of them is taken away.
  Result<std::vector<CausedArc>> chained() const;
  // Every pair that one of `nodes` is part of, but those that follow each other in a chain: enough
  // to imply every pair, with chained(), when arcs between `nodes` that run against the ranks are
  // taken away.
  Result<std::vector<CausedArc>> pairs_of(const std::vector<bool>& nodes) const;

  // Those that write `path` and read it, or a part of it, or what it is a part of; by rank.
  std::vector<plan::Node> chain(FieldIndex::Place path) const;

 private:
  bool rewrites(plan::Node node, FieldIndex::Place path) const {
    return fields_.overlapping(fields_.reads(node), path) != FieldIndex::npos;
  }
  bool writes(plan::Node node, FieldIndex::Place path) const;
  bool reads(plan::Node node, FieldIndex::Place path) const;
  // Of those that read exactly `path`: who stands for all of them before whoever writes above or
  // below it.
  std::vector<plan::Node> entry(FieldIndex::Place path) const;

  const FieldIndex& fields_;
  std::span<const std::uint32_t> ranks_;
};

}  // namespace logbraid
