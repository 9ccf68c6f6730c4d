#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "logbraid/kind.h"
#include "logbraid/lifecycle.h"

namespace logbraid::test {

// What a function of a scripted life does.
enum class LifeStep : std::uint8_t {
  ok,
  error,
  throws_exception,
  throws_int,
  listens,        // hangs until it is told to stop, then succeeds
  gives_up,       // hangs until it is told to stop, then fails
  deaf,           // hangs until let_go(), then succeeds
  deaf_and_fails  // hangs until let_go(), then fails
};

// The script of an enricher with a life cycle, and what has happened to it: what must never happen
// whatever the script is counted (docs/decisions/lifecycle.md).
//
// Threads: any.
class LifeRecord {
 public:
  // `nth` counts the calls of one function from 0. Empty: each succeeds.
  using Script = std::function<LifeStep(LifecycleCode code, int nth)>;
  explicit LifeRecord(Script script = {}) : script_(std::move(script)) {}

  void let_go();
  // Until `code` has begun so many times.
  void wait_for(LifecycleCode code, int begun = 1);
  int begun(LifecycleCode code) const;
  int calls() const;
  // "start while stop", ...
  std::vector<std::string> violations() const;

  // For the enricher.
  LifeStep begin(LifecycleCode code);
  void end(LifecycleCode code, bool well);
  void begin_call();
  void end_call();
  bool is_let_go() const;
  void wait_until_let_go();

 private:
  void must(bool holds, const std::string& what);

  const Script script_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool let_go_ = false;
  bool started_ = false;
  std::string running_;
  int begun_[3] = {};
  int calls_ = 0;
  int calls_out_ = 0;
  std::vector<std::string> violations_;
};

// `step` for each call of `which`; all else succeeds.
inline LifeRecord::Script every(LifecycleCode which, LifeStep step) {
  return [=](LifecycleCode code, int) { return code == which ? step : LifeStep::ok; };
}

// An enricher that counts its calls, sets the field `lived`, and lives as the record's script says:
// by coroutines where it is placed async, else by functions.
EnricherInstance make_lived(std::shared_ptr<LifeRecord> record, Placement placement);

}  // namespace logbraid::test
