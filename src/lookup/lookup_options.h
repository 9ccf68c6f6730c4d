#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"
#include "resilience/shard_part.h"

namespace logbraid {

// What becomes of the keys of a request that failed as a whole through what was in it.
enum class OnBatchError : std::uint8_t {
  fail,   // they have failed
  split,  // each half is asked for again, until it is known which key it was
};

// How look-ups are cached, gathered and limited. All that differs from one enricher to another.
struct LookupOptions {
  // Of the process, divided among its shards: 32 MiB. 0: no cache. Raise it when `evicted` grows
  // while hits are few.
  std::size_t cache_bytes = 32 * 1024 * 1024;
  // How long an answer is good for: 5 min. Raise it when what is looked up rarely changes.
  Duration ttl = std::chrono::minutes(5);
  // How long it is known that there is none: 30 s.
  Duration not_found_ttl = std::chrono::seconds(30);
  // How long a key that failed is not asked for again: 1 s. It is never taken for "not found".
  Duration error_ttl = std::chrono::seconds(1);
  // For so long beyond its time an answer is still given where asking anew fails: 0.
  Duration stale_if_error{};
  // A hit in the last so much of an answer's time asks anew while it is answered with what is
  // there; a share of the ttl, 0 to 0.9: 0, which is off.
  double refresh_ahead = 0;

  // Keys in one request. 1: no batches. Each kind of client has its own.
  std::size_t max_batch = 1;
  // How long keys are gathered while a request is under way; with none they leave at the end of
  // the turn they came in: 1 ms.
  Duration max_delay = std::chrono::milliseconds(1);
  OnBatchError on_batch_error = OnBatchError::fail;

  // Requests in flight where `max_in_flight` is unset: what the client can carry on each of its
  // connections, or on a shard where it counts none.
  std::uint32_t client_limit = 64;
  // Connections of the process to the service, divided among its shards.
  std::optional<std::uint32_t> connections = {};
  // Finds the number of requests in flight by itself, below that limit.
  bool adaptive = false;
  // Requests a second, of the process, divided among its shards. 0: no limit.
  double rate = 0;

  // The settings of the above, for a kind's list; defaults are those of `*this`. Batches are left
  // out where max_batch is 1.
  std::vector<SettingSpec> specs() const;
  // `*this` is where it starts from.
  Result<LookupOptions> parse(const Settings& settings) const;
  // What the client can carry on shard number `shard` of `shards`.
  std::uint32_t client_limit_of_shard(std::uint32_t shard, std::uint32_t shards) const {
    return connections ? client_limit * part_of_shard(*connections, shard, shards) : client_limit;
  }
};

// `specs`, and then those of the kind's look-ups.
std::vector<SettingSpec> with_lookup_settings(std::vector<SettingSpec> specs,
                                              const LookupOptions& defaults);

}  // namespace logbraid
