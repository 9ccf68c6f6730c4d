#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "logbraid/plan.h"

namespace logbraid::test {

// Watches the calls of a run from inside: none may begin while an ancestor still runs, or after a
// descendant has begun, or when all is over.
//
// Threads: any, but for watch(), before the first call.
class Ledger {
  struct Cell {
    std::atomic<std::uint32_t> begun{0};
    std::atomic<std::uint32_t> running{0};
    std::atomic<bool> hangs{false};  // its event may go on without it
  };

 public:
  explicit Ledger(std::uint64_t events) : events_(events) {}

  void watch(const ExecutionPlan& plan);
  // Only what begins when all is over is wrong: a probe of a breaker may still run when its event
  // has gone on.
  void ignore_order() { ordered_ = false; }
  // From here on nothing may begin.
  void close() { closed_.store(true); }
  // A request of a look-up, which is of no one event.
  void request(const std::string& enricher);

  // What was wrong, a line each, the first few.
  std::string complaints() const;
  std::uint64_t calls() const { return calls_.load(); }
  std::uint64_t calls_after_close() const { return late_calls_.load(); }

  // One call of one enricher for one event, while it lives.
  class Visit {
   public:
    Visit(Ledger& ledger, const std::string& enricher, std::uint64_t event, bool hangs);
    ~Visit() { cell_.running.fetch_sub(1); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    // Calls of this enricher for this event before this one.
    std::uint32_t attempt() const { return attempt_; }

   private:
    Cell& cell_;
    std::uint32_t attempt_;
  };

 private:
  Cell& begin(const std::string& enricher, std::uint64_t event, bool hangs);
  void complain(std::string what);

  const std::uint64_t events_;
  bool ordered_ = true;
  std::vector<std::string> names_;                        // by node
  std::unordered_map<std::string, std::uint32_t> nodes_;  // by name
  std::vector<std::vector<std::uint32_t>> ancestors_;     // by node
  std::vector<std::vector<std::uint32_t>> descendants_;   // by node
  std::unique_ptr<Cell[]> cells_;                         // event by event
  std::atomic<bool> closed_{false};
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> late_calls_{0};
  mutable std::mutex mutex_;  // guards complaints_
  std::vector<std::string> complaints_;
};

}  // namespace logbraid::test
