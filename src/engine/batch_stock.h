#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/batch.h"
#include "engine/memory_budget.h"

namespace logbraid {

// Empty batches to read into, and the count of what is under way: reading waits here, so that
// memory is bounded however fast the source is.
//
// A batch is charged to the budget for what it will need, going by those before it, when it is
// taken: what is under way finds its room reserved, and can always be finished.
//
// Invariant: a batch can be taken when none is under way, whatever the budget says.
// Threads:   take() from one at a time, the rest from any.
// Blocking:  take() until there is room.
class BatchStock {
 public:
  struct Bounds {
    std::size_t batches;     // under way at a time
    std::size_t go_on_at;    // once they were, none more until no more than these are
    std::size_t waiting;     // none more is taken while so many batches have lines
    std::uint64_t lines;     // that wait to be let into a window, or so many lines do
    std::size_t first_need;  // what the first ones are expected to need, in bytes
  };
  BatchStock(MemoryBudget& budget, const Bounds& bounds)
      : budget_(budget), bounds_(bounds), need_(bounds.first_need) {}
  ~BatchStock();
  BatchStock(const BatchStock&) = delete;
  BatchStock& operator=(const BatchStock&) = delete;

  // A batch that is empty. Those used last come first: their memory is warm.
  std::unique_ptr<Batch> take();
  void give_back(std::unique_ptr<Batch> batch);

  // A batch goes on its way; its lines wait.
  void begun(std::uint64_t lines);
  // So many of the lines that waited wait no more: they are in a window, or were no events. And of
  // so many batches these were the last.
  void let_in(std::uint64_t lines, std::size_t batches);
  // A batch has left.
  void done();

  // What a batch has come to need is more than it is charged for.
  void grown(Batch& batch);
  // What it needed, with the lines that were made of it.
  void settle(Batch& batch, std::size_t line_bytes);
  // Memory that something else held is free.
  void notify();

 private:
  bool has_room();
  void forget(Batch& batch) { budget_.charge(batch.charged, 0); }

  MemoryBudget& budget_;
  const Bounds bounds_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable room_;
  bool waited_for_ = false;  // take() waits for room
  std::size_t need_;         // of a batch, expected
  std::size_t batches_ = 0;
  bool full_ = false;  // until no more than `go_on_at` are under way
  std::uint64_t waiting_lines_ = 0;
  std::size_t waiting_batches_ = 0;
  std::vector<std::unique_ptr<Batch>> free_;
};

}  // namespace logbraid
