#include "sources/line_end_reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace logbraid {
namespace {

constexpr bool would_block(int number) { return number == EAGAIN || number == EWOULDBLOCK; }

}  // namespace

Result<LineEndReader> LineEndReader::make() {
  Result<Interrupt> interrupt = Interrupt::make();
  if (!interrupt) return interrupt.error();
  return LineEndReader(std::move(*interrupt));
}

Result<std::size_t> LineEndReader::read(int descriptor, std::span<char> into) {
  if (into.empty()) return std::size_t{0};
  if (interrupt_.wait(descriptor, std::nullopt) == Interrupt::Wake::interrupted) {
    return at_line_start_ ? std::size_t{0} : read_rest_of_line(descriptor, into);
  }
  return read_once(descriptor, into);
}

Result<std::size_t> LineEndReader::read_once(int descriptor, std::span<char> into) {
  while (true) {
    const ssize_t got = ::read(descriptor, into.data(), into.size());
    if (got >= 0) {
      if (got > 0) at_line_start_ = into[static_cast<std::size_t>(got) - 1] == '\n';
      return static_cast<std::size_t>(got);
    }
    if (errno == EINTR || would_block(errno)) {
      // Another reader of a shared pipe was quicker, or the terminal has no whole line yet.
      if (interrupt_.wait(descriptor, std::nullopt) == Interrupt::Wake::interrupted) {
        return std::size_t{0};
      }
      continue;
    }
    return Error(errno_text(errno));
  }
}

// Byte by byte: what stands behind the line end must stay unread, and a pipe takes nothing back.
Result<std::size_t> LineEndReader::read_rest_of_line(int descriptor, std::span<char> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    pollfd waited = {.fd = descriptor, .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, 0) <= 0) break;  // not there yet: the line stays as it is
    const ssize_t got = ::read(descriptor, into.data() + size, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && !would_block(errno)) return Error(errno_text(errno));
    if (got <= 0) break;
    if (into[size++] == '\n') break;
  }
  // Whatever is missing does not come any more.
  at_line_start_ = size == 0 || size < into.size() || into[size - 1] == '\n';
  return size;
}

}  // namespace logbraid
