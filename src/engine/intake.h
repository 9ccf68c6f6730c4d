#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.h"
#include "logbraid/result.h"
#include "logbraid/source.h"

namespace logbraid {

// Empty batches to read into, and the count of what is under way: reading waits here, so that
// memory is bounded however fast the source is.
//
// Threads:  any.
// Blocking: take() until there is room.
class BatchStock {
 public:
  // At most `batches` and, once there is one, `lines` under way at a time.
  BatchStock(std::size_t batches, std::uint64_t lines)
      : most_batches_(batches), most_lines_(lines) {}

  // A batch that is empty. Those used last come first: their memory is warm.
  std::unique_ptr<Batch> take();
  void give_back(std::unique_ptr<Batch> batch);

  void begun(std::uint64_t lines);
  void done(std::uint64_t lines);

 private:
  const std::size_t most_batches_;
  const std::uint64_t most_lines_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable room_;
  std::size_t batches_ = 0;
  std::uint64_t lines_ = 0;
  std::vector<std::unique_ptr<Batch>> free_;
};

// Reads a source and cuts it into batches of whole lines. A batch is what one read gave: it never
// waits to be full. The rest behind the last line end goes to the next one.
//
// Threads:  run() from one.
// Memory:   a line over Reader::kMaxLine is cut there; the rest of it is read and thrown away.
class Intake {
 public:
  using Deliver = std::function<void(std::unique_ptr<Batch> batch)>;

  Intake(Source& source, BatchStock& stock, std::size_t batch_bytes)
      : source_(source), stock_(stock), batch_bytes_(batch_bytes) {}

  // Until the source ends; the number of batches delivered, or why reading failed (what was read
  // before is delivered all the same; `batches()` counts it).
  Result<void> run(const Deliver& deliver);
  std::uint64_t batches() const { return sequence_; }

 private:
  void deliver(std::unique_ptr<Batch> batch, std::size_t size, const Deliver& deliver);

  Source& source_;
  BatchStock& stock_;
  const std::size_t batch_bytes_;
  std::uint64_t sequence_ = 0;
};

}  // namespace logbraid
