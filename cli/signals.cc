#include "cli/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <utility>

namespace logbraid::cli {
namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

}  // namespace

SignalWatch::SignalWatch(std::function<void(int)> on_first) : on_first_(std::move(on_first)) {
  const sigset_t set = watched_signals();
  // Blocked here, and so in every thread that is made from now on: they wait for the signalfd.
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = checked(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd");
  end_ = checked(::eventfd(0, EFD_CLOEXEC), "eventfd");
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (const std::system_error& failed) {
    throw std::system_error(failed.code(), "cannot start a thread");
  }
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  // An eventfd that was never written to has room for it.
  [[maybe_unused]] const ssize_t written = ::write(end_, &one, sizeof(one));
  thread_.join();
  ::close(signals_);
  ::close(end_);
  const sigset_t set = watched_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalWatch::watch() {
  ::pthread_setname_np(::pthread_self(), "signals");
  bool first = true;
  while (true) {
    pollfd waited[2] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                        {.fd = end_, .events = POLLIN, .revents = 0}};
    if (::poll(waited, 2, -1) < 0) continue;
    if (waited[0].revents == 0) return;
    signalfd_siginfo info;
    if (::read(signals_, &info, sizeof(info)) != sizeof(info)) continue;
    const int number = static_cast<int>(info.ssi_signo);
    if (!first) ::_exit(128 + number);
    first = false;
    on_first_(number);
  }
}

}  // namespace logbraid::cli
