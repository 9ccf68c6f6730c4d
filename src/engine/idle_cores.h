#pragma once

#include <algorithm>

#include "engine/pool.h"

namespace logbraid {

// Of the cores this process may use, those on which neither a shard nor a pool thread works: true
// for a moment only. Threads that read and write are not counted, they wait most of the time.
template <class Shards>
unsigned idle_cores(unsigned cores, const Shards& shards, const Pool& pool) {
  const auto awake = [](const auto& shard) { return !shard->asleep(); };
  const unsigned working =
      static_cast<unsigned>(std::count_if(shards.begin(), shards.end(), awake)) + pool.busy();
  return working < cores ? cores - working : 0;
}

}  // namespace logbraid
