#include "logbraid/arena.h"

#include <algorithm>

namespace logbraid {

void* Arena::allocate_in_new_block(std::size_t bytes, std::size_t alignment) {
  // operator new[] aligns to max_align_t; more than that costs some room.
  const std::size_t wanted = std::max(next_block_, bytes + alignment);
  blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[wanted]), wanted});
  capacity_ += wanted;
  next_block_ = std::min(std::max(next_block_ * 2, kFirstBlock), kLargestBlock);
  use(blocks_.back());
  return allocate(bytes, alignment);
}

void Arena::use(const Block& block) {
  at_ = reinterpret_cast<std::uintptr_t>(block.bytes.get());
  end_ = at_ + block.size;
}

bool Arena::contains(const void* bytes) const {
  const auto at = reinterpret_cast<std::uintptr_t>(bytes);
  return std::any_of(blocks_.begin(), blocks_.end(), [at](const Block& block) {
    const auto begin = reinterpret_cast<std::uintptr_t>(block.bytes.get());
    return at >= begin && at < begin + block.size;
  });
}

void Arena::reset() {
  if (blocks_.empty()) return;
  if (blocks_.size() == 1 && blocks_.front().size <= kLargestBlock) {
    use(blocks_.front());
    return;
  }
  auto largest = std::max_element(blocks_.begin(), blocks_.end(),
                                  [](const Block& a, const Block& b) { return a.size < b.size; });
  Block kept = std::move(*largest);
  blocks_.clear();
  // A block made for one huge value is given back.
  if (kept.size > 2 * kLargestBlock) {
    at_ = end_ = 0;
    capacity_ = 0;
    next_block_ = kLargestBlock;
    return;
  }
  capacity_ = kept.size;
  blocks_.push_back(std::move(kept));
  use(blocks_.back());
}

}  // namespace logbraid
