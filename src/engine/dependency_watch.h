#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "engine/batch_run.h"
#include "engine/watched_event.h"
#include "logbraid/plan.h"

namespace logbraid {

// Which events are watched, of all that a process reads.
struct WatchOptions {
  std::uint64_t first = 100;    // the first so many
  std::uint64_t share = 1'000;  // then one in so many; 0: none

  static constexpr WatchOptions none() { return {0, 0}; }
  static constexpr WatchOptions all() { return {UINT64_MAX, 0}; }
};

// An enricher looked up a field that another one wrote in the same event, and no edge leads from
// the writer to the reader: it never sees it.
struct HiddenDependency {
  std::uint32_t reader = 0;  // places in the plan
  std::uint32_t writer = 0;
  std::string field;         // as it was looked up
  std::uint64_t events = 0;  // in which that happened
};

// What one enricher was seen to do; by path, in how many of the events watched.
struct ObservedFields {
  std::map<std::string, std::uint64_t> reads;
  std::map<std::string, std::uint64_t> writes;
};

struct WatchReport {
  std::uint64_t events = 0;  // watched
  std::vector<HiddenDependency> hidden;
  std::vector<ObservedFields> enrichers;  // in plan order
};

// The line that declares it: `geo: add "dependencies: [login]"`, and others that do as well.
std::string fix_of(const ExecutionPlan& plan, const HiddenDependency& hidden);
// What was found, why it matters, and the line.
std::string describe(const ExecutionPlan& plan, const HiddenDependency& hidden);

// Finds dependencies that nobody declared: watches what enrichers look up and write in a sample of
// the events.
//
// A reader that the writer runs after is no finding: that order is declared, and it sees what was
// there before. What calls that have not ended read is not looked at.
//
// Threads:  any function from any thread at once.
// Lifetime: borrows the plan.
// Cost:     one addition a batch; for an event that is watched a few microseconds and allocations.
// Blocking: a lock, for the events watched.
class DependencyWatch {
 public:
  // What is kept and said is bounded, whatever the events hold.
  static constexpr std::size_t kMaxHidden = 1'000;
  static constexpr std::size_t kMaxPaths = 256;        // an enricher
  static constexpr std::size_t kMaxSaid = 20;          // findings
  static constexpr std::size_t kMaxPairs = 1'000'000;  // looked at in one event

  // `on_hidden` gets a sentence for each finding, once, while the lock is held. May be empty.
  DependencyWatch(const ExecutionPlan& plan, WatchOptions options,
                  std::function<void(const std::string&)> on_hidden);

  // Chooses which events of a batch are watched, before any of them is admitted.
  void begin(BatchRun& run);
  // Every event of the batch has all its outcomes.
  void ended(const BatchRun& run);
  // One event that has all its outcomes.
  void look_at(const WatchedEvent& watched, const Slot& slot);

  WatchReport report() const;

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::string>;  // reader, writer, field

  void found(std::uint32_t reader, std::uint32_t writer, const FieldPath& field);

  const ExecutionPlan& plan_;
  const WatchOptions options_;
  const std::function<void(const std::string&)> on_hidden_;
  std::atomic<std::uint64_t> seen_{0};  // events

  mutable std::mutex mutex_;  // guards what follows
  std::uint64_t watched_ = 0;
  std::size_t said_ = 0;
  std::map<Key, std::uint64_t> hidden_;
  std::vector<ObservedFields> observed_;
};

}  // namespace logbraid
