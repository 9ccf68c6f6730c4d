#include "engine/batch_stock.h"

#include <algorithm>

#include "core/assert.h"

namespace logbraid {
namespace {

// How slowly the expectation falls when batches need less: one that needs much comes again soon.
constexpr std::size_t kForgetting = 16;

}  // namespace

BatchStock::~BatchStock() {
  for (const auto& batch : free_) forget(*batch);
}

bool BatchStock::has_room() {
  if (batches_ == 0) return true;
  if (full_ || waiting_lines_ >= bounds_.lines || waiting_batches_ >= bounds_.waiting) return false;
  const auto missing = [&] {
    const std::size_t has = free_.empty() ? 0 : free_.back()->charged;
    return need_ - std::min(need_, has);
  };
  // Memory that nobody uses gives way first.
  while (!budget_.has_room(missing()) && free_.size() > 1) {
    forget(*free_.front());
    free_.erase(free_.begin());
  }
  return budget_.has_room(missing());
}

std::unique_ptr<Batch> BatchStock::take() {
  std::unique_lock lock(mutex_);
  waited_for_ = true;
  room_.wait(lock, [&] { return has_room(); });
  waited_for_ = false;
  std::unique_ptr<Batch> batch;
  if (free_.empty()) {
    batch = std::make_unique<Batch>();
  } else {
    batch = std::move(free_.back());
    free_.pop_back();
  }
  budget_.charge(batch->charged, std::max(batch->charged, need_));
  return batch;
}

// Whoever waits is woken when it can go on, not to find out that it cannot: a thread that falls
// asleep and wakes costs as much as ten events.

void BatchStock::give_back(std::unique_ptr<Batch> batch) {
  batch->reset();
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    if (budget_.used_up()) {
      forget(*batch);
      batch.reset();
    } else {
      budget_.charge(batch->charged, batch->footprint());
      free_.push_back(std::move(batch));
    }
    wakes = waited_for_ && has_room();
  }
  if (wakes) room_.notify_one();
}

void BatchStock::begun(std::uint64_t lines) {
  const std::lock_guard lock(mutex_);
  if (++batches_ >= bounds_.batches) full_ = true;
  waiting_lines_ += lines;
  ++waiting_batches_;
}

void BatchStock::let_in(std::uint64_t lines, std::size_t batches) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    LOGBRAID_ASSERT(lines <= waiting_lines_ && batches <= waiting_batches_,
                    "what is let in has waited");
    waiting_lines_ -= lines;
    waiting_batches_ -= batches;
    wakes = waited_for_ && has_room();
  }
  if (wakes) room_.notify_one();
}

void BatchStock::done() {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    if (--batches_ <= bounds_.go_on_at) full_ = false;
    wakes = waited_for_ && has_room();
  }
  if (wakes) room_.notify_one();
}

void BatchStock::notify() {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    wakes = waited_for_ && has_room();
  }
  if (wakes) room_.notify_one();
}

void BatchStock::grown(Batch& batch) {
  const std::size_t bytes = batch.footprint();
  if (bytes > batch.charged) budget_.charge(batch.charged, bytes);
}

void BatchStock::settle(Batch& batch, std::size_t line_bytes) {
  const std::size_t bytes = batch.footprint();
  budget_.charge(batch.charged, bytes);
  const std::lock_guard lock(mutex_);
  need_ = std::max(bytes + line_bytes, need_ - need_ / kForgetting);
}

}  // namespace logbraid
