#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "logbraid/clock.h"
#include "logbraid/histogram.h"
#include "logbraid/metrics.h"
#include "logbraid/outcome.h"
#include "metrics/tally.h"

namespace logbraid {

// What a shard writes into, while anybody may read(): the writing side of logbraid/metrics.h, under
// the same names. Reading waits for nobody, so that a shard that hangs can be asked too.
//
// Threads: read() from any, all else from one.

// A Histogram.
class HistogramRecorder {
 public:
  HistogramRecorder() = default;
  HistogramRecorder(HistogramRecorder&& other) noexcept
      : buckets_(std::move(other.buckets_)), seen_(buckets_.get()) {}

  void record(Duration duration) {
    if (buckets_ == nullptr) [[unlikely]]
      allocate();
    (*buckets_)[Histogram::index_of(duration)].add(1);
  }
  Histogram read() const;

 private:
  using Buckets = std::array<Tally<std::uint64_t>, Histogram::kBuckets>;
  void allocate();

  std::unique_ptr<Buckets> buckets_;
  std::atomic<const Buckets*> seen_{nullptr};  // release: whoever sees them sees their zeros
};

// The first of the texts that it is given.
class FirstText {
 public:
  FirstText() = default;
  FirstText(FirstText&& other) noexcept
      : text_(std::move(other.text_)), is_set_(other.is_set_.load(std::memory_order_relaxed)) {}

  void set(std::string_view text) {
    if (is_set_.load(std::memory_order_relaxed)) return;
    text_ = text;
    is_set_.store(true, std::memory_order_release);  // from here on it is never changed
  }
  std::string read() const {
    return is_set_.load(std::memory_order_acquire) ? text_ : std::string();
  }

 private:
  std::string text_;
  std::atomic<bool> is_set_{false};
};

struct EnricherRecorder {
  std::array<Tally<std::uint64_t>, kOutcomes> outcomes;
  Tally<std::uint64_t> timed_calls;
  Tally<Duration> busy;
  Tally<Duration> waited;
  Tally<std::uint64_t> late;
  Tally<std::uint64_t> retries;
  HistogramRecorder latency;
  FirstText first_error;

  void count(Outcome outcome, std::uint64_t events = 1) {
    outcomes[static_cast<std::size_t>(outcome)].add(events);
  }
  void record(Duration took) {
    timed_calls.add(1);
    busy.add(took);
    latency.record(took);
  }
  EnricherMetrics read() const;  // all but the state
};

struct GroupRecorder {
  Tally<std::uint64_t> events;
  Tally<Duration> wall;
  Tally<Duration> sum;

  void add(const GroupMetrics& more) {
    events.add(more.events);
    wall.add(more.wall);
    sum.add(more.sum);
  }
  GroupMetrics read() const { return {events.get(), wall.get(), sum.get()}; }
};

struct EventRecorder : GroupRecorder {
  Tally<Duration> critical_path;
  HistogramRecorder latency;

  // `count` events that took as long together; the latency is that of one.
  void add(std::uint64_t count, Duration took, Duration calls, Duration critical) {
    GroupRecorder::add({count, took, calls});
    critical_path.add(critical);
    if (count == 1) latency.record(took);
  }
  EventMetrics read() const;
};

}  // namespace logbraid
