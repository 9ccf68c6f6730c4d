#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lookup/cache_entry.h"
#include "lookup/cache_index.h"

namespace logbraid {

struct CacheStats {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  std::uint64_t evictions = 0;  // dropped for want of room while they could still be served
  std::uint64_t expired = 0;    // dropped since they could not
  std::uint64_t not_kept = 0;   // answers that had no room even so
};

// The answers of a look-up on one shard, bounded in bytes: keys, values, entries and index, with
// what the allocator adds.
//
// Who is dropped is decided by S3-FIFO (docs/decisions/lookup_cache.md): what is new waits in a
// small queue and leaves it by the back door unless it was used twice; what was, or comes back soon
// after it left, is a resident, and leaves in the order of coming unless it was used since.
//
// Threads:  one.
// Lifetime: an entry lives until the next put(), remove() or shrink_to(), or until a find() of its
//           key when its time is over.
// Errors:   none: what finds no room is not kept.
// Time:     as it is told; it never goes back.
// Cost:     find: three or four lines of memory, 10 ns where they are near the core; it writes
//           nothing but a counter of uses. put: an allocation and what has to be dropped; the work
//           for each is bounded.
class Cache {
 public:
  explicit Cache(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // The entry for a key, fresh or stale; null where there is none. Counts as a use of it.
  const CacheEntry* find(std::string_view key, std::uint64_t hash, TimePoint now) {
    CacheEntry* const entry = index_.find(key, hash);
    if (entry == nullptr) return nullptr;
    if (!entry->alive(now)) [[unlikely]]
      return find_dead(entry, now);
    entry->note_use();
    return entry;
  }

  // Fetch what a find() of that hash is going to read, for who has something else to do meanwhile:
  // first the place in the index; when that has come, the entry.
  void fetch_slot(std::uint64_t hash) const { index_.fetch_slot(hash); }
  void fetch_entry(std::uint64_t hash) const { index_.fetch_entry(hash); }

  // Keeps an answer in place of the one that is there. But an error never takes the place of an
  // answer that can still be served: that one's error_until() is set to the error's fresh_until,
  // and it stays. Neither key nor value may stand in the cache.
  void put(std::string_view key, std::uint64_t hash, const Answer& answer, TimePoint now);
  void remove(std::string_view key, std::uint64_t hash);

  // Drops entries until no more than `bytes` are used; later it may grow again. Walks over all
  // entries that stay.
  void shrink_to(std::size_t bytes);

  CacheStats stats() const { return {entries_, bytes(), evictions_, expired_, not_kept_}; }
  std::size_t bytes() const { return newcomers_.bytes() + residents_.bytes() + index_.bytes(); }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  // Entries that one eviction looks at before it drops one without looking.
  static constexpr int kMostLooks = 64;

  const CacheEntry* find_dead(CacheEntry* entry, TimePoint now);
  EntryQueue& queue_of(const CacheEntry* entry) {
    return entry->resident_ ? residents_ : newcomers_;
  }
  void drop(CacheEntry* entry);
  bool make_room(std::size_t bytes, std::uint64_t hash);
  void evict();
  bool stays(CacheEntry* entry);
  void index_again(EntryQueue& queue);

  const std::size_t max_bytes_;
  CacheIndex index_;
  EntryQueue newcomers_;
  EntryQueue residents_;
  TimePoint now_ = TimePoint::min();
  std::size_t entries_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t expired_ = 0;
  std::uint64_t not_kept_ = 0;
};

}  // namespace logbraid
