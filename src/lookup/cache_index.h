#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/short_text.h"
#include "lookup/cache_entry.h"

namespace logbraid {

// Finds the entries of a cache by key, and remembers the hashes of those that were dropped of late.
//
// Extendible hashing: the first bits of a hash choose a page, a small table with open addressing;
// a page that is full is split in two. So it grows by 5 KiB at a time; a table that doubles would
// move all its slots at once, and for that moment take three times its memory.
//
// Threads: one.
// Cost:    find: the directory, a slot, and the entry's lines. insert: now and then a split of 256
//          slots.
class CacheIndex {
 public:
  CacheIndex() = default;
  ~CacheIndex() { clear(); }
  CacheIndex(const CacheIndex&) = delete;
  CacheIndex& operator=(const CacheIndex&) = delete;

  CacheEntry* find(std::string_view key, std::uint64_t hash) const {
    if (directory_.empty()) return nullptr;
    const Page& page = page_of(hash);
    for (std::size_t at = hash % kSlots;; at = (at + 1) % kSlots) {
      const Slot& slot = page.slots[at];
      if (slot.entry == nullptr) return nullptr;
      if (slot.hash == hash && same_short(slot.entry->key(), key)) return slot.entry;
    }
  }

  void fetch_slot(std::uint64_t hash) const {
    if (!directory_.empty()) __builtin_prefetch(&page_of(hash).slots[hash % kSlots]);
  }
  void fetch_entry(std::uint64_t hash) const {
    if (directory_.empty()) return;
    const Slot& slot = page_of(hash).slots[hash % kSlots];
    if (slot.entry != nullptr) slot.entry->fetch();
  }

  // Bytes that an insert() of that hash would add, at most; nullopt: it cannot be inserted, since a
  // page is full of hashes that begin alike. With random hashes that does not happen.
  std::optional<std::size_t> growth_for(std::uint64_t hash) const;
  // The key must not be there. False: it could not be inserted.
  bool insert(CacheEntry* entry);
  void remove(CacheEntry* entry);

  // Hashes of entries that are gone: the latest, about as many as there are slots. To be asked only
  // where there are entries.
  void remember(std::uint64_t hash) { page_of(hash).gone[gone_at(hash)] = gone_mark(hash); }
  bool remembers(std::uint64_t hash) const {
    return !directory_.empty() && page_of(hash).gone[gone_at(hash)] == gone_mark(hash);
  }

  // As new: no entries, nothing remembered, no memory.
  void clear();
  std::size_t bytes() const { return pages_ * kPageBytes + directory_bytes(directory_.size()); }
  // What an index of so many entries takes, about.
  static std::size_t usual_bytes(std::size_t entries) {
    return (entries / (kMostUsed / 2) + 1) * (kPageBytes + 2 * sizeof(Page*));
  }

 private:
  static constexpr std::size_t kSlots = 256;
  static constexpr std::size_t kMostUsed = kSlots * 13 / 16;

  struct Slot {
    std::uint64_t hash;
    CacheEntry* entry;  // null: empty
  };
  struct Page {
    std::array<Slot, kSlots> slots{};
    std::array<std::uint32_t, kSlots> gone{};
    std::uint32_t used = 0;
    std::uint32_t depth = 0;  // bits that its hashes have in common
  };
  static constexpr std::size_t kPageBytes = heap_bytes(sizeof(Page));

  static std::size_t directory_bytes(std::size_t places) {
    return places == 0 ? 0 : heap_bytes(places * sizeof(Page*));
  }

  // Other bits than those that choose the page or the slot.
  static std::size_t gone_at(std::uint64_t hash) { return (hash >> 8) % kSlots; }
  static std::uint32_t gone_mark(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 16) | 1;  // 0: nothing
  }

  std::size_t place_of(std::uint64_t hash) const { return (hash >> 1) >> (63 - depth_); }
  Page& page_of(std::uint64_t hash) { return *directory_[place_of(hash)]; }
  const Page& page_of(std::uint64_t hash) const { return *directory_[place_of(hash)]; }
  // Keeps the directory small when hashes begin alike.
  bool may_double() const { return directory_.size() < 4 * pages_; }
  static void put(Page& page, Slot slot);
  void split(std::uint64_t hash);

  // 2^depth_ places; a page of less depth stands in several, side by side. Empty at first.
  std::vector<Page*> directory_;
  std::uint32_t depth_ = 0;
  std::size_t pages_ = 0;
};

}  // namespace logbraid
