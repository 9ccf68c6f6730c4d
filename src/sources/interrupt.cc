#include "sources/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

namespace logbraid {
namespace {

timespec to_timespec(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {.tv_sec = static_cast<time_t>(seconds.count()),
          .tv_nsec = static_cast<long>((duration - seconds).count())};
}

}  // namespace

Result<Interrupt> Interrupt::make() {
  FileDescriptor bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.is_open()) return Error("cannot make an eventfd: " + errno_text(errno));
  return Interrupt(std::move(bell));
}

void Interrupt::ring() noexcept {
  const int saved = errno;  // a handler must leave it as it was
  const std::uint64_t one = 1;
  // It fails only where 2^64 - 2 rings came before; then it is rung already.
  [[maybe_unused]] const ssize_t written = ::write(bell_.get(), &one, sizeof(one));
  errno = saved;
}

bool Interrupt::rang() const { return wait(-1, Duration::zero()) == Wake::interrupted; }

Interrupt::Wake Interrupt::wait(int descriptor, std::optional<Duration> timeout) const {
  const TimePoint end = std::chrono::steady_clock::now() + timeout.value_or(Duration::zero());
  // poll() passes over a negative descriptor.
  pollfd waited[2] = {{.fd = bell_.get(), .events = POLLIN, .revents = 0},
                      {.fd = descriptor, .events = POLLIN, .revents = 0}};
  Duration left = timeout.value_or(Duration::zero());
  while (true) {
    const timespec limit = to_timespec(left);
    const int ready = ::ppoll(waited, 2, timeout ? &limit : nullptr, nullptr);
    if (ready > 0 && waited[0].revents != 0) return Wake::interrupted;
    if (ready > 0) return Wake::readable;
    if (ready == 0) return Wake::timeout;
    // EINTR, or ENOMEM: the kernel is short of memory for a moment.
    if (timeout) left = std::max(end - std::chrono::steady_clock::now(), Duration::zero());
  }
}

}  // namespace logbraid
