#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "logbraid/arena.h"
#include "logbraid/event.h"

namespace logbraid {

// One line of input and what was made of it.
struct Record {
  Event event;
  std::string_view line;         // as it was read, without its line end
  std::string_view parse_error;  // empty: fine; else why the line was refused (event: see Reader)
  bool malformed() const { return !parse_error.empty(); }
};

// Events read together: one buffer, one arena, one acknowledgement.
//
// Threads:  one at a time; handed from the source to a shard to the sink.
// Lifetime: events, fields and patches point into the buffer and the arena: they live until
// reset().
class Batch {
 public:
  // Bytes behind the text that may be read (not written): SIMD code reads whole words.
  static constexpr std::size_t kPadding = 64;

  // A buffer over this many bytes is not kept for the next text.
  static constexpr std::size_t kKeptCapacity = 256 * 1024;

  // `first_block`: bytes the arena begins with.
  explicit Batch(std::size_t first_block = 64 * 1024) : arena_(first_block) {}

  // Room for `capacity` bytes of text; what was in the buffer is gone.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    buffer_.reset(new char[capacity + kPadding]());
    capacity_ = capacity;
  }
  char* buffer() { return buffer_.get(); }
  std::size_t capacity() const { return capacity_; }
  // The text: whole lines, each but perhaps the last ended by '\n'.
  std::string_view text() const { return {buffer_.get(), size_}; }
  void set_size(std::size_t size) { size_ = size; }

  Arena& arena() { return arena_; }
  std::vector<Record>& records() { return records_; }
  const std::vector<Record>& records() const { return records_; }

  // Place in the order of the source, from 0; the output keeps it.
  std::uint64_t sequence = 0;
  // Lines of the text, blank ones included.
  std::uint64_t lines = 0;
  // Lines of the source before this text.
  std::uint64_t lines_before = 0;
  // What it counts for in the memory budget; kept by the engine.
  std::size_t charged = 0;

  // Bytes of memory it holds.
  std::size_t footprint() const {
    return capacity_ + arena_.capacity() + records_.capacity() * sizeof(Record);
  }

  // Ready for new text; memory is kept, but not what one huge line took.
  void reset() {
    size_ = 0;
    lines = 0;
    if (capacity_ > kKeptCapacity) {
      buffer_.reset();
      capacity_ = 0;
    }
    records_.clear();
    arena_.reset();
  }

 private:
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  Arena arena_;
  std::vector<Record> records_;
};

}  // namespace logbraid
