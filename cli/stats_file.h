#pragma once

#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace logbraid::cli {

// A file that holds a whole document or what it held before, never a part: what is written goes to
// a file beside it, which then takes its name.
//
// Errors: of the file, in words; create() finds out before a long run what write() would find
//         after it.
class StatsFile {
 public:
  // Refused is what is there and is no file (a device, a pipe), and a file that is open in this
  // process: the new one would take its place. Sinks open theirs later: write() looks again.
  static Result<StatsFile> create(const std::string& path);

  Result<void> write(std::string_view document) const;

 private:
  explicit StatsFile(std::string path) : path_(std::move(path)) {}
  std::string temporary() const;

  std::string path_;
};

}  // namespace logbraid::cli
