#include "cli/stats_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace logbraid::cli {
namespace {

Error failed(const std::string& what, const std::string& path, int number) {
  return Error("--stats: cannot " + what + " " + path + ": " +
               std::generic_category().message(number));
}

// 0, or an errno.
int write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  // The name must not lead to a file whose contents never came to the disk.
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

// O_EXCL: a link that somebody has put there is not followed.
int create_file(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

// Events come from the file or go to it: a source's, a sink's, standard output.
bool is_open_here(const struct stat& file) {
  std::error_code problem;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd", problem)) {
    struct stat open {};
    if (::stat(each.path().c_str(), &open) == 0 && open.st_dev == file.st_dev &&
        open.st_ino == file.st_ino) {
      return true;
    }
  }
  return false;
}

Error holds_events(const std::string& path) {
  return Error("--stats: " + path + " is a file that events come from or go to; name another one");
}

}  // namespace

Result<StatsFile> StatsFile::create(const std::string& path) {
  StatsFile file(path);
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode)) return failed("write to", path, EISDIR);
    if (!S_ISREG(there.st_mode)) {
      return Error("--stats: " + path + " is not a file that another can take the place of");
    }
    if (is_open_here(there)) return holds_events(path);
    // What a link leads to is replaced, not the link.
    std::error_code problem;
    const auto real = std::filesystem::canonical(path, problem);
    if (!problem) file.path_ = real.string();
  }
  const std::string temporary = file.temporary();
  const int descriptor = create_file(temporary);
  if (descriptor < 0) return failed("write to", path, errno);
  ::close(descriptor);
  ::unlink(temporary.c_str());
  return file;
}

Result<void> StatsFile::write(std::string_view document) const {
  struct stat there {};
  if (::stat(path_.c_str(), &there) == 0 && is_open_here(there)) return holds_events(path_);
  const std::string temporary = this->temporary();
  const int descriptor = create_file(temporary);
  if (descriptor < 0) return failed("write to", path_, errno);
  int problem = write_whole(descriptor, document);
  ::close(descriptor);
  if (problem == 0 && ::rename(temporary.c_str(), path_.c_str()) != 0) problem = errno;
  if (problem == 0) return {};
  ::unlink(temporary.c_str());
  return failed("write to", path_, problem);
}

// In the same folder, so that it can be renamed, and hidden from those who gather *.json.
std::string StatsFile::temporary() const {
  const std::filesystem::path path(path_);
  const std::string name =
      "." + path.filename().string() + "." + std::to_string(::getpid()) + ".tmp";
  return (path.parent_path() / name).string();
}

}  // namespace logbraid::cli
