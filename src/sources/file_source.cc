#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "sources/builtin.h"
#include "sources/line_end_reader.h"

namespace logbraid {
namespace {

class FileSource final : public Source {
 public:
  FileSource(std::vector<std::string> paths, std::size_t bytes, LineEndReader reader)
      : paths_(std::move(paths)), bytes_(bytes), reader_(std::move(reader)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (into.empty()) return std::size_t{0};
    while (current_ < paths_.size()) {
      if (!file_.is_open()) {
        if (reader_.interrupted()) break;
        if (Result<void> opened = open(); !opened) return opened.error();
      }
      Result<std::size_t> got = reader_.read(file_.get(), into);
      if (!got) return Error("cannot read " + paths_[current_] + ": " + got.error().message);
      if (*got > 0) return got;
      if (reader_.interrupted()) break;
      file_.close();
      ++current_;
      if (!reader_.at_line_start()) {
        // Or the next file's first line would join this one's last.
        reader_.start_line();
        into[0] = '\n';
        return std::size_t{1};
      }
    }
    current_ = paths_.size();  // the end is for good
    return std::size_t{0};
  }

  void interrupt() noexcept override { reader_.interrupt(); }

  std::string description() const override {
    if (paths_.empty()) return "no file";
    const std::size_t shown = shown_.load(std::memory_order_relaxed);
    if (paths_.size() == 1) return paths_[shown];
    return paths_[shown] + " (" + std::to_string(shown + 1) + " of " +
           std::to_string(paths_.size()) + ")";
  }

  std::size_t expected_bytes() const override { return bytes_; }

 private:
  Result<void> open() {
    shown_.store(current_, std::memory_order_relaxed);
    // Non-blocking, or opening a named pipe would wait for its writer, deaf to interrupt().
    file_ = FileDescriptor(
        ::open(paths_[current_].c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file_.is_open())
      return Error("cannot open " + paths_[current_] + ": " + errno_text(errno));
    // Advice: a file system that does not take it reads as well.
    ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return {};
  }

  std::vector<std::string> paths_;
  std::size_t bytes_;
  std::size_t current_ = 0;
  // The last file opened, for description() from other threads. Relaxed: nothing hangs on it.
  std::atomic<std::size_t> shown_ = 0;
  FileDescriptor file_;
  LineEndReader reader_;
};

// What cannot be looked at counts as there: opening it will say what is wrong.
bool exists(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::string escape_glob(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// The files of one entry of `paths`. What exists under that very name is no pattern, whatever
// characters it has.
Result<std::vector<std::string>> expand(const std::string& entry, const Settings& settings,
                                        const MakeContext& context) {
  const std::string literal = context.resolve_path(entry);
  if (exists(literal)) return std::vector{literal};

  const bool is_pattern = entry.find_first_of("*?[") != std::string::npos;
  if (is_pattern) {
    MakeContext escaped;  // the folder's own name is no pattern
    escaped.base_directory = escape_glob(context.base_directory);
    glob_t found{};
    const int outcome = ::glob(escaped.resolve_path(entry).c_str(), GLOB_ERR, nullptr, &found);
    const int number = errno;
    std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (outcome == 0) return paths;
    if (outcome != GLOB_NOMATCH) {
      return settings.error("paths", "cannot look for " + literal + ": " + errno_text(number));
    }
  }
  if (settings.string("missing") == "ignore") return std::vector<std::string>{};
  return settings.error("paths", (is_pattern ? "no file matches " : "no such file: ") + literal +
                                     " (`missing: ignore` lets it be absent)");
}

Result<std::unique_ptr<Source>> make(const Settings& settings, const MakeContext& context) {
  std::vector<std::string> paths;
  std::size_t bytes = 0;
  std::set<std::pair<dev_t, ino_t>> seen;  // a file that two patterns match is read once
  const std::vector<std::string> entries = settings.strings("paths");
  if (entries.empty()) return settings.error("paths", "needs at least one file or pattern");
  for (const std::string& entry : entries) {
    Result<std::vector<std::string>> found = expand(entry, settings, context);
    if (!found) return found.error();
    for (std::string& path : *found) {
      struct stat status;
      if (::stat(path.c_str(), &status) != 0 ||
          ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) {
        return settings.error("paths", "cannot read " + path + ": " + errno_text(errno));
      }
      if (S_ISDIR(status.st_mode)) {
        return settings.error(
            "paths", path + " is a directory; to read the files in it: " +
                         (std::filesystem::path(path) / "*.log").lexically_normal().string());
      }
      if (!seen.emplace(status.st_dev, status.st_ino).second) continue;
      if (S_ISREG(status.st_mode)) bytes += static_cast<std::size_t>(status.st_size);
      paths.push_back(std::move(path));
    }
  }
  Result<LineEndReader> reader = LineEndReader::make();
  if (!reader) return reader.error();
  return std::unique_ptr<Source>(
      std::make_unique<FileSource>(std::move(paths), bytes, std::move(*reader)));
}

}  // namespace

SourceKind file_source() {
  return {
      .name = "file",
      .summary = "Reads files, one after another, to their ends",
      .help = R"(Reads each file once, from its start to its end, in the order of `paths`; what a
pattern (* ? [...]) matches, by name. A file that several patterns match is read once. A last line
without its line end is complete. Named pipes can be read too.

  source:
    type: file
    paths: [/var/log/nginx/*.log, yesterday.log]
    format: combined)",
      .settings = {{.name = "paths",
                    .type = SettingType::strings,
                    .help =
                        "Files and patterns; relative ones start at the configuration's folder.",
                    .required = true},
                   {.name = "missing",
                    .type = SettingType::string,
                    .default_text = "error",
                    .help = "What a name or pattern without a file is: an error, or nothing.",
                    .choices = {"error", "ignore"}}},
      .make = make,
      .default_format = "json",
      .keeps_what_is_unread = true,
  };
}

}  // namespace logbraid
