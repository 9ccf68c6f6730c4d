#include "lookup/cache_index.h"

#include <algorithm>

#include "core/assert.h"

namespace logbraid {

std::optional<std::size_t> CacheIndex::growth_for(std::uint64_t hash) const {
  if (directory_.empty()) return kPageBytes + directory_bytes(1);
  const Page& page = page_of(hash);
  if (page.used < kMostUsed) return 0;
  if (page.depth < depth_) return kPageBytes;
  // The old directory lives until the new one is filled.
  if (may_double()) return kPageBytes + directory_bytes(2 * directory_.size());
  return std::nullopt;
}

bool CacheIndex::insert(CacheEntry* entry) {
  const std::uint64_t hash = entry->hash_;
  if (!growth_for(hash)) return false;
  if (directory_.empty()) {
    directory_.push_back(new Page());
    pages_ = 1;
  }
  if (page_of(hash).used == kMostUsed) split(hash);
  Page& page = page_of(hash);
  if (page.used == kMostUsed) return false;  // all went to one side
  put(page, {hash, entry});
  return true;
}

void CacheIndex::put(Page& page, Slot slot) {
  std::size_t at = slot.hash % kSlots;
  while (page.slots[at].entry != nullptr) at = (at + 1) % kSlots;
  page.slots[at] = slot;
  ++page.used;
}

void CacheIndex::split(std::uint64_t hash) {
  Page* const left = &page_of(hash);
  if (left->depth == depth_) {
    std::vector<Page*> twice(2 * directory_.size());
    for (std::size_t i = 0; i < twice.size(); ++i) twice[i] = directory_[i / 2];
    directory_.swap(twice);
    ++depth_;
  }
  // Whoever remembers a hash of the other side's is not asked for it.
  auto* const right = new Page();
  ++pages_;
  right->gone = left->gone;
  const std::uint64_t bit = std::uint64_t{1} << (63 - left->depth);
  left->depth = right->depth = left->depth + 1;

  const std::size_t stands_in = std::size_t{1} << (depth_ - left->depth);
  const std::size_t first = place_of(hash | bit) / stands_in * stands_in;
  std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(first), stands_in, right);

  const std::array<Slot, kSlots> slots = left->slots;
  left->slots = {};
  left->used = 0;
  for (const Slot& slot : slots) {
    if (slot.entry != nullptr) put((slot.hash & bit) == 0 ? *left : *right, slot);
  }
}

void CacheIndex::remove(CacheEntry* entry) {
  Page& page = page_of(entry->hash_);
  std::size_t hole = entry->hash_ % kSlots;
  while (page.slots[hole].entry != entry) {
    LOGBRAID_ASSERT(page.slots[hole].entry != nullptr, "what is removed is in the index");
    hole = (hole + 1) % kSlots;
  }
  // Those behind it move up, as far as the slot where they belong lets them.
  for (std::size_t at = (hole + 1) % kSlots; page.slots[at].entry != nullptr;
       at = (at + 1) % kSlots) {
    const std::size_t home = page.slots[at].hash % kSlots;
    if ((at - home) % kSlots < (at - hole) % kSlots) continue;
    page.slots[hole] = page.slots[at];
    hole = at;
  }
  page.slots[hole] = {};
  --page.used;
}

void CacheIndex::clear() {
  for (std::size_t i = 0; i < directory_.size();) {
    const std::size_t stands_in = std::size_t{1} << (depth_ - directory_[i]->depth);
    delete directory_[i];
    i += stands_in;
  }
  std::vector<Page*>().swap(directory_);
  depth_ = 0;
  pages_ = 0;
}

}  // namespace logbraid
