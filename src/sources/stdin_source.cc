#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "sources/builtin.h"
#include "sources/line_end_reader.h"

namespace logbraid {
namespace {

// The descriptor is shared with whoever gave it to us: it is never made non-blocking, which would
// make it so for them too. Waiting in poll() instead lets interrupt() through.
class StdinSource final : public Source {
 public:
  StdinSource(LineEndReader reader, bool closed) : reader_(std::move(reader)), ended_(closed) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (ended_) return std::size_t{0};
    Result<std::size_t> got = reader_.read(STDIN_FILENO, into);
    if (!got) return Error("cannot read stdin: " + got.error().message);
    // The end of a terminal's input is an answer to one read() only, ours is for good.
    if (*got == 0) ended_ = true;
    return got;
  }
  void interrupt() noexcept override { reader_.interrupt(); }
  std::string description() const override { return "stdin"; }

 private:
  LineEndReader reader_;
  bool ended_;
};

Result<std::unique_ptr<Source>> make(const Settings&, const MakeContext&) {
  // Looked at before anything is opened, which would get the free number.
  const bool closed = ::fcntl(STDIN_FILENO, F_GETFD) < 0;
  Result<LineEndReader> reader = LineEndReader::make();
  if (!reader) return reader.error();
  return std::unique_ptr<Source>(std::make_unique<StdinSource>(std::move(*reader), closed));
}

}  // namespace

SourceKind stdin_source() {
  return {
      .name = "stdin",
      .summary = "Reads the standard input, each line as it comes",
      .help = R"(Reads the standard input to its end: a pipe, a terminal or a file. Each line goes
on its way as soon as it is there, so that `tail -f` may stand in front:

  tail -f /var/log/app.log | logbraid run pipeline.yaml

  source: {type: stdin, format: json}

A standard input that is closed is an empty one.)",
      .settings = {},
      .make = make,
      .default_format = "json",
  };
}

}  // namespace logbraid
