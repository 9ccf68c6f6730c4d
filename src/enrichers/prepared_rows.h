#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "logbraid/patch.h"
#include "logbraid/path.h"
#include "logbraid/value.h"

namespace logbraid {

// Rows of a table as patches take them, their JSON put together beforehand: for tables that are
// small enough to stay in a cache, where putting it together again for each event is what costs.
//
// Threads:  const from any.
// Lifetime: `outputs` and what the values point at must outlive it; it must outlive the batches.
class PreparedRows {
 public:
  // What a cell takes more, some 100 bytes, is 6 MiB at most.
  static constexpr std::size_t kMostCells = 65'536;

  PreparedRows() = default;
  // `values` row by row, one for each output; absent: the row does not set it.
  PreparedRows(std::span<const FieldPath> outputs, std::span<const Value> values);

  const ConstantSteps& operator[](std::size_t row) const { return rows_[row]; }
  std::size_t size() const { return rows_.size(); }

 private:
  std::vector<PatchOp> ops_;
  std::vector<char> json_;
  std::vector<ConstantSteps> rows_;
};

}  // namespace logbraid
