#pragma once

#include <algorithm>
#include <cstdint>

namespace logbraid {

// Limits are given for the process and divided among its shards: the part of shard number `shard`.
// What does not divide goes to the first ones; each has at least 1, or it could do nothing.
constexpr std::uint32_t part_of_shard(std::uint32_t whole, std::uint32_t shard,
                                      std::uint32_t shards) {
  return std::max<std::uint32_t>(1, whole / shards + (shard < whole % shards ? 1 : 0));
}

}  // namespace logbraid
