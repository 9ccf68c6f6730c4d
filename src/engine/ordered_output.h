#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "logbraid/result.h"
#include "logbraid/sink.h"

namespace logbraid {

// A line that was refused.
struct MalformedLine {
  std::uint64_t line = 0;  // 1-based, in the order of the source
  std::string reason;
  std::string text;  // its beginning
};

// What a shard made of a batch.
struct FinishedBatch {
  std::uint64_t sequence = 0;
  std::string lines;                // for the sink
  std::string dead_letters;         // for the dead letter sink
  std::uint64_t text_bytes = 0;     // of input
  std::uint64_t input_lines = 0;    // blank ones included
  std::uint64_t read = 0;           // records
  std::uint64_t written = 0;        // records in `lines`
  std::uint64_t dead_lettered = 0;  // records in `dead_letters`
  std::uint64_t dropped = 0;        // malformed, by policy
  std::uint64_t malformed = 0;
  std::vector<MalformedLine> examples;  // lines counted from 0 in the batch
  bool fails = false;                   // `on_malformed: fail`, and the last example is why
};

// Counts of a run. Invariant at its end: read == written + dead_lettered + dropped + unwritten.
struct RunCounts {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t unwritten = 0;  // the sink was closed or failed
  std::uint64_t malformed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

// Puts finished batches back into the order of the source and writes them, on the thread that calls
// run(). The shards never wait for a sink, so their deadlines hold while it is slow.
//
// Threads:  put(), counts() and input_ended() from any thread; run() from one.
// Memory:   what is put and not written is bounded by who admits batches (see on_done).
// Blocking: run() until everything that came in is written.
class OrderedOutput {
 public:
  struct Callbacks {
    std::function<void(const FinishedBatch&)> on_done;  // written, or given up: it makes room
    std::function<void()> on_stop;                      // nothing more can be written: stop reading
    std::function<void(const MalformedLine&)> on_malformed;  // may be empty; the first kShown
  };
  static constexpr std::uint64_t kShown = 5;

  // A buffer that grew over this many bytes is not kept.
  static constexpr std::size_t kKeptBuffer = 1024 * 1024;

  // `dead_letter` may be null: then no batch has dead letters.
  OrderedOutput(Sink& sink, Sink* dead_letter, Callbacks callbacks);

  void put(FinishedBatch batch);
  // No batch from this sequence number on will come.
  void input_ended(std::uint64_t end);
  void run();

  // A buffer that was used before, empty.
  std::string take_buffer();

  RunCounts counts() const;
  // The sink is gone: nobody reads it. Not an error.
  bool closed() const { return closed_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  void write(FinishedBatch& batch);
  void show(const FinishedBatch& batch);
  // False when the sink takes no more.
  bool write_to(Sink& sink, std::string_view lines);
  bool note(const Result<bool>& taken);
  void stop_with(Error error);

  Sink& sink_;
  Sink* const dead_letter_;
  const Callbacks callbacks_;

  mutable std::mutex mutex_;  // guards the five below
  std::condition_variable ready_;
  std::map<std::uint64_t, FinishedBatch> waiting_;
  std::uint64_t next_ = 0;  // the sequence number that is written next
  std::optional<std::uint64_t> end_;
  std::vector<std::string> buffers_;
  RunCounts counts_;

  // run()'s thread only, until it has returned.
  std::uint64_t lines_before_ = 0;
  std::uint64_t shown_ = 0;
  bool stopped_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
};

}  // namespace logbraid
