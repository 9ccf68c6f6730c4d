#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "logbraid/clock.h"
#include "lookup/request.h"

namespace logbraid {

// What services have answered in one run, to answer the same in another: so that two runs can be
// compared although the services change meanwhile. A key that was never asked for is asked for.
//
// Threads:  any.
// Lifetime: outlives the runs that use it.
class LookupRecording {
 public:
  // From here on it answers; until then it listens.
  void replay() { replays_ = true; }
  bool replays() const { return replays_; }

  // Writes down what became of the rows of a request that has ended.
  void record(std::string_view enricher, const Request& request);
  // Finishes the request where it knows all its keys; true then.
  bool answer(std::string_view enricher, Request& request) const;

 private:
  struct Answer {
    Request::Row what = Request::Row::unset;
    std::string bytes;
    std::optional<Duration> ttl;
  };
  using Key = std::pair<std::string, std::string>;  // enricher, key

  bool replays_ = false;  // set between two runs
  mutable std::mutex mutex_;
  std::map<Key, Answer> answers_;  // guarded by mutex_
};

}  // namespace logbraid
