#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

// Ways of choosing what a cache keeps, by number of keys, without values: what the cache is
// compared with. use() says whether the key was there, and puts it there where it was not.
namespace logbraid::bench {

using CacheKey = std::uint32_t;

// Drops what was used longest ago.
class LeastRecentlyUsed {
 public:
  explicit LeastRecentlyUsed(std::size_t capacity) : capacity_(capacity) {}

  bool use(CacheKey key) {
    if (touch(key)) return true;
    insert(key);
    return false;
  }
  std::size_t size() const { return places_.size(); }

  // Parts of other policies.
  bool touch(CacheKey key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return false;
    order_.splice(order_.begin(), order_, found->second);
    return true;
  }
  bool full() const { return size() >= capacity_; }
  CacheKey oldest() const { return order_.back(); }
  void insert(CacheKey key) {
    if (full()) erase(oldest());
    places_[key] = order_.insert(order_.begin(), key);
  }
  void erase(CacheKey key) {
    order_.erase(places_.at(key));
    places_.erase(key);
  }

 private:
  std::size_t capacity_;
  std::list<CacheKey> order_;
  std::unordered_map<CacheKey, std::list<CacheKey>::iterator> places_;
};

// W-TinyLFU (Einziger, Friedman, Manes 2017): a small window of what is new; what leaves it gets a
// place only if it was asked for more often, by a sketch, than the one that would have to go.
class WindowTinyLfu {
 public:
  explicit WindowTinyLfu(std::size_t capacity)
      : window_(std::max<std::size_t>(1, capacity / 100)),
        probation_(capacity - std::max<std::size_t>(1, capacity / 100)),
        protected_(capacity * 8 / 10),
        main_capacity_(capacity - std::max<std::size_t>(1, capacity / 100)),
        sample_(capacity * 10) {
    std::size_t width = 64;
    while (width < capacity) width *= 2;
    for (auto& row : sketch_) row.assign(width, 0);
  }

  bool use(CacheKey key) {
    count(key);
    if (window_.touch(key) || protected_.touch(key)) return true;
    if (probation_.touch(key)) {
      probation_.erase(key);
      if (protected_.full()) {
        const CacheKey back = protected_.oldest();
        protected_.erase(back);
        probation_.insert(back);
      }
      protected_.insert(key);
      return true;
    }
    if (window_.full()) leave_window();
    window_.insert(key);
    return false;
  }
  std::size_t size() const { return window_.size() + probation_.size() + protected_.size(); }

 private:
  void leave_window() {
    const CacheKey candidate = window_.oldest();
    window_.erase(candidate);
    if (probation_.size() + protected_.size() < main_capacity_) {
      probation_.insert(candidate);
      return;
    }
    LeastRecentlyUsed& victims = probation_.size() != 0 ? probation_ : protected_;
    if (estimate(candidate) <= estimate(victims.oldest())) return;
    victims.erase(victims.oldest());
    probation_.insert(candidate);
  }

  static std::size_t place(CacheKey key, std::size_t row, std::size_t width) {
    std::uint64_t mixed = (key + 1 + row * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 31)) * 0x94d049bb133111eb;
    return (mixed >> 20) & (width - 1);
  }
  std::uint8_t estimate(CacheKey key) const {
    std::uint8_t least = 15;
    for (std::size_t i = 0; i < sketch_.size(); ++i) {
      least = std::min(least, sketch_[i][place(key, i, sketch_[i].size())]);
    }
    return least;
  }
  void count(CacheKey key) {
    const std::uint8_t least = estimate(key);
    for (std::size_t i = 0; i < sketch_.size(); ++i) {
      std::uint8_t& counter = sketch_[i][place(key, i, sketch_[i].size())];
      if (counter == least && counter < 15) ++counter;
    }
    if (++counted_ < sample_) return;
    for (auto& row : sketch_) {
      for (std::uint8_t& counter : row) counter /= 2;
    }
    counted_ /= 2;
  }

  LeastRecentlyUsed window_;
  LeastRecentlyUsed probation_;
  LeastRecentlyUsed protected_;
  std::size_t main_capacity_;
  std::size_t sample_;
  std::size_t counted_ = 0;
  std::array<std::vector<std::uint8_t>, 4> sketch_;
};

// S3-FIFO (Yang, Zhang, Qiu, Yue, Vigfusson 2023) as it is published: the list of what has left is
// exact, and looking for somebody to drop goes on until one is found.
class S3Fifo {
 public:
  explicit S3Fifo(std::size_t capacity)
      : capacity_(capacity), small_capacity_(std::max<std::size_t>(1, capacity / 10)) {}

  bool use(CacheKey key) {
    if (const auto found = uses_.find(key); found != uses_.end()) {
      found->second = static_cast<std::uint8_t>(std::min(3, found->second + 1));
      return true;
    }
    if (size() == capacity_) evict();
    uses_[key] = 0;
    (gone_.contains(key) ? main_ : small_).push_back(key);
    return false;
  }
  std::size_t size() const { return uses_.size(); }

 private:
  void evict() {
    for (bool dropped = false; !dropped;) {
      dropped = small_.size() >= small_capacity_ ? evict_small() : evict_main();
    }
  }
  bool evict_small() {
    const CacheKey key = small_.front();
    small_.pop_front();
    if (uses_[key] > 1) {
      uses_[key] = 0;
      main_.push_back(key);
      return false;
    }
    uses_.erase(key);
    gone_.insert(key);
    gone_order_.push_back(key);
    while (gone_order_.size() > capacity_ - small_capacity_) {
      gone_.erase(gone_order_.front());
      gone_order_.pop_front();
    }
    return true;
  }
  bool evict_main() {
    const CacheKey key = main_.front();
    main_.pop_front();
    if (uses_[key] > 0) {
      --uses_[key];
      main_.push_back(key);
      return false;
    }
    uses_.erase(key);
    return true;
  }

  std::size_t capacity_;
  std::size_t small_capacity_;
  std::deque<CacheKey> small_;
  std::deque<CacheKey> main_;
  std::unordered_map<CacheKey, std::uint8_t> uses_;
  std::unordered_set<CacheKey> gone_;
  std::deque<CacheKey> gone_order_;
};

// Knows the future: drops what is used again last. No policy can do better (Belady 1966).
inline std::size_t most_hits(const std::vector<CacheKey>& trace, std::size_t capacity) {
  constexpr std::size_t kNever = SIZE_MAX;
  std::vector<std::size_t> next(trace.size(), kNever);
  std::unordered_map<CacheKey, std::size_t> seen;
  for (std::size_t i = trace.size(); i-- > 0;) {
    if (const auto later = seen.find(trace[i]); later != seen.end()) next[i] = later->second;
    seen[trace[i]] = i;
  }
  std::unordered_map<CacheKey, std::size_t> kept;  // with its next use
  std::priority_queue<std::pair<std::size_t, CacheKey>> by_next;
  std::size_t hits = 0;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (kept.contains(trace[i])) {
      ++hits;
    } else if (kept.size() == capacity) {
      // What stands in front is out of date where the key was used or dropped since.
      for (auto top = by_next.top();; top = by_next.top()) {
        by_next.pop();
        const auto found = kept.find(top.second);
        if (found == kept.end() || found->second != top.first) continue;
        kept.erase(found);
        break;
      }
    }
    kept[trace[i]] = next[i];
    by_next.push({next[i], trace[i]});
  }
  return hits;
}

}  // namespace logbraid::bench
