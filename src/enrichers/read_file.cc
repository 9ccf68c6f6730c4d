#include "enrichers/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace logbraid {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

Error system_error(const std::string& path) {
  return Error(path + ": " + std::generic_category().message(errno));
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<void> read_file(const std::string& path, std::uint64_t max_bytes,
                       const std::function<std::optional<std::string>(std::string_view)>& take) {
  // Without O_NONBLOCK opening a pipe that nobody writes to would wait for ever.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return system_error(path);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return system_error(path);
  if (!S_ISREG(status.st_mode)) return Error(path + ": is no regular file");

  const auto piece = std::make_unique<char[]>(kPiece);
  std::uint64_t size = 0;
  for (;;) {
    const ssize_t count = ::read(file.number, piece.get(), kPiece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path);
    if (count == 0) return {};
    size += static_cast<std::uint64_t>(count);
    if (size > max_bytes) {
      return Error(path + ": is over " + std::to_string(max_bytes) + " bytes; raise max_size");
    }
    if (auto reason = take({piece.get(), static_cast<std::size_t>(count)})) {
      return Error(path + ": " + *reason);
    }
  }
}

Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes) {
  std::string bytes;
  auto read = read_file(path, max_bytes, [&](std::string_view piece) {
    bytes += piece;
    return std::nullopt;
  });
  if (!read) return read.error();
  return bytes;
}

}  // namespace logbraid
