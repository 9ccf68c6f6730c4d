#include <unistd.h>

#include "sinks/builtin.h"
#include "sinks/write_all.h"

namespace logbraid {
namespace {

// Unbuffered: the engine hands over whole batches, and what it hands over is to be seen at once.
class StdoutSink final : public Sink {
 public:
  Result<bool> write(std::string_view lines) override {
    if (closed_) return false;
    const Result<bool> written = write_all(STDOUT_FILENO, lines);
    if (!written) return Error("cannot write to stdout: " + written.error().message);
    closed_ = !*written;
    return written;
  }
  Result<bool> flush() override { return !closed_; }
  std::string description() const override { return "stdout"; }

 private:
  bool closed_ = false;
};

Result<std::unique_ptr<Sink>> make(const Settings&, const MakeContext&) {
  return std::unique_ptr<Sink>(std::make_unique<StdoutSink>());
}

}  // namespace

SinkKind stdout_sink() {
  return {
      .name = "stdout",
      .summary = "Writes to the standard output",
      .help = R"(Writes each event as soon as it is ready. When the reader goes away
(`logbraid run ... | head`), the run ends quietly.

  sink: {type: stdout, format: json})",
      .settings = {},
      .make = make,
  };
}

}  // namespace logbraid
