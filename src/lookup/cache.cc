#include "lookup/cache.h"

#include <algorithm>
#include <functional>

#include "core/assert.h"

namespace logbraid {
namespace {

// The part of the bytes that newcomers have once the cache is full.
constexpr std::size_t kNewcomersPart = 10;
// What takes more than this part is not kept: the events choose the keys, and one whose answer is
// huge must not empty the cache each time.
constexpr std::size_t kLargestPart = 4;

bool overlaps(const CacheEntry* entry, std::string_view text) {
  const std::less<const char*> before;
  const char* const begin = entry->key().data();
  const char* const end = entry->value().data() + entry->value().size();
  return !text.empty() && !before(text.data() + text.size() - 1, begin) && before(text.data(), end);
}

}  // namespace

Cache::~Cache() {
  for (const EntryQueue* queue : {&newcomers_, &residents_}) {
    for (CacheEntry* entry = queue->oldest(); entry != nullptr;) {
      CacheEntry* const next = EntryQueue::next(entry);
      CacheEntry::destroy(entry);
      entry = next;
    }
  }
}

const CacheEntry* Cache::find_dead(CacheEntry* entry, TimePoint now) {
  now_ = std::max(now_, now);
  if (now < entry->error_until_) {
    // The answer is gone; that there is none to be had just now is still known.
    entry->was_answer_ = entry->was_answer_ || entry->kind_ != AnswerKind::error;
    entry->kind_ = AnswerKind::error;
    entry->fresh_until_ = entry->stale_until_ = entry->error_until_;
    return entry;
  }
  ++expired_;
  drop(entry);
  return nullptr;
}

void Cache::put(std::string_view key, std::uint64_t hash, const Answer& answer, TimePoint now) {
  now_ = std::max(now_, now);
  bool resident = index_.remembers(hash);
  std::uint8_t uses = 0;
  if (CacheEntry* const there = index_.find(key, hash); there != nullptr) {
    if (answer.kind == AnswerKind::error && there->kind_ != AnswerKind::error &&
        there->alive(now)) {
      there->error_until_ = answer.fresh_until;
      return;
    }
    LOGBRAID_ASSERT(!overlaps(there, key) && !overlaps(there, answer.value),
                    "what is put would be dropped before it is copied");
    resident = there->resident_;
    uses = there->uses_;
    drop(there);
  }
  if (!make_room(CacheEntry::bytes_of(key.size(), answer.value.size()), hash)) {
    ++not_kept_;
    return;
  }
  CacheEntry* const entry = CacheEntry::make(key, hash, answer);
  if (!index_.insert(entry)) {
    CacheEntry::destroy(entry);
    ++not_kept_;
    return;
  }
  entry->resident_ = resident;
  entry->uses_ = uses;
  queue_of(entry).push(entry);
  ++entries_;
}

void Cache::remove(std::string_view key, std::uint64_t hash) {
  if (CacheEntry* const entry = index_.find(key, hash); entry != nullptr) drop(entry);
}

void Cache::drop(CacheEntry* entry) {
  index_.remove(entry);
  queue_of(entry).remove(entry);
  CacheEntry::destroy(entry);
  --entries_;
}

bool Cache::make_room(std::size_t bytes, std::uint64_t hash) {
  if (bytes > max_bytes_ / kLargestPart) return false;
  while (true) {
    const auto growth = index_.growth_for(hash);
    if (!growth) return false;
    if (this->bytes() + bytes + *growth <= max_bytes_) return true;
    if (entries_ != 0) {
      evict();
    } else if (index_.bytes() != 0) {
      index_.clear();
    } else {
      return false;
    }
  }
}

void Cache::evict() {
  for (int looks = 0;; ++looks) {
    const bool from_newcomers = newcomers_.oldest() != nullptr &&
                                (residents_.oldest() == nullptr ||
                                 newcomers_.bytes() > residents_.bytes() / (kNewcomersPart - 1));
    EntryQueue& queue = from_newcomers ? newcomers_ : residents_;
    CacheEntry* const oldest = queue.oldest();
    const bool alive = oldest->alive(now_);
    if (alive && looks < kMostLooks && stays(oldest)) continue;
    ++(alive ? evictions_ : expired_);
    if (alive && from_newcomers) index_.remember(oldest->hash_);
    drop(oldest);
    return;
  }
}

// Whether its uses earn the oldest of a queue a place among the newest residents.
bool Cache::stays(CacheEntry* entry) {
  if (entry->uses_ < (entry->resident_ ? 1 : 2)) return false;
  queue_of(entry).remove(entry);
  entry->uses_ = static_cast<std::uint8_t>(entry->resident_ ? entry->uses_ - 1 : 0);
  entry->resident_ = true;
  residents_.push(entry);
  return true;
}

void Cache::shrink_to(std::size_t bytes) {
  if (this->bytes() <= bytes) return;
  const auto fits = [&] {
    return newcomers_.bytes() + residents_.bytes() + CacheIndex::usual_bytes(entries_) <= bytes;
  };
  while (entries_ != 0 && !fits()) evict();
  // An index never gives back memory in parts.
  index_.clear();
  index_again(newcomers_);
  index_again(residents_);
  while (entries_ != 0 && this->bytes() > bytes) evict();
  if (entries_ == 0) index_.clear();
}

void Cache::index_again(EntryQueue& queue) {
  for (CacheEntry* entry = queue.oldest(); entry != nullptr;) {
    CacheEntry* const next = EntryQueue::next(entry);
    if (!index_.insert(entry)) {
      queue.remove(entry);
      CacheEntry::destroy(entry);
      --entries_;
      ++evictions_;
    }
    entry = next;
  }
}

}  // namespace logbraid
