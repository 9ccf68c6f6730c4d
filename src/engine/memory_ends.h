#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "logbraid/sink.h"
#include "logbraid/source.h"

namespace logbraid {

// Both ends of a pipeline that runs over a sample: memory, so that nothing else is measured or
// touched.

// Lifetime: borrows the sample.
class SampleSource final : public Source {
 public:
  explicit SampleSource(std::string_view sample) : left_(sample) {}

  Result<std::size_t> read(std::span<char> into) override {
    // Relaxed: it only has to be seen at some time.
    if (interrupted_.load(std::memory_order_relaxed)) return std::size_t{0};
    const std::size_t size = std::min(into.size(), left_.size());
    std::memcpy(into.data(), left_.data(), size);
    left_.remove_prefix(size);
    return size;
  }
  void interrupt() noexcept override { interrupted_.store(true, std::memory_order_relaxed); }
  std::string description() const override { return "sample"; }

 private:
  std::string_view left_;
  std::atomic<bool> interrupted_{false};
};

// Lifetime: borrows the text it appends to.
class TextSink final : public Sink {
 public:
  explicit TextSink(std::string& text) : text_(text) {}

  Result<bool> write(std::string_view lines) override {
    text_ += lines;
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override { return "memory"; }

 private:
  std::string& text_;
};

}  // namespace logbraid
