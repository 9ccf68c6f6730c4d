#pragma once

#include <algorithm>

#include "engine/pool.h"

namespace logbraid {

// Of the cores this process may use, those on which no shard works: true for a moment only. Threads
// that read and write are not counted, they wait most of the time.
template <class Shards>
unsigned cores_without_shard(unsigned cores, const Shards& shards) {
  const auto awake = [](const auto& shard) { return !shard->asleep(); };
  const auto working = static_cast<unsigned>(std::count_if(shards.begin(), shards.end(), awake));
  return cores - std::min(cores, working);
}

// Those on which no pool thread works either.
template <class Shards>
unsigned idle_cores(unsigned cores, const Shards& shards, const Pool& pool) {
  const unsigned left = cores_without_shard(cores, shards);
  return left - std::min(left, pool.busy());
}

}  // namespace logbraid
