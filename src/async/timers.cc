#include "async/timers.h"

#include <algorithm>

namespace logbraid {

std::uint32_t Timers::queue_for(Duration duration) {
  for (std::uint32_t i = 0; i < queues_.size(); ++i) {
    if (queues_[i].duration == duration) return i;
  }
  if (queues_.size() == kMaxQueues) return kHeap;
  queues_.push_back({duration, nullptr, nullptr});
  return static_cast<std::uint32_t>(queues_.size() - 1);
}

void Timers::set(Timer& timer, Duration after) {
  after = std::max(after, Duration::zero());
  timer.due = after < TimePoint::max() - now_ ? now_ + after : TimePoint::max();
  timer.queue = queue_for(after);
  ++size_;
  if (timer.queue == kHeap) {
    push_heap(timer);
    return;
  }
  Queue& queue = queues_[timer.queue];
  timer.previous = queue.last;
  timer.next = nullptr;
  (queue.last != nullptr ? queue.last->next : queue.first) = &timer;
  queue.last = &timer;
}

void Timers::set_at(Timer& timer, TimePoint due) {
  timer.due = due;
  timer.queue = kHeap;
  ++size_;
  push_heap(timer);
}

void Timers::remove(Timer& timer) noexcept {
  if (!timer.waiting()) return;
  --size_;
  if (timer.queue == kHeap) {
    remove_from_heap(timer);
  } else {
    Queue& queue = queues_[timer.queue];
    (timer.previous != nullptr ? timer.previous->next : queue.first) = timer.next;
    (timer.next != nullptr ? timer.next->previous : queue.last) = timer.previous;
  }
  timer.queue = Timer::kNone;
}

void Timers::advance(TimePoint now) {
  refresh(now);
  // Fixed before the first one fires: a timer of duration zero set by a callback must not keep this
  // loop going for ever.
  const TimePoint turn = now_;
  for (std::uint32_t i = 0; i < queues_.size(); ++i) {
    Timer* const last = queues_[i].last;
    for (bool more = last != nullptr; more;) {
      Timer* const first = queues_[i].first;
      if (first == nullptr || first->due > turn) break;
      more = first != last;
      remove(*first);
      first->fire(*first);
    }
  }
  for (std::size_t left = heap_.size(); left > 0 && !heap_.empty() && heap_.front()->due <= turn;
       --left) {
    Timer& first = *heap_.front();
    remove(first);
    first.fire(first);
  }
}

TimePoint Timers::next_due() const {
  TimePoint next = heap_.empty() ? TimePoint::max() : heap_.front()->due;
  for (const Queue& queue : queues_) {
    if (queue.first != nullptr) next = std::min(next, queue.first->due);
  }
  return next;
}

TimePoint Timers::next_turn() const {
  const TimePoint due = next_due();
  const Duration late = std::min(kMostLate, kLateATimer * static_cast<std::int64_t>(size_));
  return due < TimePoint::max() - late ? due + late : TimePoint::max();
}

void Timers::push_heap(Timer& timer) {
  heap_.push_back(&timer);
  place(&timer, heap_.size() - 1);
  sift(heap_.size() - 1);
}

void Timers::remove_from_heap(Timer& timer) noexcept {
  const std::size_t index = timer.heap_index;
  Timer* const moved = heap_.back();
  heap_.pop_back();
  if (moved == &timer) return;
  place(moved, index);
  sift(index);
}

void Timers::sift(std::size_t index) noexcept {
  Timer* const timer = heap_[index];
  while (index > 0 && timer->due < heap_[(index - 1) / 2]->due) {
    place(heap_[(index - 1) / 2], index);
    index = (index - 1) / 2;
  }
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due < heap_[child]->due) ++child;
    if (timer->due <= heap_[child]->due) break;
    place(heap_[child], index);
    index = child;
  }
  place(timer, index);
}

}  // namespace logbraid
