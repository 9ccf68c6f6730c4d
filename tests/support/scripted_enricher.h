#pragma once

#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "logbraid/enricher.h"
#include "logbraid/kind.h"
#include "logbraid/path.h"

namespace logbraid::test {

// What a scripted call does with one event.
struct Step {
  enum class What : std::uint8_t { ok, no_match, error, throws_exception, throws_int, hangs, huge };
  What what = What::ok;
  Duration delay{};  // async only
};

// An enricher that writes down what it sees: it reads the fields in `looks_at` and sets `writes` to
// a digest of its name, the event's message and what it found. So a difference in what was visible,
// or in who ran before, is a difference in the output.
struct Script {
  std::string name;
  std::vector<FieldPath> looks_at;
  FieldPath writes;
  std::function<Step(std::string_view message)> step;  // deterministic; may be empty: ok
  // hangs: a pool call waits here; async calls wait until they are told to stop.
  std::shared_ptr<std::latch> hang;
  // Counted down by each pool call that begins to hang.
  std::shared_ptr<std::latch> hanging;
};

// The digest, for those who foretell it: `found` has a text for each path looked at, empty for
// none.
std::string digest(std::string_view name, std::string_view message,
                   const std::vector<std::string>& found);

EnricherInstance make_scripted(std::shared_ptr<const Script> script, Placement placement);

}  // namespace logbraid::test
