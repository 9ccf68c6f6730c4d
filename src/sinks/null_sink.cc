#include <cstdint>

#include "sinks/builtin.h"

namespace logbraid {
namespace {

class NullSink final : public Sink {
 public:
  Result<bool> write(std::string_view lines) override {
    bytes_ += lines.size();
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override {
    return "null (" + std::to_string(bytes_) + " bytes dropped)";
  }

 private:
  std::uint64_t bytes_ = 0;
};

Result<std::unique_ptr<Sink>> make(const Settings&, const MakeContext&) {
  return std::unique_ptr<Sink>(std::make_unique<NullSink>());
}

}  // namespace

SinkKind null_sink() {
  return {
      .name = "null",
      .summary = "Writes nowhere: counts the bytes and drops them",
      .help = R"(For measuring what the rest of a pipeline costs.

  sink: {type: null})",
      .settings = {},
      .make = make,
  };
}

}  // namespace logbraid
