#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "logbraid/clock.h"

namespace logbraid {

enum class AnswerKind : std::uint8_t {
  found,
  not_found,  // an answer too
  error,      // none
};

// What is kept for a key.
struct Answer {
  AnswerKind kind = AnswerKind::found;
  std::string_view value;  // any bytes; of an error: why
  TimePoint fresh_until;
  TimePoint refresh_at = TimePoint::max();  // from here on a look-up may ask anew beforehand
  TimePoint stale_until;                    // until then it may stand in for an answer that fails
};

// Bytes of memory that a block of `size` takes, with what the allocator (glibc, 64 bits) adds.
constexpr std::size_t heap_bytes(std::size_t size) {
  return size <= 24 ? 32 : (size + 8 + 15) / 16 * 16;
}

// An answer and its key in one block of memory.
//
// Threads:  one.
// Lifetime: the cache's, which may drop it whenever something is put.
class CacheEntry {
 public:
  std::string_view key() const { return {text(), key_size_}; }
  std::string_view value() const { return {text() + key_size_, value_size_}; }
  AnswerKind kind() const { return kind_; }
  // Of an error: why.
  std::string_view reason() const { return was_answer_ ? kHasFailed : value(); }

  // Fresh, it is the answer; later it is stale, and gone at stale_until().
  bool fresh(TimePoint now) const { return now < fresh_until_; }
  bool refresh_due(TimePoint now) const { return now >= refresh_at_; }
  TimePoint fresh_until() const { return fresh_until_; }
  TimePoint stale_until() const { return stale_until_; }
  // Until then nobody need ask again: an error came in while this could still be served.
  TimePoint error_until() const { return error_until_; }

 private:
  friend class Cache;
  friend class CacheIndex;
  friend class EntryQueue;

  static constexpr std::uint8_t kMostUses = 3;
  // What is known of an error that was noted beside an answer.
  static constexpr std::string_view kHasFailed = "the service has just failed to answer anew";

  CacheEntry(std::string_view key, std::uint64_t hash, const Answer& answer);
  static CacheEntry* make(std::string_view key, std::uint64_t hash, const Answer& answer);
  static void destroy(CacheEntry* entry) { ::operator delete(entry); }
  static std::size_t bytes_of(std::size_t key_size, std::size_t value_size) {
    return heap_bytes(sizeof(CacheEntry) + key_size + value_size);
  }

  std::size_t bytes() const { return bytes_of(key_size_, value_size_); }
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }
  char* text() { return reinterpret_cast<char*>(this + 1); }
  bool alive(TimePoint now) const { return now < stale_until_; }
  // What a look-up reads.
  void fetch() const {
    __builtin_prefetch(&fresh_until_);
    __builtin_prefetch(reinterpret_cast<const char*>(&fresh_until_) + 64);
  }
  void note_use() {
    if (uses_ < kMostUses) ++uses_;
  }

  CacheEntry* newer_ = nullptr;
  CacheEntry* older_ = nullptr;
  std::uint64_t hash_;
  TimePoint refresh_at_;
  TimePoint error_until_ = TimePoint::min();
  // What a look-up reads stands last, beside the key and the value: one or two lines of memory.
  TimePoint fresh_until_;
  TimePoint stale_until_;
  std::uint32_t key_size_;
  std::uint32_t value_size_;
  AnswerKind kind_;
  std::uint8_t uses_ = 0;
  bool resident_ = false;    // of the cache's residents, not of its newcomers
  bool was_answer_ = false;  // an error whose value is the answer that is gone
};

// Entries in the order in which they came.
class EntryQueue {
 public:
  CacheEntry* oldest() const { return oldest_; }
  std::size_t bytes() const { return bytes_; }

  void push(CacheEntry* entry) {
    entry->newer_ = nullptr;
    entry->older_ = newest_;
    (newest_ == nullptr ? oldest_ : newest_->newer_) = entry;
    newest_ = entry;
    bytes_ += entry->bytes();
  }
  void remove(CacheEntry* entry) {
    (entry->newer_ == nullptr ? newest_ : entry->newer_->older_) = entry->older_;
    (entry->older_ == nullptr ? oldest_ : entry->older_->newer_) = entry->newer_;
    bytes_ -= entry->bytes();
  }
  // The one that came after it; null for the newest.
  static CacheEntry* next(const CacheEntry* entry) { return entry->newer_; }

 private:
  CacheEntry* oldest_ = nullptr;
  CacheEntry* newest_ = nullptr;
  std::size_t bytes_ = 0;
};

inline CacheEntry::CacheEntry(std::string_view key, std::uint64_t hash, const Answer& answer)
    : hash_(hash),
      refresh_at_(answer.refresh_at),
      fresh_until_(answer.fresh_until),
      stale_until_(answer.stale_until),
      key_size_(static_cast<std::uint32_t>(key.size())),
      value_size_(static_cast<std::uint32_t>(answer.value.size())),
      kind_(answer.kind) {
  if (!key.empty()) std::memcpy(text(), key.data(), key.size());
  if (!answer.value.empty()) {
    std::memcpy(text() + key.size(), answer.value.data(), answer.value.size());
  }
}

inline CacheEntry* CacheEntry::make(std::string_view key, std::uint64_t hash,
                                    const Answer& answer) {
  void* const block = ::operator new(sizeof(CacheEntry) + key.size() + answer.value.size());
  return new (block) CacheEntry(key, hash, answer);
}

}  // namespace logbraid
