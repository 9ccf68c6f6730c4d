#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/kind.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// Where events go: whole lines, in order.
//
// Threads:  one at a time.
// Errors:   an Error means that not all of it was written.
// Blocking: write() may wait; that is how a slow reader slows the source.
class Sink {
 public:
  virtual ~Sink() = default;

  // False when nobody takes it any more (a closed pipe): the run ends quietly.
  virtual Result<bool> write(std::string_view lines) = 0;
  // Everything written so far is where it belongs.
  virtual Result<bool> flush() = 0;
  virtual std::string description() const = 0;
};

// A kind of sink: as EnricherKind.
struct SinkKind {
  std::string name;
  std::string summary;
  std::string help;
  std::vector<SettingSpec> settings;
  std::function<Result<std::unique_ptr<Sink>>(const Settings&, const MakeContext&)> make;
};

}  // namespace logbraid
