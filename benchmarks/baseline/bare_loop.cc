#include "benchmarks/baseline/bare_loop.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <vector>

#include "benchmarks/support/rounds.h"

namespace logbraid::bench {
namespace {

using Nanoseconds = std::int64_t;

constexpr std::size_t kWaits = 3;
constexpr Nanoseconds kWait = 5'000'000;
constexpr Nanoseconds kDeadline = 1'000'000'000;

Nanoseconds now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

void sleep_until(Nanoseconds due) {
  const timespec until{due / 1'000'000'000, due % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

// An entry of a queue; out of it when both are null and it is not the first.
struct Entry {
  Entry* previous = nullptr;
  Entry* next = nullptr;
  Nanoseconds due = 0;
  std::uint32_t event = 0;
};

// Entries of one duration: the first is always due first.
struct Queue {
  Entry* first = nullptr;
  Entry* last = nullptr;

  void push(Entry& entry, Nanoseconds due) {
    entry.due = due;
    entry.previous = last;
    entry.next = nullptr;
    (last != nullptr ? last->next : first) = &entry;
    last = &entry;
  }
  void remove(Entry& entry) {
    (entry.previous != nullptr ? entry.previous->next : first) = entry.next;
    (entry.next != nullptr ? entry.next->previous : last) = entry.previous;
  }
};

struct Slot {
  std::array<Entry, kWaits> waits;
  std::array<Entry, kWaits> deadlines;
  std::uint32_t open = 0;
};

class Loop {
 public:
  Loop(std::uint64_t events, std::uint32_t window) : left_(events), slots_(window) {}

  std::uint64_t run() {
    Nanoseconds at = now();
    for (std::uint32_t i = 0; i < slots_.size(); ++i) begin(i, at);
    while (in_flight_ != 0) {
      for (std::size_t wait = 0; wait < kWaits; ++wait) {
        Queue& queue = waits_[wait];
        while (queue.first != nullptr && queue.first->due <= at) end_wait(queue, wait, at);
      }
      at = now();
      const Nanoseconds due = next_due();
      if (in_flight_ != 0 && due > at) {
        sleep_until(due);
        at = now();
      }
    }
    return ended_;
  }

 private:
  void begin(std::uint32_t index, Nanoseconds at) {
    if (left_ == 0) return;
    --left_;
    ++in_flight_;
    Slot& slot = slots_[index];
    slot.open = kWaits;
    for (std::size_t wait = 0; wait < kWaits; ++wait) {
      slot.waits[wait].event = index;
      waits_[wait].push(slot.waits[wait], at + kWait);
      deadlines_[wait].push(slot.deadlines[wait], at + kDeadline);
    }
  }

  void end_wait(Queue& queue, std::size_t wait, Nanoseconds at) {
    Entry& entry = *queue.first;
    queue.remove(entry);
    Slot& slot = slots_[entry.event];
    deadlines_[wait].remove(slot.deadlines[wait]);
    ++ended_;
    if (--slot.open != 0) return;
    --in_flight_;
    begin(entry.event, at);
  }

  Nanoseconds next_due() const {
    Nanoseconds due = INT64_MAX;
    for (const Queue& queue : waits_) {
      if (queue.first != nullptr) due = std::min(due, queue.first->due);
    }
    for (const Queue& queue : deadlines_) {
      if (queue.first != nullptr) due = std::min(due, queue.first->due);
    }
    return due;
  }

  std::uint64_t left_;
  std::uint64_t ended_ = 0;
  std::uint32_t in_flight_ = 0;
  std::vector<Slot> slots_;
  std::array<Queue, kWaits> waits_;
  std::array<Queue, kWaits> deadlines_;
};

}  // namespace

BareLoopResult run_bare_loop(std::uint64_t events, std::uint32_t window) {
  const auto loop = std::make_unique<Loop>(events, window);
  BareLoopResult result;
  const double cpu = thread_seconds();
  const double start = wall_seconds();
  result.waits = loop->run();
  result.seconds = wall_seconds() - start;
  result.cpu_seconds = thread_seconds() - cpu;
  return result;
}

}  // namespace logbraid::bench
