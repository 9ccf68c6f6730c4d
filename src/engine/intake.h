#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "core/batch.h"
#include "logbraid/result.h"
#include "logbraid/source.h"

namespace logbraid {

// Reads a source and cuts it into batches of whole lines. A batch is what one read gave: it never
// waits to be full. The rest behind the last line end goes to the next one.
//
// Threads:  run() from one.
// Memory:   a line over Reader::kMaxLine is cut there; the rest of it is read and thrown away.
class Intake {
 public:
  // Where empty batches come from and full ones go; those in which there was no whole line go back.
  struct Ends {
    std::function<std::unique_ptr<Batch>()> take;  // may wait for room
    std::function<void(std::unique_ptr<Batch> batch)> give_back;
    std::function<void(std::unique_ptr<Batch> batch)> deliver;
    std::function<void(std::size_t bytes)> thrown_away;  // read, and in no batch
  };

  Intake(Source& source, Ends ends, std::size_t batch_bytes)
      : source_(source), ends_(std::move(ends)), batch_bytes_(batch_bytes) {}

  // Until the source ends, or why reading failed (what was read before is delivered all the same;
  // `batches()` counts it).
  Result<void> run();
  std::uint64_t batches() const { return sequence_; }

 private:
  void deliver(std::unique_ptr<Batch> batch, std::size_t size);

  Source& source_;
  const Ends ends_;
  const std::size_t batch_bytes_;
  std::uint64_t sequence_ = 0;
  std::uint64_t lines_ = 0;  // of all batches so far
};

}  // namespace logbraid
