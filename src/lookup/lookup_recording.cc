#include "lookup/lookup_recording.h"

#include <vector>

namespace logbraid {

void LookupRecording::record(std::string_view enricher, const Request& request) {
  const std::lock_guard lock(mutex_);
  for (std::size_t row = 0; row < request.size(); ++row) {
    const Request::Row what = request.row(row);
    // What failed as a whole failed for all: its reason is theirs.
    const bool failed = what == Request::Row::unset;
    answers_[{std::string(enricher), std::string(request.key(row))}] = {
        failed ? Request::Row::error : what,
        std::string(failed ? request.why() : request.answer(row)), request.ttl(row)};
  }
}

bool LookupRecording::answer(std::string_view enricher, Request& request) const {
  {
    const std::lock_guard lock(mutex_);
    std::vector<const Answer*> known;
    for (std::size_t row = 0; row < request.size(); ++row) {
      const auto found = answers_.find({std::string(enricher), std::string(request.key(row))});
      if (found == answers_.end()) return false;
      known.push_back(&found->second);
    }
    for (std::size_t row = 0; row < request.size(); ++row) {
      const Answer& answer = *known[row];
      if (answer.what == Request::Row::found) {
        request.found_as(row, answer.bytes);
      } else if (answer.what == Request::Row::not_found) {
        request.not_found(row);
      } else {
        request.failed(row, answer.bytes);
      }
      if (answer.ttl) request.keep_for(row, *answer.ttl);
    }
  }
  request.finish();
  return true;
}

}  // namespace logbraid
