#include "logbraid/frame_pool.h"

#include <cstring>

namespace logbraid {

FramePool::~FramePool() {
  for (Free* head : free_) {
    while (head != nullptr) {
      Free* const next = head->next;
      ::operator delete(head);
      head = next;
    }
  }
}

void* FramePool::allocate(std::size_t bytes) {
  ++in_use_;
  if (bytes > kLargest) return ::operator new(bytes);
  Free*& head = free_[class_of(bytes)];
  if (head == nullptr) return ::operator new((class_of(bytes) + 1) * kStep);
  Free* const frame = head;
  head = frame->next;
  return frame;
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  --in_use_;
  if (bytes > kLargest) {
    ::operator delete(frame);
    return;
  }
  Free*& head = free_[class_of(bytes)];
  head = new (frame) Free{head};
}

// The pool's address stands before the frame: whoever destroys the frame knows no context.
void* PooledFrame::allocate(std::size_t bytes, FramePool* pool) {
  const std::size_t all = bytes + kHeader;
  void* const memory = pool != nullptr ? pool->allocate(all) : ::operator new(all);
  std::memcpy(memory, &pool, sizeof pool);
  return static_cast<std::byte*>(memory) + kHeader;
}

void PooledFrame::operator delete(void* frame, std::size_t bytes) noexcept {
  void* const memory = static_cast<std::byte*>(frame) - kHeader;
  FramePool* pool = nullptr;
  std::memcpy(&pool, memory, sizeof pool);
  if (pool != nullptr) {
    pool->release(memory, bytes + kHeader);
  } else {
    ::operator delete(memory);
  }
}

}  // namespace logbraid
