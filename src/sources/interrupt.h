#pragma once

#include <optional>

#include "logbraid/clock.h"
#include "logbraid/result.h"
#include "support/file_descriptor.h"

namespace logbraid {

// A bell that ends a source's wait: rung once, it rings for ever.
//
// Threads:  ring() from any thread and from a signal handler; the rest from the source's thread.
// Blocking: wait() until there is something to read, the time has passed, or the bell rang.
class Interrupt {
 public:
  static Result<Interrupt> make();

  void ring() noexcept;
  bool rang() const;

  enum class Wake { readable, timeout, interrupted };
  // Waits until `descriptor` (-1: none) can be read without blocking; its end, an error and a
  // descriptor that is closed are `readable` too: read() says what it is. No `timeout`: for ever.
  // The bell goes before data.
  Wake wait(int descriptor, std::optional<Duration> timeout) const;

 private:
  explicit Interrupt(FileDescriptor bell) : bell_(std::move(bell)) {}

  FileDescriptor bell_;  // an eventfd: counts up when rung, never read
};

}  // namespace logbraid
