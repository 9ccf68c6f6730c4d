#pragma once

#include <cstdint>
#include <utility>

#include "core/assert.h"
#include "logbraid/resilience.h"
#include "resilience/shard_part.h"

namespace logbraid {

// How many calls of one enricher are in flight on one shard, and how many may be. It only counts:
// who waits for a place, and in which order, is the engine's to know.
//
// Threads:  one.
// Lifetime: must outlive its places.
// Cost:     a comparison and an increment.
class Bulkhead {
 public:
  // Calls in flight on a shard where neither the options nor the enricher's client say otherwise.
  static constexpr std::uint32_t kDefaultLimit = 1024;

  // A place for one call, given back when it goes out of scope; false: there was none.
  class [[nodiscard]] Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~Place() {
      if (of_ != nullptr) --of_->in_flight_;
    }
    explicit operator bool() const { return of_ != nullptr; }

   private:
    friend class Bulkhead;
    explicit Place(Bulkhead* of) : of_(of) {}
    Bulkhead* of_ = nullptr;
  };

  explicit Bulkhead(std::uint32_t limit) : limit_(limit) {
    LOGBRAID_ASSERT(limit > 0, "a bulkhead without a place lets nobody through");
  }
  ~Bulkhead() { LOGBRAID_ASSERT(in_flight_ == 0, "a place outlives its bulkhead"); }
  Bulkhead(const Bulkhead&) = delete;
  Bulkhead& operator=(const Bulkhead&) = delete;

  // The limit of shard number `shard` of `shards`: its part of the process's limit;
  // `client_limit`, which is a shard's own, where the options set none.
  static std::uint32_t limit_of_shard(const BulkheadOptions& options, std::uint32_t shard,
                                      std::uint32_t shards,
                                      std::uint32_t client_limit = kDefaultLimit) {
    if (!options.max_in_flight) return client_limit;
    return part_of_shard(*options.max_in_flight, shard, shards);
  }

  Place try_enter() {
    if (full()) return {};
    ++in_flight_;
    return Place(this);
  }
  bool full() const { return in_flight_ >= limit_; }
  std::uint32_t in_flight() const { return in_flight_; }
  std::uint32_t limit() const { return limit_; }

 private:
  std::uint32_t limit_;
  std::uint32_t in_flight_ = 0;
};

}  // namespace logbraid
