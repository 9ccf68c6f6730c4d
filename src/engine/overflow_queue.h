#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "engine/memory_budget.h"
#include "engine/run_counts.h"
#include "format/reader.h"
#include "logbraid/overflow.h"

namespace logbraid {

// Lines between a source that must not wait and the shards. When there are too many, the policy
// says which are lost; each is counted.
//
// Invariants: at most the events and bytes of the options wait, but one line always may; what is
//             not dropped keeps its order.
// Threads:    push() and close() from one, wait() and pop_into() from another; counts() from any.
// Blocking:   wait() until there is something or close(); push() never.
// Cost:       a copy and an allocation a line, where a policy is set; levels are read from the
//             lines as they come.
class OverflowQueue {
 public:
  // `reader` for drop_by_level; else it may be null.
  OverflowQueue(OverflowOptions options, MemoryBudget& budget, std::unique_ptr<Reader> reader);
  ~OverflowQueue();
  OverflowQueue(const OverflowQueue&) = delete;
  OverflowQueue& operator=(const OverflowQueue&) = delete;

  // Takes the lines of a batch, which keeps its memory.
  void push(Batch& batch);
  // Nothing more comes.
  void close();

  // False: closed, and nothing waits any more.
  bool wait();
  // Puts lines that wait into an empty batch, up to `bytes` of them but at least one.
  void pop_into(Batch& batch, std::size_t bytes);

  // What was dropped here, which nobody else has read.
  RunCounts counts() const;

  // What a line costs beside its bytes.
  static constexpr std::size_t kLineCost = 64;

 private:
  struct Line {
    std::uint64_t number;  // in the source, from 0
    std::string text;      // without its end
  };
  static constexpr std::size_t kLevels = 5;  // DEBUG, INFO, WARNING, ERROR, CRITICAL

  std::size_t level_of(const Record& record, Arena& arena) const;
  void add(std::size_t level, std::uint64_t number, std::string_view text);
  bool over(std::size_t more_bytes) const;
  void drop(std::deque<Line>& from, DropReason reason);
  void count_drop(std::size_t bytes, DropReason reason);
  std::deque<Line>& oldest();

  const OverflowOptions options_;
  const std::size_t most_bytes_;
  MemoryBudget& budget_;
  const std::unique_ptr<Reader> reader_;
  const std::size_t default_level_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable filled_;
  std::array<std::deque<Line>, kLevels> lines_;  // all in the first, unless levels count
  std::uint64_t events_ = 0;
  std::size_t bytes_ = 0;
  std::size_t charged_ = 0;
  bool closed_ = false;
  RunCounts counts_;
};

}  // namespace logbraid
