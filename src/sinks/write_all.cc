#include "sinks/write_all.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "support/file_descriptor.h"

namespace logbraid {

Result<bool> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EPIPE) return false;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Error(errno_text(errno));
    // The descriptor is shared and somebody made it non-blocking: wait for room.
    pollfd waited = {.fd = descriptor, .events = POLLOUT, .revents = 0};
    ::poll(&waited, 1, -1);  // whatever it says, write() says it better
  }
  return true;
}

}  // namespace logbraid
