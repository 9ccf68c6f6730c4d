#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace logbraid {

// Memory that is handed out by moving a pointer and freed all at once.
//
// Threads:  one at a time.
// Lifetime: what it handed out is valid until reset() or destruction. No destructor is run.
// Errors:   throws std::bad_alloc when the system has no memory.
// Blocking: never, but for the system's allocator when a block is full.
class Arena {
 public:
  // Size in bytes of the first block; each further one is twice the last, up to kLargestBlock.
  static constexpr std::size_t kFirstBlock = 16 * 1024;
  static constexpr std::size_t kLargestBlock = 1024 * 1024;

  explicit Arena(std::size_t first_block = kFirstBlock) : next_block_(first_block) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t at = (at_ + alignment - 1) & ~(alignment - 1);
    if (at + bytes > end_) return allocate_in_new_block(bytes, alignment);
    at_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  template <class T>
  T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Grows the most recent allocation in place; false where it was not the last or the block is
  // full.
  bool extend(const void* start, std::size_t old_bytes, std::size_t new_bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(start);
    if (begin + old_bytes != at_ || begin + new_bytes > end_) return false;
    at_ = begin + new_bytes;
    return true;
  }

  // Forgets everything; keeps the largest block for the next use, so a steady load allocates
  // nothing.
  void reset();

  // Whether `bytes` stands in this arena's memory. Linear in the blocks (few: each is twice the
  // last).
  bool contains(const void* bytes) const;

  // Bytes taken from the system.
  std::size_t capacity() const { return capacity_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };

  void* allocate_in_new_block(std::size_t bytes, std::size_t alignment);
  void use(const Block& block);

  std::uintptr_t at_ = 0;
  std::uintptr_t end_ = 0;
  std::size_t next_block_;
  std::size_t capacity_ = 0;
  std::vector<Block> blocks_;
};

// A growing array in an arena; trivially copyable elements, never freed one by one.
template <class T>
class ArenaVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  T& push_back(Arena& arena, const T& value) {
    if (size_ == capacity_) grow(arena);
    return *new (data_ + size_++) T(value);
  }
  // Made in its place: g++ builds a T that is passed piece by piece on the stack and reads it back
  // in one go, which waits for the store (7 ns).
  template <class... Args>
  T& emplace_back(Arena& arena, const Args&... args) {
    if (size_ == capacity_) grow(arena);
    return *new (data_ + size_++) T{args...};
  }
  // Elements that stand elsewhere and are not changed: the first push_back() copies them.
  static ArenaVector view(std::span<const T> elements) {
    ArenaVector viewed;
    viewed.data_ = const_cast<T*>(elements.data());
    viewed.size_ = viewed.capacity_ = static_cast<std::uint32_t>(elements.size());
    return viewed;
  }
  void clear() { size_ = 0; }
  // Forgets the memory as well: for when the arena is reset.
  void release() { *this = ArenaVector(); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  void grow(Arena& arena) {
    const std::uint32_t wanted = capacity_ == 0 ? 4 : capacity_ * 2;
    if (capacity_ != 0 && arena.extend(data_, capacity_ * sizeof(T), wanted * sizeof(T))) {
      capacity_ = wanted;
      return;
    }
    T* moved = arena.allocate_array<T>(wanted);
    if (size_ != 0) std::memcpy(static_cast<void*>(moved), data_, size_ * sizeof(T));
    data_ = moved;
    capacity_ = wanted;
  }

  T* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace logbraid
