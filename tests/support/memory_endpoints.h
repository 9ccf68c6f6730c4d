#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "logbraid/sink.h"
#include "logbraid/source.h"

namespace logbraid::test {

// Gives a text, at most `piece` bytes a read.
class MemorySource final : public Source {
 public:
  explicit MemorySource(std::string text, std::size_t piece = SIZE_MAX)
      : text_(std::move(text)), piece_(piece) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (interrupted_) return std::size_t{0};
    const std::size_t count = std::min({into.size(), piece_, text_.size() - at_});
    std::memcpy(into.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }
  void interrupt() noexcept override { interrupted_ = true; }
  std::string description() const override { return "memory"; }

 private:
  const std::string text_;
  const std::size_t piece_;
  std::size_t at_ = 0;
  std::atomic<bool> interrupted_{false};
};

// Keeps what is written. After `room` bytes it fails, or says that nobody reads any more.
class MemorySink final : public Sink {
 public:
  enum class WhenFull { never, closed, error };
  explicit MemorySink(std::string& into, std::size_t room = SIZE_MAX,
                      WhenFull when_full = WhenFull::never)
      : into_(into), room_(room), when_full_(when_full) {}

  Result<bool> write(std::string_view lines) override {
    if (into_.size() + lines.size() > room_) {
      if (when_full_ == WhenFull::closed) return false;
      if (when_full_ == WhenFull::error) return Error("no space left on device");
    }
    into_ += lines;
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override { return "memory"; }

 private:
  std::string& into_;
  const std::size_t room_;
  const WhenFull when_full_;
};

}  // namespace logbraid::test
