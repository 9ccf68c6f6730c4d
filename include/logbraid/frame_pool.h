#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <type_traits>

namespace logbraid {

class AsyncContext;

// Memory for coroutine frames, reused by size: after the first calls a steady load allocates
// nothing. Frames over kLargest bytes go to the system.
//
// Threads:  one at a time: a shard's.
// Lifetime: outlives every frame made from it.
// Errors:   throws std::bad_alloc when the system has no memory.
class FramePool {
 public:
  static constexpr std::size_t kStep = 64;       // bytes a size class
  static constexpr std::size_t kLargest = 4096;  // bytes of the last one

  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();

  void* allocate(std::size_t bytes);
  void release(void* frame, std::size_t bytes) noexcept;
  std::size_t in_use() const { return in_use_; }  // frames alive now

 private:
  struct Free {
    Free* next;
  };
  static std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kStep; }

  std::array<Free*, kLargest / kStep> free_{};
  std::size_t in_use_ = 0;
};

// The pool of the shard that `context` belongs to.
inline FramePool& frame_pool_of(AsyncContext& context) noexcept;  // async_context.h

// Base of promises: takes the frame from the pool of the AsyncContext among the coroutine's
// parameters; from the system where there is none.
class PooledFrame {
 public:
  template <class... Args>
  static void* operator new(std::size_t bytes, Args&... args) {
    return allocate(bytes, find_pool(args...));
  }
  static void* operator new(std::size_t bytes) { return allocate(bytes, nullptr); }
  static void operator delete(void* frame, std::size_t bytes) noexcept;

 private:
  static constexpr std::size_t kHeader = alignof(std::max_align_t);

  static FramePool* find_pool() noexcept { return nullptr; }
  template <class First, class... Rest>
  static FramePool* find_pool(First& first, Rest&... rest) noexcept {
    if constexpr (std::is_same_v<std::remove_const_t<First>, AsyncContext>) {
      return &frame_pool_of(first);
    } else {
      return find_pool(rest...);
    }
  }
  static void* allocate(std::size_t bytes, FramePool* pool);
};

}  // namespace logbraid
