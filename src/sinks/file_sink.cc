#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "sinks/builtin.h"
#include "sinks/write_all.h"
#include "support/file_descriptor.h"

namespace logbraid {
namespace {

class FileSink final : public Sink {
 public:
  struct Options {
    std::string path;
    bool append;
    bool sync;
  };
  explicit FileSink(Options options) : options_(std::move(options)) {}

  Result<bool> write(std::string_view lines) override {
    if (Result<void> opened = open(); !opened) return opened.error();
    const Result<bool> written = write_all(file_.get(), lines);
    if (!written) return failed("write to", written.error().message);
    return written;
  }

  Result<bool> flush() override {
    // A run without events leaves an empty file, not last week's.
    if (Result<void> opened = open(); !opened) return opened.error();
    // EINVAL, ENOTSUP: a pipe or a device, which has nothing to sync.
    if (options_.sync && ::fsync(file_.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
      return failed("sync", errno_text(errno));
    }
    return true;
  }

  std::string description() const override { return options_.path; }

 private:
  // With the first write, not when it is made: who only checks a configuration must not empty a
  // file.
  Result<void> open() {
    if (file_.is_open()) return {};
    const int how = options_.append ? O_APPEND : O_TRUNC;
    file_ = FileDescriptor(
        ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | how, 0644));
    if (!file_.is_open()) return failed("open", errno_text(errno));
    return {};
  }

  Error failed(std::string_view what, const std::string& why) const {
    return Error("cannot " + std::string(what) + " " + options_.path + ": " + why);
  }

  const Options options_;
  FileDescriptor file_;
};

Result<std::unique_ptr<Sink>> make(const Settings& settings, const MakeContext& context) {
  const std::string path = context.resolve_path(settings.string("path"));
  if (path.empty()) return settings.error("path", "needs the name of a file");
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) {
    return settings.error("path", path + " is a directory; name a file in it");
  }
  if (!folder.empty() && !std::filesystem::is_directory(folder, problem)) {
    return settings.error("path", "there is no folder " + folder.string());
  }
  return std::unique_ptr<Sink>(std::make_unique<FileSink>(FileSink::Options{
      .path = path, .append = settings.boolean("append"), .sync = settings.boolean("sync")}));
}

}  // namespace

SinkKind file_sink() {
  return {
      .name = "file",
      .summary = "Writes to a file",
      .help = R"(Writes to a file, which is made if it is not there (mode 0644), when the first
events are written.

  sink: {type: file, path: /var/log/enriched.json, append: false})",
      .settings = {{.name = "path",
                    .type = SettingType::string,
                    .help = "The file; a relative one starts at the configuration's folder.",
                    .required = true},
                   {.name = "append",
                    .type = SettingType::boolean,
                    .default_text = "true",
                    .help = "false empties a file that is there."},
                   {.name = "sync",
                    .type = SettingType::boolean,
                    .default_text = "false",
                    .help = "Waits at each flush until the disk has it: it then survives a power "
                            "cut, and costs milliseconds each time."}},
      .make = make,
  };
}

}  // namespace logbraid
