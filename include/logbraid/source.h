#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "logbraid/kind.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// Where events come from: a stream of bytes, one record a line. The engine cuts it into batches of
// whole lines and feeds each to a format.
//
// Threads:  read() from one thread; the rest from any, interrupt() from a signal handler too.
// Blocking: read() waits until there is something, the end, or interrupt().
class Source {
 public:
  virtual ~Source() = default;

  // Puts at least one byte into `into` and says how many; 0 is the end, for good. What is there is
  // given at once: read() never waits to fill `into`.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  // read() gives the rest of the line it is in, as far as that is there already, and then 0, now
  // and ever after. Bytes that were not read stay where they are.
  virtual void interrupt() noexcept = 0;
  // For messages and the progress line: "stdin", "/var/log/x (2 of 3)".
  virtual std::string description() const = 0;
  // Bytes in all, where that is known (for progress); 0 otherwise.
  virtual std::size_t expected_bytes() const { return 0; }
};

// A kind of source: as EnricherKind.
struct SourceKind {
  std::string name;
  std::string summary;
  std::string help;
  std::vector<SettingSpec> settings;
  std::function<Result<std::unique_ptr<Source>>(const Settings&, const MakeContext&)> make;
  std::string default_format;  // "json"
  // What was not read stays where it is for as long as that takes (a file, not a socket): then
  // nothing has to be dropped, and an overflow policy that drops is refused.
  bool keeps_what_is_unread = false;
};

}  // namespace logbraid
