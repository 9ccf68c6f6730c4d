#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "logbraid/path.h"

namespace logbraid {

// What happens when a source gives more than the rest can take.
enum class Overflow : std::uint8_t {
  block,          // reading stops: the source waits
  drop_newest,    // what comes while the queue is full is lost
  drop_oldest,    // what waits longest is lost
  drop_by_level,  // of what waits, the lowest level is lost, the oldest of it first
};

// For sources that cannot wait, or must not: with `block` there is no queue.
struct OverflowOptions {
  Overflow policy = Overflow::block;
  // Events that may wait, 1 to 100,000,000. Raise it when bursts are longer than what is lost is
  // worth; each waits as long as those before it take.
  std::uint64_t events = 100'000;
  // Bytes that may wait, with 64 more for each event; at most half of the memory limit counts.
  std::size_t bytes = 16 * 1024 * 1024;
  // For drop_by_level: where the level is (DEBUG, INFO, WARNING, ERROR, CRITICAL), and what an
  // event without one counts as.
  FieldPath level_field{"level"};
  std::string default_level = "INFO";
};

}  // namespace logbraid
