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
  if (batches_ >= most_batches_ || waiting_lines_ >= most_lines_) return false;
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
  room_.wait(lock, [&] { return has_room(); });
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

void BatchStock::give_back(std::unique_ptr<Batch> batch) {
  batch->reset();
  {
    const std::lock_guard lock(mutex_);
    if (budget_.used_up()) {
      forget(*batch);
      batch.reset();
    } else {
      budget_.charge(batch->charged, batch->footprint());
      free_.push_back(std::move(batch));
    }
  }
  room_.notify_one();
}

void BatchStock::begun(std::uint64_t lines) {
  const std::lock_guard lock(mutex_);
  ++batches_;
  waiting_lines_ += lines;
}

void BatchStock::let_in(std::uint64_t lines) {
  bool makes_room = false;
  {
    const std::lock_guard lock(mutex_);
    LOGBRAID_ASSERT(lines <= waiting_lines_, "what is let in has waited");
    makes_room = waiting_lines_ >= most_lines_ && waiting_lines_ - lines < most_lines_;
    waiting_lines_ -= lines;
  }
  if (makes_room) room_.notify_one();
}

void BatchStock::done() {
  {
    const std::lock_guard lock(mutex_);
    --batches_;
  }
  room_.notify_one();
}

void BatchStock::notify() {
  // Whoever looked just now, and saw no room, waits when the lock is free.
  { const std::lock_guard lock(mutex_); }
  room_.notify_one();
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
