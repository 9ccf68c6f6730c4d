#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/finished_part.h"
#include "engine/memory_budget.h"
#include "engine/release_order.h"
#include "engine/run_counts.h"
#include "logbraid/clock.h"
#include "logbraid/order_waiting.h"
#include "logbraid/result.h"
#include "logbraid/sink.h"

namespace logbraid {

// Puts finished parts of batches into their order and writes them, on the thread that calls run().
// The shards never wait for a sink, so their deadlines hold while it is slow.
//
// Threads:  run() from one; order_waiting(), closed() and error() when it has returned; the rest
//           from any thread.
// Memory:   what is put and not written is charged to the budget and bounded by who admits batches
//           (see on_done).
// Blocking: run() until everything that came in is written.
class OrderedOutput {
 public:
  struct Parts {
    Sink& sink;
    Sink* dead_letter;  // may be null: then no batch has dead letters
    MemoryBudget& budget;
    const Clock& clock;
    unsigned lanes;                 // 1: the order of the source; 0: none; more: by key
    std::function<void()> on_done;  // a batch was written, or given up
    std::function<void()> on_room;  // other memory is free
    std::function<void()> on_stop;  // nothing more can be written: stop reading
    std::function<void(const MalformedLine&)> on_malformed;  // may be empty; the first kShown
  };
  static constexpr std::uint64_t kShown = 5;

  // A buffer that grew over this many bytes is not kept, nor more of them than that.
  static constexpr std::size_t kKeptBuffer = 1024 * 1024;
  static constexpr std::size_t kKeptBuffers = 16;

  explicit OrderedOutput(Parts parts);

  // The batch has events in these lanes only. Needed where there are more lanes than one.
  void announce(std::uint64_t sequence, Lanes lanes);
  // Takes the parts out of the span.
  void put(std::span<FinishedPart> parts);
  // Batches up to this sequence number have come, or will; no others.
  void input_ended(std::uint64_t end);
  void run();

  // A buffer that was used before, empty.
  std::string take_buffer();
  // Since when finished events of other batches have waited for this one.
  std::optional<TimePoint> waited_for_since(std::uint64_t sequence, Lanes lanes) const;

  RunCounts counts() const;
  const OrderWaiting& order_waiting() const { return order_waiting_; }
  // The sink is gone: nobody reads it. Not an error.
  bool closed() const { return closed_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  void write(FinishedPart& part);
  void record_waiting(const FinishedPart& part);
  void show(const FinishedPart& part);
  void keep_or_free(FinishedPart& part);
  // False when the sink takes no more.
  bool note(const Result<bool>& taken);
  void stop_with(Error error);

  const Parts parts_;

  mutable std::mutex mutex_;  // guards the six below
  std::condition_variable ready_;
  ReleaseOrder order_;
  std::uint64_t batches_done_ = 0;
  std::optional<std::uint64_t> end_;
  std::vector<std::string> buffers_;
  RunCounts counts_;

  // run()'s thread only, until it has returned.
  OrderWaiting order_waiting_;
  std::uint64_t shown_ = 0;
  bool stopped_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
};

}  // namespace logbraid
